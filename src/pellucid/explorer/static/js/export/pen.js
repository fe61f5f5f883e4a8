// A canvas that keeps what is drawn on it as elements of a drawing: what a picture says in numbers stays text.

import { svg } from "../dom.js";
import { bare } from "./ink.js";

/**
 * @typedef {Pick<CanvasRenderingContext2D, "save" | "restore" | "beginPath" | "rect" | "clip" | "moveTo" | "lineTo" |
 *   "stroke" | "fillRect" | "clearRect" | "strokeRect" | "fillText" | "measureText" | "strokeStyle" | "fillStyle" |
 *   "lineWidth" | "font" | "textAlign" | "textBaseline">} Context what is drawn with: a canvas, or a pen
 */

/** @type {WeakMap<HTMLCanvasElement, {edge: number, drawer: () => ((context: Context) => void) | null}>} */
const DRAWERS = new WeakMap();

/**
 * Say how a canvas is drawn anew, its numbers as text; null: it is better copied.
 * @param {HTMLCanvasElement} canvas
 * @param {number} edge pixels between the canvas's corner and where drawing begins
 * @param {() => ((context: Context) => void) | null} drawer asked when it is wanted
 */
export function redrawable(canvas, edge, drawer) {
  DRAWERS.set(canvas, { edge, drawer });
}

/**
 * Draw a canvas anew, or null if it is better copied.
 * @param {HTMLCanvasElement} canvas
 * @param {{x: number, y: number}} corner where it lies
 * @returns {SVGElement | null}
 */
export function redrawn(canvas, { x, y }) {
  const known = DRAWERS.get(canvas);
  const draw = known?.drawer() ?? null;
  if (known === undefined || draw === null) return null;
  const pen = new Pen();
  draw(pen);
  return svg("g", { transform: `translate(${x + known.edge} ${y + known.edge})` }, ...pen.elements);
}

/** @implements {Context} */
class Pen {
  /** @type {SVGElement[]} */
  elements = [];
  fillStyle = "#000000";
  strokeStyle = "#000000";
  lineWidth = 1;
  font = "10px sans-serif";
  /** @type {CanvasTextAlign} */
  textAlign = "start";
  /** @type {CanvasTextBaseline} */
  textBaseline = "alphabetic";
  #path = "";
  #within = "";
  #measuring = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

  save() {
    this.#within = "";
  }

  restore() {
    this.#within = "";
  }

  beginPath() {
    this.#path = "";
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  rect(x, y, width, height) {
    this.#path += `M${x} ${y}h${width}v${height}h${-width}z`;
  }

  /** Only what lies within the path is drawn from now on. */
  clip() {
    this.#within = this.#path;
  }

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.#path += `M${x} ${y}`;
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.#path += `L${x} ${y}`;
  }

  stroke() {
    const path = svg("path", { d: this.#path, fill: "none", ...this.#line() });
    if (this.#within === "") this.elements.push(path);
    else this.elements.push(clipped(path, this.#within));
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    this.elements.push(svg("rect", { x, y, width, height, fill: bare(String(this.fillStyle))?.colour ?? "none" }));
  }

  /** What lay there is covered by the ground. @param {number} x @param {number} y @param {number} width @param {number} height */
  clearRect(x, y, width, height) {
    const ground = getComputedStyle(document.documentElement).getPropertyValue("--surface");
    this.elements.push(svg("rect", { x, y, width, height, fill: bare(ground)?.colour ?? "#ffffff" }));
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  strokeRect(x, y, width, height) {
    this.elements.push(svg("rect", { x, y, width, height, fill: "none", ...this.#line() }));
  }

  /** Text in the middle of its place. @param {string} text @param {number} x @param {number} y */
  fillText(text, x, y) {
    const [, size, family] = /([\d.]+px) (.+)$/.exec(this.font) ?? ["", "10px", "monospace"];
    const fill = bare(String(this.fillStyle))?.colour;
    const middle = { "text-anchor": "middle", "dominant-baseline": "central" };
    this.elements.push(svg("text", { x, y, fill, ...middle, "font-size": size, "font-family": family, text }));
  }

  /** @param {string} text */
  measureText(text) {
    this.#measuring.font = this.font;
    return this.#measuring.measureText(text);
  }

  #line() {
    return { stroke: bare(String(this.strokeStyle))?.colour ?? "none", "stroke-width": this.lineWidth };
  }
}

let clips = 0;

/** @param {SVGElement} element @param {string} path @returns {SVGElement} */
function clipped(element, path) {
  clips += 1;
  const id = `within-${clips}`;
  return svg(
    "g",
    {},
    svg("clipPath", { id }, svg("path", { d: path })),
    svg("g", { "clip-path": `url(#${id})` }, element),
  );
}
