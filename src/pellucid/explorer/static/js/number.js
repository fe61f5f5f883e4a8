// The third depth: one number taken apart, every number in it a way to where that one came from.

import { announce, byId, el } from "./dom.js";
import { address, allDigits, showAllDigits, shortest, single as writeSingle } from "./format.js";
import { onward } from "./onward.js";
import { exponentials } from "./pictures/exponentials.js";
import { joining } from "./pictures/joining.js";
import { normal } from "./pictures/normal.js";
import { products } from "./pictures/products.js";
import { ranking } from "./pictures/ranking.js";
import { single } from "./pictures/single.js";
import { windowed } from "./pictures/windowed.js";
import { isVector, placeInWords, placeOf } from "./shapes.js";
import { toldHere } from "./teller.js";

/**
 * @typedef {import("./store.js").State} State @typedef {import("./source.js").Told} Told
 * @typedef {import("./cells.js").Scene} Scene
 */

/**
 * Which picture shows which arithmetic: the first that fits. What counts is the arithmetic, not the layer's name.
 * @type {{fits: (told: Told) => boolean, draw: (scene: Scene) => import("./cells.js").Picture}[]}
 */
const PICTURES = [
  { fits: (told) => told.terms.weight !== null && told.parts.length > 0, draw: products },
  { fits: (told) => told.terms.weight !== null, draw: ranking },
  { fits: (told) => ["max", "mean", "root"].includes(told.rule), draw: windowed },
  { fits: (told) => told.rule === "normal", draw: normal },
  { fits: (told) => ["sum", "difference", "product"].includes(told.rule), draw: joining },
  { fits: (told) => told.terms.value.length === 1, draw: single },
  { fits: () => true, draw: exponentials },
];

/** The number. */
export class NumberView {
  #store;
  #values;
  #journey;
  #all = false;
  #ordered = false;
  #layer = "";
  #drawn = ""; // the address of the number that is drawn
  #entering = false; // whether the keyboard's user is on the way in

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./values.js").Values} values
   * @param {import("./journey.js").Journey} journey
   */
  constructor(store, values, journey) {
    this.#store = store;
    this.#values = values;
    this.#journey = journey;
    store.on(["told", "node", "unit", "digits", "theme", "scale"], () => this.#show());
    store.on(["trail", "node"], (state) => this.#showTrail(state));
    byId("digits").addEventListener("click", () => {
      showAllDigits(!allDigits());
      byId("digits").setAttribute("aria-pressed", String(allDigits()));
      store.set({ digits: allDigits() ? "all" : "few" });
    });
    byId("order").addEventListener("click", () => {
      this.#ordered = !this.#ordered;
      byId("order").setAttribute("aria-pressed", String(this.#ordered));
      this.#show();
    });
    byId("number").addEventListener("click", (event) => this.#go(event));
  }

  /** Put the focus on the first number that the selected one was made of, as soon as that is drawn. */
  enter() {
    const { node, unit, network } = this.#store.state;
    this.#entering = true;
    if (node !== null && unit !== null && address(network.nodes[node].name, unit) === this.#drawn) this.#land();
  }

  #land() {
    if (!this.#entering) return;
    this.#entering = false;
    const first = ["line", "parts", "onward"].map((id) => byId(id).querySelector("button[data-go]")).find(Boolean);
    (first instanceof HTMLElement ? first : byId("number-title")).focus({ preventScroll: true });
    byId("number").scrollIntoView({ block: "nearest" });
  }

  /** Follow a number that was clicked. @param {Event} event */
  #go(event) {
    const cell = event.target instanceof Element ? event.target.closest("[data-go]") : null;
    if (!(cell instanceof HTMLElement) || cell.dataset.go === undefined) return;
    const [node, index] = cell.dataset.go.split(":");
    const byKeyboard = event instanceof MouseEvent && event.detail === 0;
    this.#journey.follow(Number(node), index.split(",").map(Number));
    if (byKeyboard) this.enter();
  }

  async #show() {
    const { state } = this.#store;
    const told = toldHere(state);
    if (told === null) {
      await this.#showGiven(state);
      return;
    }
    if (told.layer !== this.#layer) this.#all = false;
    this.#layer = told.layer;
    const inputs = state.network.nodes[state.node ?? 0].inputs;
    const more = () => {
      this.#all = true;
      this.#show();
    };
    const scene = { state, told, inputs, all: this.#all, ordered: this.#ordered, more };
    const picture = PICTURES.find(({ fits }) => fits(told)) ?? PICTURES[PICTURES.length - 1];
    this.#title(told.address, told.value, className(state, told));
    byId("order").hidden = told.terms.value.length < 2 || !(told.terms.weight || told.rule.endsWith("share"));
    const { line, parts } = picture.draw(scene);
    byId("line").replaceChildren(...line);
    byId("parts").replaceChildren(...parts);
    byId("verdict").replaceChildren(...verdict(told));
    byId("onward").replaceChildren(...onward(state, told));
    this.#drawn = told.address;
    this.#land();
  }

  /** A number of the input: it was given, not computed. @param {State} state */
  async #showGiven(state) {
    const { node, unit, network } = state;
    if (node === null || unit === null || network.nodes[node].inputs.length > 0) return;
    const shown = state.pointed ?? unit;
    const facts = network.nodes[node];
    const { channel, row, column } = placeOf(facts.shape, shown);
    if (!(await this.#values.need(state, [{ node, first: channel, count: 1 }]))) return;
    const values = this.#values.get(node, channel);
    const at = isVector(facts.shape) ? shown[0] : row * facts.shape[facts.shape.length - 1] + column;
    this.#title(address(facts.name, shown), values?.[at] ?? NaN);
    byId("order").hidden = true;
    const words = "This number is a pixel of the image: it was given, not computed. Here the way back ends.";
    byId("line").replaceChildren(el("p", { class: "words", text: words }));
    for (const id of ["verdict", "onward", "parts"]) byId(id).replaceChildren();
    const said = `${facts.name}, ${placeInWords(facts.shape, shown)}, is ${writeSingle(values?.[at] ?? NaN)}`;
    byId("layer-story").textContent = `${said}: it was given, not computed.`;
    if (state.pointed === null) announce(`${said}: it was given, not computed.`);
    this.#drawn = address(facts.name, shown);
    this.#land();
  }

  /** @param {string} name @param {number} value @param {string} [meaning] */
  #title(name, value, meaning = "") {
    byId("number-title").replaceChildren(
      el("span", { class: "address", text: name }),
      el("span", { class: "meaning", text: meaning }),
      el("span", { class: "sign", text: " = " }),
      el("span", { class: "value", "data-value": String(value), text: writeSingle(value) }),
    );
  }

  /** @param {State} state */
  #showTrail({ trail, network }) {
    byId("trail").hidden = trail.length === 0;
    byId("trail").replaceChildren(
      ...trail.flatMap(({ node, unit }, step) => {
        const name = address(network.nodes[node].name, unit);
        return [
          el("button", { type: "button", text: name, on: { click: () => this.#journey.retrace(step) } }),
          el("span", { class: "sign", "aria-hidden": "true", text: "←" }),
        ];
      }),
    );
  }
}

/** The class whose score a number is, if it is one. @param {State} state @param {Told} told @returns {string} */
function className({ network, node, run }, told) {
  const score = node === network.outputs[0] && run !== null && run.scores !== null;
  return score ? ` “${network.classes[told.index[0]]}”` : "";
}

/** The exact result beside the engine's. @param {Told} told @returns {HTMLElement[]} */
function verdict(told) {
  const row = (/** @type {string} */ term, /** @type {string} */ text, /** @type {number} */ value) =>
    el("div", {}, el("dt", { text: term }), el("dd", { text, "data-value": String(value) }));
  const off = told.error === 0 ? "none: the same number" : `${told.error.toExponential(1)} (${places(told.ulps)})`;
  const rows = [
    row("exact, in float64", String(told.total), told.total),
    row("the engine, in float32", shortest(told.value), told.value),
    row("difference", off.replaceAll("-", "−"), told.error),
  ];
  if (told.cancellation > 1000) {
    const times = Number.isFinite(told.cancellation) ? `${told.cancellation.toPrecision(2)} times` : "infinitely";
    rows.push(row("cancellation", `the terms are ${times} larger than their sum`, told.cancellation));
  }
  return rows;
}

/** @param {number} ulps @returns {string} */
function places(ulps) {
  if (!Number.isFinite(ulps)) return "not a number of last places";
  const count = ulps < 0.001 ? ulps.toExponential(0) : ulps < 100 ? ulps.toPrecision(2) : ulps.toFixed(0);
  return `${count} units in the last place`;
}
