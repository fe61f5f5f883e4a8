// How the columns are shown: what they are compared by, with a legend, and whether stages are folded.

import { byId, el } from "./dom.js";
import { groupsOf, shown } from "./folding.js";
import { positive } from "./colours.js";
import { complain } from "./journey.js";
import { endOf, ofColumn, readNumbers, scaleOf } from "./measures.js";

/** @typedef {import("./measures.js").Measure} Measure @typedef {import("./store.js").State} State */

/** @type {[Measure, string, string][]} */
const CHOICES = [
  ["values", "values", "Columns show their feature maps, and nothing else"],
  ["parameters", "parameters", "How many trainable numbers each layer has"],
  ["macs", "multiply-adds", "How many products each layer adds up for one image"],
  ["time", "time", "How long each layer takes: measured on this machine when you ask for it"],
  ["yours", "your numbers", "One number a layer from a file of yours: JSON or CSV; it can be dropped here too"],
];

/** The strip above the columns. */
export class View {
  #page;
  #legend = el("span", { id: "measure-legend", "aria-live": "polite" });
  #file = /** @type {HTMLInputElement} */ (
    el("input", { type: "file", accept: ".json,.csv,.txt", "aria-label": "File with a number a layer", hidden: true })
  );
  #folds = el("span", { class: "group end" });
  #measuring = "";

  /** @param {Pick<import("./page.js").Page, "store" | "source" | "journey">} page */
  constructor(page) {
    this.#page = page;
    const { store } = page;
    const { alone } = store.state.network;
    const choices = CHOICES.filter(([measure]) => !alone || measure !== "time").map(([measure, title, hint]) => this.#choice(measure, title, hint));
    const set = el("fieldset", {}, el("legend", { text: "Columns by" }), el("span", { class: "choices" }, ...choices));
    byId("view").append(set, this.#file, this.#legend, this.#folds);
    byId("view").hidden = false;
    this.#file.addEventListener("change", () => this.#read(this.#file.files?.[0]));
    this.#takeDrops();
    store.on(["measure", "run", "network"], () => this.#measure());
    store.on(["measure", "times", "numbers", "network", "unfolded", "theme"], () => this.#show());
    store.on(["unfolded", "network"], () => this.#showFolds());
    this.#show();
    this.#showFolds();
  }

  /** @param {Measure} measure @param {string} title @param {string} hint */
  #choice(measure, title, hint) {
    const choose = () => {
      if (measure === "yours" && Object.keys(this.#page.store.state.numbers).length === 0) this.#file.click();
      this.#page.journey.compare(measure);
    };
    const input = el("input", { type: "radio", name: "measure", value: measure, on: { change: choose } });
    return el("label", { title: hint }, input, el("span", { text: title }));
  }

  /** Have the layers timed, once for each run. */
  async #measure() {
    const { measure, run } = this.#page.store.state;
    if (measure !== "time" || run === null || this.#measuring === run.run) return;
    this.#measuring = run.run;
    this.#page.store.set({ times: null });
    try {
      const times = await this.#page.source.ask("/api/times", { run: run.run });
      if (this.#measuring === run.run) this.#page.store.set({ times });
    } catch (problem) {
      this.#measuring = "";
      complain(problem);
    }
  }

  #show() {
    const { state } = this.#page.store;
    const { measure, network, unfolded } = state;
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (
      document.querySelectorAll("input[name=measure]")
    )) {
      input.checked = input.value === measure;
    }
    const scale = scaleOf(state);
    if (scale === null) {
      const waiting = { time: "measuring every layer…", yours: "choose or drop a file: a number a layer, JSON or CSV" };
      this.#legend.replaceChildren(measure in waiting ? waiting[/** @type {keyof waiting} */ (measure)] : "");
      return;
    }
    const last = network.nodes.length - 1;
    const total = scale.total === "sum" ? `${scale.told(ofColumn(scale, 0, last) ?? 0)} in all: ` : "";
    this.#legend.replaceChildren(
      el("span", { class: "scale" }, "0", el("i", { style: { background: positive() } }), scale.told(endOf(scale, shown(network, unfolded).columns))),
      ` · ${total}${scale.words}`,
    );
  }

  #showFolds() {
    const { network, unfolded } = this.#page.store.state;
    const every = groupsOf(network).map((_, group) => group);
    const button = (/** @type {string} */ text, /** @type {number[]} */ then, /** @type {boolean} */ done) =>
      el("button", { type: "button", text, disabled: done, on: { click: () => this.#page.journey.fold(then) } });
    const buttons = [
      button("unfold all", every, unfolded.length === every.length),
      button("fold all", [], unfolded.length === 0),
    ];
    const here = this.#folds.contains(document.activeElement);
    this.#folds.replaceChildren(...(every.length > 0 ? buttons : []));
    const next = /** @type {HTMLElement | null} */ (this.#folds.querySelector("button:enabled"));
    if (here) next?.focus();
  }

  /** @param {File | undefined} file */
  async #read(file) {
    if (file === undefined) return;
    const { store, journey } = this.#page;
    try {
      const names = store.state.network.nodes.map((node) => node.name);
      store.set({ numbers: readNumbers(await file.text(), names) });
      journey.compare("yours");
      byId("complaint").hidden = true;
    } catch (problem) {
      complain(problem instanceof SyntaxError ? "This file is no JSON object of numbers, and no CSV." : problem);
    }
    this.#file.value = "";
  }

  /** Files of numbers may be dropped on the columns; other files are somebody else's. */
  #takeDrops() {
    const zone = byId("overview");
    zone.addEventListener("dragover", (event) => event.preventDefault());
    zone.addEventListener("drop", (event) => {
      const file = [...(event.dataTransfer?.files ?? [])].find((one) => /\.(json|csv|txt)$/i.test(one.name));
      if (file === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.#read(file);
    });
  }
}
