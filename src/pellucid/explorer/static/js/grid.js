// One map, large: a cell a number, its padding around it, and what is marked on it.

import { colour, css, ink } from "./colours.js";
import { redrawable } from "./export/pen.js";
import { tiny } from "./format.js";
import { tokens } from "./theme.js";

/** @typedef {import("./export/pen.js").Context} Context */
/**
 * @typedef {{values: Float32Array, rows: number, columns: number, length: number, end: number,
 *   pads: {top: number, bottom: number, left: number, right: number}}} Picture length: numbers there are, for a vector
 *   whose last line is not full; end: where the colour scale ends
 * @typedef {{row: number, column: number}} Cell
 * @typedef {{window: Cell[], used: Cell[], cursor: Cell | null, pinned: Cell | null}} Marks window: cells that are
 *   read; used: those of them that count, when not all do
 */

export const NO_PADS = { top: 0, bottom: 0, left: 0, right: 0 };
/** @type {Marks} */
export const NO_MARKS = { window: [], used: [], cursor: null, pinned: null };

const FONTS = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace';
const EDGE = 2; // pixels around the picture, for marks at its border
const LARGEST_CELL = 46;
const READABLE = 26; // pixels of a cell that holds its number
const LINED = 7; // pixels of a cell that has an edge

/** The picture. */
export class Grid {
  #canvas = document.createElement("canvas");
  /** @type {Picture | null} */
  #picture = null;
  #marks = NO_MARKS;
  #cell = 1;
  #wide = 1;
  #room = 0;
  #height;

  /** @param {HTMLElement} host what holds it, and gives it its width @param {number} height pixels it may be high */
  constructor(host, height) {
    this.#height = height;
    host.append(this.#canvas);
    redrawable(this.#canvas, EDGE, () => (this.#cell < READABLE ? null : (context) => this.#paint(context)));
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width === this.#room) return;
      this.#room = contentRect.width;
      this.#draw();
    }).observe(host);
  }

  /** @param {Picture} picture @param {Marks} marks */
  show(picture, marks) {
    this.#picture = picture;
    this.#marks = marks;
    this.#draw();
  }

  #draw() {
    const picture = this.#picture;
    const context = this.#canvas.getContext("2d");
    if (picture === null || context === null || this.#room === 0) return;
    const { pads } = picture;
    const columns = picture.columns + pads.left + pads.right;
    const rows = picture.rows + pads.top + pads.bottom;
    const room = this.#room - 2 * EDGE;
    const fit = Math.min(room / columns, this.#height / rows, LARGEST_CELL);
    this.#cell = fit >= 2 ? Math.floor(fit) : fit;
    this.#wide = columns === 1 ? Math.min(room, 2 * this.#cell) : this.#cell;
    this.#resize(Math.ceil(columns * this.#wide), Math.ceil(rows * this.#cell), context);
    this.#paint(context);
  }

  /** @param {Context} context whose origin is the corner of the picture, within the edge */
  #paint(context) {
    const picture = this.#picture;
    if (picture === null) return;
    const { pads } = picture;
    this.#drawPadding(context, picture.columns + pads.left + pads.right, picture.rows + pads.top + pads.bottom);
    this.#drawCells(context, picture);
    this.#drawMarks(context, pads);
  }

  /** The cell under a pointer, or null beside the map. @param {MouseEvent} event @returns {Cell | null} */
  at(event) {
    if (this.#picture === null) return null;
    const { left, top } = this.#canvas.getBoundingClientRect();
    const { pads, rows, columns } = this.#picture;
    const row = Math.floor((event.clientY - top - EDGE) / this.#cell) - pads.top;
    const column = Math.floor((event.clientX - left - EDGE) / this.#wide) - pads.left;
    return row >= 0 && column >= 0 && row < rows && column < columns ? { row, column } : null;
  }

  /** @param {number} width @param {number} height @param {CanvasRenderingContext2D} context */
  #resize(width, height, context) {
    const sharp = Math.min(3, devicePixelRatio || 1);
    const whole = { width: width + 2 * EDGE, height: height + 2 * EDGE };
    this.#canvas.width = Math.round(whole.width * sharp);
    this.#canvas.height = Math.round(whole.height * sharp);
    this.#canvas.style.width = `${whole.width}px`;
    this.#canvas.style.height = `${whole.height}px`;
    context.setTransform(sharp, 0, 0, sharp, EDGE * sharp, EDGE * sharp);
  }

  /** @param {Context} context @param {number} columns @param {number} rows */
  #drawPadding(context, columns, rows) {
    const width = columns * this.#wide;
    const height = rows * this.#cell;
    context.save();
    context.beginPath();
    context.rect(0, 0, width, height);
    context.clip();
    context.strokeStyle = tokens.hatch;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = -height; x < width; x += 6) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.stroke();
    context.restore();
  }

  /** @param {Context} context @param {Picture} picture */
  #drawCells(context, picture) {
    const { values, columns, pads, end } = picture;
    const size = this.#cell;
    const wide = this.#wide;
    const edge = size >= LINED ? 1 : 0;
    context.font = `${size >= 40 ? 12 : 10.5}px ${FONTS}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const last = picture.rows * columns;
    for (let at = 0; at < last; at += 1) {
      const x = ((at % columns) + pads.left) * wide;
      const y = (Math.floor(at / columns) + pads.top) * size;
      if (at >= picture.length) {
        context.clearRect(x, y, wide, size);
        continue;
      }
      const rgb = colour(values[at], end);
      context.fillStyle = css(rgb);
      context.fillRect(x, y, edge ? wide - edge : wide + 0.5, edge ? size - edge : size + 0.5);
      if (size < READABLE) continue;
      const text = [tiny(values[at]), values[at].toFixed(1).replace("-", "−")].find(
        (t) => context.measureText(t).width < wide - 2,
      );
      if (text === undefined) continue;
      context.fillStyle = ink(rgb);
      context.fillText(text, x + (wide - 1) / 2, y + size / 2);
    }
  }

  /** @param {Context} context @param {Picture["pads"]} pads */
  #drawMarks(context, pads) {
    const { halo, mark } = tokens;
    const box = (/** @type {Cell} */ a, /** @type {Cell} */ b, /** @type {number} */ width) => {
      const x = (a.column + pads.left) * this.#wide - 0.5;
      const y = (a.row + pads.top) * this.#cell - 0.5;
      const w = (b.column - a.column + 1) * this.#wide;
      const h = (b.row - a.row + 1) * this.#cell;
      for (const [colour, line] of /** @type {[string, number][]} */ ([
        [halo, width + 2.5],
        [mark, width],
      ])) {
        context.strokeStyle = colour;
        context.lineWidth = line;
        context.strokeRect(x, y, w, h);
      }
    };
    const { window, used, cursor, pinned } = this.#marks;
    if (window.length > 0) {
      const rows = window.map((cell) => cell.row);
      const columns = window.map((cell) => cell.column);
      const from = { row: Math.min(...rows), column: Math.min(...columns) };
      const to = { row: Math.max(...rows), column: Math.max(...columns) };
      const gaps = (to.row - from.row + 1) * (to.column - from.column + 1) > window.length;
      if (gaps && this.#cell >= LINED) for (const cell of window) box(cell, cell, 1);
      box(from, to, this.#cell >= LINED ? 2.5 : 1.5);
    }
    for (const cell of used) box(cell, cell, 2);
    if (pinned !== null) box(pinned, pinned, cursor === null ? 3 : 1.5);
    if (cursor !== null) box(cursor, cursor, 3);
  }
}
