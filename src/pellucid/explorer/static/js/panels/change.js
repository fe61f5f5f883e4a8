// Changing the network: another value for a parameter, another layer, one more or one less; and all of it undone.

import { select } from "../changing/fields.js";
import { Form, reason } from "../changing/form.js";
import { announce, el } from "../dom.js";
import { addPanel } from "./panel.js";

/**
 * @typedef {import("../page.js").Page} Page
 * @typedef {import("../source.js").NetworkFacts} NetworkFacts
 * @typedef {{done: string, layer: string | null, fresh: string[], network: NetworkFacts}} Done
 */

/** @param {Page} page */
export function change(page) {
  new Change(page);
}

class Change {
  #page;
  #panel;
  #layer = "";
  /** @type {string | null} the layer that was open on the page when the panel last looked */
  #open = null;
  #asked = 0;
  #layers = select("Layer", []);
  #kind = select("Kind", []);
  #after = select("Kind of the new layer", []);
  #add = el("button", { type: "button", text: "Add", on: { click: () => this.#addLayer() } });
  #remove = el("button", { type: "button", text: "Remove", on: { click: () => this.#edit({ remove: this.#layer }) } });
  #undo = el("button", { type: "button", text: "↶ Undo", on: { click: () => this.#step("undo") } });
  #redo = el("button", { type: "button", text: "↷ Redo", on: { click: () => this.#step("redo") } });
  #said = el("p", { class: "said", role: "status" });
  #form = new Form(
    (name, value) => this.#do("/api/edit", { change: this.#layer, values: { [name]: value } }),
    async (parameter) => (await this.#page.source.ask("/api/fits", { layer: this.#layer, parameter })).fits,
  );

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    this.#panel = addPanel(page, {
      name: "change",
      title: "Change",
      hint: "Change a layer, add one, remove one; undo it",
    });
    this.#panel.body.append(
      el("div", { class: "row" }, el("label", {}, "Layer ", this.#layers), el("label", {}, "is a ", this.#kind), this.#undo, this.#redo),
      this.#form.root,
      el("div", { class: "row" }, el("label", {}, "New layer ", this.#after), this.#add, this.#remove),
      this.#said,
    );
    this.#layers.addEventListener("change", () => this.#look(this.#layers.value));
    this.#kind.addEventListener("change", () => this.#edit({ change: this.#layer, kind: this.#kind.value }));
    this.#panel.whileOpen(["network", "node"], (state) => {
      const { nodes } = state.network;
      const open = state.node === null ? null : nodes[state.node].name;
      const first = nodes.find((node) => node.inputs.length > 0)?.name ?? nodes[0].name;
      const kept = nodes.some((node) => node.name === this.#layer) ? this.#layer : first;
      this.#list(nodes.map((node) => node.name));
      this.#look(open !== null && open !== this.#open ? open : kept);
      this.#open = open;
      this.#tellSteps(state.network);
    });
    addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const text = event.target instanceof HTMLInputElement && event.target.type === "text";
    if (!(event.ctrlKey || event.metaKey) || event.altKey || text) return;
    const key = event.key.toLowerCase();
    const step = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (step === null || this.#page.store.state.network[step] === null) return;
    event.preventDefault();
    this.#step(step);
  }

  /** @param {string[]} names */
  #list(names) {
    if (names.join("\n") === [...this.#layers.options].map((option) => option.value).join("\n")) return;
    this.#layers.replaceChildren(...names.map((name) => el("option", { value: name, text: name })));
  }

  /** Show the form of a layer. @param {string} layer */
  async #look(layer) {
    this.#layer = layer;
    this.#layers.value = layer;
    this.#asked += 1;
    const mine = this.#asked;
    const { source } = this.#page;
    try {
      const { kind, parameters } = await source.ask("/api/layer", { layer });
      if (mine !== this.#asked) return;
      this.#form.show(`${layer} ${kind}`, parameters);
      const given = kind === "Input";
      this.#add.textContent = `Add after ${layer}`;
      this.#remove.textContent = `Remove ${layer}`;
      this.#remove.hidden = given;
      offer(this.#kind, [kind], kind);
      const after = (await source.ask("/api/kinds", { layer, where: "after" })).kinds;
      const instead = given ? [kind] : (await source.ask("/api/kinds", { layer, where: "instead" })).kinds;
      if (mine !== this.#asked) return;
      offer(this.#after, after, this.#after.value || "ReLU");
      offer(this.#kind, instead, kind);
    } catch (problem) {
      if (mine === this.#asked) this.#said.textContent = reason(problem);
    }
  }

  async #addLayer() {
    await this.#edit({ after: this.#layer, kind: this.#after.value });
  }

  /** @param {object} wanted */
  async #edit(wanted) {
    await this.#try("/api/edit", wanted);
  }

  /** @param {"undo" | "redo"} step */
  async #step(step) {
    await this.#try(`/api/${step}`, {});
  }

  /** @param {string} path @param {object} body */
  async #try(path, body) {
    try {
      await this.#do(path, body);
    } catch (problem) {
      this.#said.textContent = reason(problem);
      this.#said.classList.add("wrong");
      this.#look(this.#layer); // so that the form shows what is there
    }
  }

  /** Have the network changed, and follow it. @param {string} path @param {object} body */
  async #do(path, body) {
    const { source, journey } = this.#page;
    /** @type {Done} */
    const done = await source.tell(path, body);
    if (done.layer !== null) this.#layer = done.layer;
    await journey.renew(done.network, done.layer);
    const { fresh } = done;
    const news = fresh.length === 0 ? "" : `; new weights, not trained yet: ${fresh.join(", ")}`;
    this.#said.classList.remove("wrong");
    this.#said.textContent = `${done.done}${news}`;
    announce(`${done.done}${news}`);
  }

  /** @param {NetworkFacts} network */
  #tellSteps({ undo, redo }) {
    this.#undo.toggleAttribute("disabled", undo === null);
    this.#redo.toggleAttribute("disabled", redo === null);
    this.#undo.title = undo === null ? "Nothing to undo" : `Undo: ${undo} (Ctrl+Z)`;
    this.#redo.title = redo === null ? "Nothing to redo" : `Redo: ${redo} (Ctrl+Shift+Z)`;
  }
}

/** @param {HTMLSelectElement} box @param {string[]} names @param {string} chosen */
function offer(box, names, chosen) {
  box.replaceChildren(...names.map((name) => el("option", { value: name, text: name })));
  box.value = names.includes(chosen) ? chosen : (names[0] ?? "");
}
