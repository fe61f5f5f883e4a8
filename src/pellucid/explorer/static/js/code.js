// The open layer as code, in every framework's words, with the traps of this very layer: always beside its picture.

import { announce, byId, el } from "./dom.js";

/**
 * @typedef {{lines: string | null, lacks: string | null}} Written lacks: what the framework has no words for
 * @typedef {{layer: string, code: {[dialect: string]: Written}, traps: {title: string, text: string}[]}} CodeFacts
 */

const DIALECTS = /** @type {[string, string][]} */ ([
  ["torch", "PyTorch"],
  ["keras", "Keras"],
  ["numpy", "NumPy"],
]);

/** The code. */
export class Code {
  #store;
  #source;
  #dialect = "torch";
  /** @type {CodeFacts | null} */
  #facts = null;
  #layer = ""; // the name of the layer that is shown
  #network = /** @type {import("./store.js").State["network"] | null} */ (null);
  /** @type {Map<string, HTMLElement>} */
  #tabs = new Map();

  /** @param {import("./store.js").Store} store @param {import("./source.js").Source} source */
  constructor(store, source) {
    this.#store = store;
    this.#source = source;
    for (const [dialect, name] of DIALECTS) this.#tabs.set(dialect, this.#tab(dialect, name));
    byId("code-tabs").append(...this.#tabs.values());
    byId("code-tabs").addEventListener("keydown", (event) => this.#key(event));
    byId("code-copy").addEventListener("click", () => this.#copy());
    store.on(["node", "depth", "network"], () => this.#follow());
  }

  /** @param {string} dialect @param {string} name */
  #tab(dialect, name) {
    return el("button", {
      type: "button",
      role: "tab",
      id: `code-${dialect}`,
      "aria-controls": "code-lines",
      text: name,
      on: { click: () => this.#choose(dialect) },
    });
  }

  /** The arrow keys turn to the next framework. @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const all = DIALECTS.map(([dialect]) => dialect);
    this.#choose(all[(all.indexOf(this.#dialect) + step + all.length) % all.length]);
    this.#tabs.get(this.#dialect)?.focus();
    event.preventDefault();
  }

  /** @param {string} dialect */
  #choose(dialect) {
    this.#dialect = dialect;
    this.#draw();
  }

  async #follow() {
    const { node, network, depth } = this.#store.state;
    const layer = node === null || depth === "overview" ? null : network.nodes[node];
    const name = layer === null || layer.inputs.length === 0 ? "" : layer.name;
    if (name === this.#layer && network === this.#network) return;
    this.#layer = name;
    this.#network = network;
    let facts = null;
    try {
      facts = name === "" ? null : await this.#source.ask("/api/code", { layer: name });
    } catch {
      facts = null; // a page with nobody to ask, or a layer that went meanwhile
    }
    if (name !== this.#layer || network !== this.#network) return;
    this.#facts = facts;
    this.#draw();
  }

  #draw() {
    byId("code").hidden = this.#facts === null;
    if (this.#facts === null) return;
    for (const [dialect, tab] of this.#tabs) {
      const chosen = dialect === this.#dialect;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    byId("code").dataset.layer = this.#facts.layer;
    const { lines, lacks } = this.#facts.code[this.#dialect];
    byId("code-lines").setAttribute("aria-labelledby", `code-${this.#dialect}`);
    byId("code-lines").replaceChildren(...(lines === null ? [missing(lacks ?? "")] : coloured(lines)));
    byId("code-copy").hidden = lines === null;
    byId("traps").replaceChildren(...trapList(this.#facts));
  }

  async #copy() {
    const written = this.#facts?.code[this.#dialect];
    if (!written?.lines) return;
    const name = DIALECTS.find(([dialect]) => dialect === this.#dialect)?.[1];
    try {
      await navigator.clipboard.writeText(written.lines);
      announce(`Copied: ${this.#facts?.layer} in ${name}.`);
      byId("code-copy").textContent = "copied";
      setTimeout(() => (byId("code-copy").textContent = "copy"), 1500);
    } catch {
      getSelection()?.selectAllChildren(byId("code-lines")); // no clipboard here: what is selected can be copied by hand
      announce("The code is selected: copy it with your browser.");
    }
  }
}

/** Lines with their comments set apart. @param {string} lines @returns {(HTMLElement | string)[]} */
function coloured(lines) {
  return lines
    .trimEnd()
    .split("\n")
    .flatMap((line, at) => {
      const start = line.indexOf("# ");
      const first = at === 0 ? "" : "\n";
      if (start < 0) return [first + line];
      return [first + line.slice(0, start), el("span", { class: "comment", text: line.slice(start) })];
    });
}

/** @param {string} lacks @returns {HTMLElement} */
function missing(lacks) {
  return el("span", { class: "comment", text: `There are no words for it: ${lacks}.` });
}

/** @param {CodeFacts} facts @returns {HTMLElement[]} */
function trapList({ layer, traps }) {
  if (traps.length === 0) return [];
  const items = traps.map(({ title, text }) => el("li", {}, el("strong", { text: title }), el("span", { text })));
  return [el("h3", { text: `Where ${layer} is easily got wrong` }), el("ul", {}, ...items)];
}
