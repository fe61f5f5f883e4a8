// The image of an attribution with its map over it, to be walked over by mouse and keys.

import { el } from "./dom.js";
import { single } from "./format.js";
import { drawPicture } from "./heat.js";
import { drawOver } from "./overlay.js";

/**
 * @typedef {{map: Float32Array, end: number, rows: number, columns: number, channels: Float32Array[],
 *   range: [number, number]}} Weighed end: where the colour scale ends; channels: the image's; range: what black and
 *   white are
 */

/** @type {{[key: string]: [number, number]}} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** The picture. */
export class WeighedImage {
  #picture = /** @type {HTMLCanvasElement} */ (el("canvas", { class: "picture" }));
  #over = /** @type {HTMLCanvasElement} */ (el("canvas", { class: "over" }));
  #mark = el("i", { class: "mark", hidden: true });
  #cell = el("span", { role: "gridcell", id: "why-cell", "aria-selected": "true" });
  #row = el("div", { role: "row", class: "unseen" }, this.#cell);
  /** @type {Weighed | null} */
  #shown = null;
  #place = { row: 0, column: 0 };
  #told;

  /** @param {(words: string) => void} told is told what is under the mark */
  constructor(told) {
    this.#told = told;
    this.root = el(
      "div",
      {
        class: "weighed",
        tabindex: "0",
        role: "grid",
        "aria-readonly": "true",
        "aria-label": "How much each pixel counts: arrow keys walk",
        "aria-activedescendant": "why-cell",
      },
      this.#picture,
      this.#over,
      this.#mark,
      this.#row,
    );
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("pointermove", (event) => this.#point(event));
    this.root.addEventListener("click", (event) => this.#point(event));
  }

  /** @param {Weighed} weighed */
  show(weighed) {
    this.#shown = weighed;
    const { rows, columns, channels, range, map, end } = weighed;
    this.root.style.setProperty("--ratio", `${columns} / ${rows}`);
    this.root.classList.toggle("small", columns < 100);
    this.root.setAttribute("aria-rowcount", String(rows));
    this.root.setAttribute("aria-colcount", String(columns));
    this.#picture.hidden = channels.length !== 1 && channels.length !== 3;
    if (!this.#picture.hidden) drawPicture(this.#picture, channels, rows, columns, range);
    drawOver(this.#over, map, rows, columns, end);
  }

  /** Go to a pixel. @param {number} row @param {number} column */
  go(row, column) {
    if (this.#shown === null) return;
    const { rows, columns, map, channels } = this.#shown;
    this.#place = { row: Math.max(0, Math.min(rows - 1, row)), column: Math.max(0, Math.min(columns - 1, column)) };
    const at = this.#place.row * columns + this.#place.column;
    const pixels = channels.map((channel) => single(channel[at])).join(", ");
    const where = `row ${this.#place.row}, column ${this.#place.column}: ${signed(map[at])}`;
    const words = channels.length <= 3 ? `${where}; the pixel is ${pixels}` : where;
    this.#row.setAttribute("aria-rowindex", String(this.#place.row + 1));
    this.#cell.setAttribute("aria-colindex", String(this.#place.column + 1));
    this.#cell.textContent = words;
    this.#mark.hidden = false;
    const { style } = this.#mark;
    style.left = `${(100 * this.#place.column) / columns}%`;
    style.top = `${(100 * this.#place.row) / rows}%`;
    style.width = `${100 / columns}%`;
    style.height = `${100 / rows}%`;
    this.#told(words);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = STEPS[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const far = event.shiftKey ? 10 : 1;
    this.go(this.#place.row + far * step[0], this.#place.column + far * step[1]);
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #point(event) {
    if (this.#shown === null) return;
    const box = this.root.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.#shown.rows);
    this.go(row, Math.floor(((event.clientX - box.left) / box.width) * this.#shown.columns));
  }
}

/** A number with its sign. @param {number} value @returns {string} */
export function signed(value) {
  return value > 0 ? `+${single(value)}` : single(value);
}
