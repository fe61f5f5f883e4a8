// One column of the overview: a layer's name and facts, and its feature maps.

import { el } from "./dom.js";
import { counted, grouped, shape, typeset } from "./format.js";
import { stacked } from "./heat.js";
import { frame, isVector, mapCount } from "./shapes.js";
import { drawSmall, scaleEnd } from "./values.js";

/** @typedef {import("./store.js").State} State @typedef {import("./values.js").Values} Values */

const MORE = 32; // maps that one press of "more" adds

/** A column. */
export class Card {
  number;
  node;
  shown;
  /** @type {HTMLElement} */
  root;
  /** @type {HTMLButtonElement[]} */
  maps = [];
  #maps = el("div", { class: "maps" });
  #more = el("button", { class: "more", type: "button", on: { click: () => this.#showMore() } });
  #choose;
  #wanted;

  /**
   * @param {import("./source.js").NodeFacts} node
   * @param {number} number its number among the nodes
   * @param {number} few maps shown at first
   * @param {(map: HTMLElement, channel: number) => void} choose called when a map, or the column (channel 0), is chosen
   * @param {(card: Card) => void} wanted called when more maps are to be drawn
   */
  constructor(node, number, few, choose, wanted) {
    this.node = node;
    this.number = number;
    this.#choose = choose;
    this.#wanted = wanted;
    this.shown = Math.min(few, mapCount(node.shape));
    this.root = el(
      "li",
      { class: isVector(node.shape) ? "card vector" : "card", "data-node": number },
      this.#head(),
      this.#maps,
      this.#more,
      facts(node),
    );
    const { rows, columns } = isVector(node.shape) ? stacked(node.shape[0]) : frame(node.shape);
    this.root.style.setProperty("--ratio", `${columns} / ${rows}`);
    this.root.style.setProperty("--rows", String(rows));
    this.root.style.setProperty("--columns", String(columns));
    this.#maps.setAttribute("role", "group");
    this.#maps.setAttribute("aria-label", isVector(node.shape) ? `values of ${node.name}` : `maps of ${node.name}`);
    this.#fill();
  }

  /** Draw the maps that are there. @param {State} state @param {Values} values */
  draw(state, values) {
    for (const [channel, map] of this.maps.entries()) {
      const numbers = values.get(this.number, channel);
      const canvas = map.querySelector("canvas");
      if (numbers === null || canvas === null) continue;
      drawSmall(canvas, numbers, this.node.shape, scaleEnd(state, this.number, numbers));
    }
  }

  /** Mark the column, and one of its maps, as selected. @param {number | null} channel */
  select(channel) {
    this.root.classList.toggle("selected", channel !== null);
    for (const [at, map] of this.maps.entries()) {
      map.setAttribute("aria-pressed", String(at === channel));
    }
  }

  #head() {
    const { name, kind } = this.node;
    return el(
      "button",
      { class: "head", type: "button", on: { click: () => this.#choose(this.maps[0], 0) } },
      el("span", { class: "name", text: name }),
      el("span", { class: "kind", text: kind }),
      el("span", { class: "shape", text: shape(this.node.shape) }),
    );
  }

  #fill() {
    for (let channel = this.maps.length; channel < this.shown; channel += 1) {
      const what = isVector(this.node.shape) ? `${this.node.name}, all values` : `${this.node.name}, channel ${channel}`;
      const map = /** @type {HTMLButtonElement} */ (
        el(
          "button",
          { class: "map", type: "button", "aria-pressed": "false", "aria-label": what, "data-channel": channel },
          el("canvas", { width: 1, height: 1 }),
          el("i", { class: "field", hidden: true }),
        )
      );
      map.addEventListener("click", () => this.#choose(map, channel));
      this.maps.push(map);
      this.#maps.append(map);
    }
    const rest = mapCount(this.node.shape) - this.shown;
    this.#more.hidden = rest === 0;
    this.#more.textContent = `${Math.min(rest, MORE)} more`;
    this.#more.setAttribute("aria-label", `Show ${Math.min(rest, MORE)} more of ${rest} maps of ${this.node.name}`);
  }

  #showMore() {
    this.shown = Math.min(this.shown + MORE, mapCount(this.node.shape));
    this.#fill();
    this.#wanted(this);
  }
}

/** @param {import("./source.js").NodeFacts} node @returns {HTMLElement} */
function facts(node) {
  const list = el("dl", { class: "facts" });
  const add = (/** @type {string} */ term, /** @type {string} */ fact) =>
    list.append(el("div", {}, el("dt", { text: term }), el("dd", { text: fact })));
  if (node.formulas) {
    const [rows, columns] = node.formulas.map(typeset);
    if (rows === columns) add("rows, columns", rows);
    else {
      add("rows", rows);
      add("columns", columns);
    }
  }
  if (node.params !== undefined) add("parameters", grouped(node.params));
  if (node.macs) add("multiply-adds", grouped(node.macs));
  if (node.receptive_field && node.status !== undefined) {
    const field = node.receptive_field.join(" × ");
    const words = { exact: field, "upper bound": `at most ${field}`, "whole input": "the whole input" };
    add("receptive field", words[/** @type {keyof words} */ (node.status)]);
  }
  if (node.inputs.length === 0) add("values", counted(node.shape.reduce((a, b) => a * b, 1), "number"));
  return list;
}
