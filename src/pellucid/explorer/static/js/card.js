// One column of the overview: a layer's name and facts, and its feature maps.

import { colour, css, ink } from "./colours.js";
import { el, paint } from "./dom.js";
import { counted, grouped, shape } from "./format.js";
import { drawPicture, stacked } from "./heat.js";
import { frame, isVector, mapCount, sizeRules } from "./shapes.js";
import { drawSmall, scaleEnd } from "./values.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("./values.js").Values} Values
 * @typedef {{title: string, first: number, about: string, params: number, macs: number, unfold: () => void}} Folded a folded stage:
 *   what is in it, in words, and what it costs
 */

const MORE = 32; // maps that one press of "more" adds
const FINE = 48; // numbers across, from which on a map is smaller than its numbers

/** A column. */
export class Card {
  number;
  /** The first node that the column stands for. */
  first;
  node;
  /** @type {HTMLElement} */
  root;
  /** @type {Map<number, HTMLButtonElement>} the maps that are shown, by channel */
  maps = new Map();
  /** @type {HTMLElement | null} an image of three channels, as the eye knows it */
  picture = null;
  more = el("button", { class: "more", type: "button", on: { click: () => this.#showMore() } });
  #shown;
  /** @type {number | null} a selected map that is shown beyond the first few */
  #extra = null;
  #block = el("div", { class: "maps", role: "group" });
  #choose;
  #wanted;
  #facts;
  #prepared = el("p", { class: "prepared" });
  #meter = el("p", { class: "meter", hidden: true });

  /**
   * @param {import("./source.js").NodeFacts} node
   * @param {number} number its number among the nodes
   * @param {number} few maps shown at first
   * @param {(channel: number) => void} choose called when a map, or the column (channel 0), is chosen
   * @param {() => void} wanted called when more maps are to be drawn
   * @param {Folded | null} folded the stage that the column stands for, if it is one; the node is its last
   */
  constructor(node, number, few, choose, wanted, folded) {
    this.node = node;
    this.number = number;
    this.first = folded?.first ?? number;
    this.#choose = choose;
    this.#wanted = wanted;
    this.#shown = node.absent ? 0 : Math.min(few, mapCount(node.shape));
    const given = node.inputs.length === 0;
    if (given && node.shape.length === 3 && node.shape[0] === 3) this.picture = framed("div", { class: "picture" });
    this.root = el("li", { class: "card", "data-node": number });
    this.#facts = el("details", { open: true }, el("summary", { text: "facts" }), facts(node, folded));
    const head = folded === null ? this.#head() : stackHead(folded, node);
    this.root.append(head, this.#meter, ...(this.picture ? [this.picture] : []), this.#block, this.more, this.#facts);
    if (given) this.root.append(this.#prepared);
    this.root.classList.toggle("stack", folded !== null);
    this.root.classList.toggle("vector", isVector(node.shape));
    this.root.classList.toggle("image", this.#isImage);
    const { rows, columns } = isVector(node.shape) ? stacked(node.shape[0]) : frame(node.shape);
    this.root.classList.toggle("fine", columns > FINE);
    this.root.style.setProperty("--ratio", `${columns} / ${rows}`);
    this.root.style.setProperty("--columns", String(columns));
    this.root.style.setProperty("--rows", String(rows));
    this.#block.setAttribute("aria-label", isVector(node.shape) ? `values of ${node.name}` : `maps of ${node.name}`);
    this.#fill();
  }

  /** The maps to be fetched. @returns {{node: number, first: number, count: number}[]} */
  get parts() {
    const parts = [{ node: this.number, first: 0, count: this.#shown }];
    if (this.#extra !== null) parts.push({ node: this.number, first: this.#extra, count: 1 });
    return parts;
  }

  /** Draw the maps that are there. @param {State} state @param {Values} values */
  draw(state, values) {
    const { shape: sizes } = this.node;
    for (const [channel, map] of this.maps) {
      const numbers = values.get(this.number, channel);
      if (numbers === null) continue;
      if (this.#isImage) paintImage(map, [numbers], sizes, state, this.number);
      else drawSmall(canvasOf(map), numbers, sizes, scaleEnd(state, this.number, numbers));
    }
    if (this.node.inputs.length === 0) this.#prepared.textContent = state.run?.prepared ?? "";
    if (this.picture !== null) {
      const order = state.network.bgr ? [2, 1, 0] : [0, 1, 2]; // as the eye knows it
      const channels = order.map((channel) => values.get(this.number, channel));
      if (!channels.includes(null)) {
        paintImage(this.picture, /** @type {Float32Array[]} */ (channels), sizes, state, this.number);
      }
    }
  }

  /**
   * Show a number of the column, on a scale that all columns share; null takes it away.
   * @param {string | null} told the number in words
   * @param {number} value
   * @param {number} most where the scale ends
   */
  measure(told, value, most) {
    this.#meter.hidden = told === null;
    if (told === null) return;
    const ground = colour(value, most);
    this.#meter.textContent = told;
    paint(this.#meter, {
      "background-color": css(ground),
      color: ink(ground),
      "--share": most > 0 ? String(Math.min(1, Math.abs(value) / most)) : "0",
    });
  }

  /** Show the facts, or fold them away where several columns share the height. @param {boolean} roomy */
  spread(roomy) {
    /** @type {HTMLDetailsElement} */ (this.#facts).open = roomy;
  }

  /** Mark the column, and one of its maps, as selected. @param {number | null} channel */
  select(channel) {
    this.root.classList.toggle("selected", channel !== null);
    const extra = channel !== null && channel >= this.#shown ? channel : null;
    if (extra !== this.#extra) {
      if (this.#extra !== null) this.maps.get(this.#extra)?.remove();
      if (this.#extra !== null) this.maps.delete(this.#extra);
      this.#extra = extra;
      if (extra !== null) this.#add(extra);
      this.#wanted();
    }
    for (const [at, map] of this.maps) map.setAttribute("aria-pressed", String(at === channel));
  }

  /** Whether the layer is an image of one channel, which is shown grey, as the eye knows it. */
  get #isImage() {
    return this.node.inputs.length === 0 && this.node.shape.length === 3 && this.node.shape[0] === 1;
  }

  #head() {
    const { name, kind } = this.node;
    return el(
      "button",
      { class: "head", type: "button", title: this.node.description, on: { click: () => this.#choose(0) } },
      el("span", { class: "name" }, ...broken(name)),
      el("span", { class: "kind", text: kind }),
      el("span", { class: "shape", text: shape(this.node.shape) }),
    );
  }

  #fill() {
    if (this.node.absent) this.#block.replaceChildren(el("p", { class: "absent", text: "not in this page" }));
    for (let channel = 0; channel < this.#shown; channel += 1) if (!this.maps.has(channel)) this.#add(channel);
    const rest = this.node.absent ? 0 : mapCount(this.node.shape) - this.#shown;
    this.more.hidden = rest === 0;
    this.more.textContent = `${Math.min(rest, MORE)} more`;
    this.more.setAttribute("aria-label", `Show ${Math.min(rest, MORE)} more of ${rest} maps of ${this.node.name}`);
  }

  /** @param {number} channel */
  #add(channel) {
    const what = isVector(this.node.shape) ? `${this.node.name}, all values` : `${this.node.name}, channel ${channel}`;
    const map = framed("button", { class: "map", type: "button", "aria-pressed": "false", "aria-label": what });
    map.dataset.channel = String(channel);
    map.title = what;
    map.addEventListener("click", () => this.#choose(channel));
    this.maps.set(channel, /** @type {HTMLButtonElement} */ (map));
    this.#block.append(map);
  }

  #showMore() {
    this.#shown = Math.min(this.#shown + MORE, mapCount(this.node.shape));
    this.#extra = null;
    this.#block.replaceChildren();
    this.maps.clear();
    this.#fill();
    this.#wanted();
  }
}

/**
 * A canvas in a frame, with a mark for the receptive field.
 * @param {string} tag
 * @param {import("./dom.js").Props} props
 */
function framed(tag, props) {
  return el(tag, props, el("canvas", { width: 1, height: 1 }), el("i", { class: "field", hidden: true }));
}

/** @param {HTMLElement} frame @returns {HTMLCanvasElement} */
function canvasOf(frame) {
  return /** @type {HTMLCanvasElement} */ (frame.firstElementChild);
}

/**
 * @param {HTMLElement} place
 * @param {Float32Array[]} channels
 * @param {number[]} sizes
 * @param {State} state
 * @param {number} node
 */
function paintImage(place, channels, sizes, state, node) {
  const { rows, columns } = frame(sizes);
  drawPicture(canvasOf(place), channels, rows, columns, state.run?.ranges[node] ?? [0, 1]);
}

/** @param {Folded} folded @param {import("./source.js").NodeFacts} node @returns {HTMLElement} */
function stackHead({ title, about, unfold }, node) {
  return el(
    "button",
    { class: "head", type: "button", title: `${title}: unfold`, "aria-expanded": "false", on: { click: unfold } },
    el("span", { class: "name" }, ...broken(title)),
    el("span", { class: "kind", text: about }),
    el("span", { class: "shape", text: shape(node.shape) }),
  );
}

/** A name that may be broken after its words. @param {string} name @returns {(string | Node)[]} */
function broken(name) {
  return name.split(/(?<=[._/ ])/).flatMap((part) => [el("wbr"), part]);
}

/**
 * @param {import("./source.js").NodeFacts} node
 * @param {Folded | null} folded
 * @returns {HTMLElement}
 */
function facts(node, folded) {
  const list = el("dl", { class: "facts" });
  const add = (/** @type {string} */ term, /** @type {string} */ fact) =>
    list.append(el("div", {}, el("dt", { text: term }), el("dd", { text: fact })));
  if (folded === null) for (const [which, rule] of sizeRules(node)) add(which, rule);
  const { params, macs } = folded ?? node;
  if (params !== undefined) add("parameters", grouped(params));
  if (macs) add("multiply-adds", grouped(macs));
  if (node.receptive_field && node.status !== undefined) {
    const field = node.receptive_field.join(" × ");
    const words = { exact: field, "upper bound": `at most ${field}`, "whole input": "whole input" };
    add("receptive field", words[/** @type {keyof words} */ (node.status)]);
  }
  if (node.inputs.length === 0)
    add(
      "values",
      counted(
        node.shape.reduce((a, b) => a * b, 1),
        "number",
      ),
    );
  return list;
}
