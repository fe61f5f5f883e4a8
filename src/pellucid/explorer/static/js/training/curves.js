// Curves of a training, drawn: loss and accuracy over the epochs, of the training data and of the test data.

import { svg, el } from "../dom.js";

/**
 * @typedef {import("./watch.js").Point} Point
 * @typedef {{name: string, kind: "train" | "test", value: (point: Point) => number | null | undefined}} Line
 */

const WIDTH = 340;
const HEIGHT = 150;
const LEFT = 54;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;

/**
 * A picture of some lines over the epochs, with the last number of each beside its name.
 * @param {string} title
 * @param {Point[]} points
 * @param {number} epochs
 * @param {Line[]} lines
 * @param {{low: number, high: number | null, say: (value: number) => string}} scale high: null is the largest value
 * @returns {HTMLElement}
 */
export function curves(title, points, epochs, lines, { low, high, say }) {
  const values = lines.flatMap(({ value }) => points.map(value).filter(isNumber));
  const top = high ?? Math.max(...values, low + 1e-9);
  const x = (/** @type {number} */ at) => LEFT + ((WIDTH - LEFT - RIGHT) * at) / Math.max(epochs, 1);
  const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (top - low));
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "curves", role: "img" });
  const last = lines.map((line) => `${line.name} ${lastOf(points, line, say)}`);
  drawing.setAttribute("aria-label", `${title} over ${epochs} epochs: ${last.join(", ")}`);
  for (const share of [0, 0.5, 1]) {
    const value = low + share * (top - low);
    drawing.append(
      svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, say(value)),
    );
  }
  for (const at of new Set([0, Math.round(epochs / 2), epochs])) {
    drawing.append(svg("text", { class: "tick", x: x(at), y: HEIGHT - 6, "text-anchor": "middle" }, String(at)));
  }
  for (const { kind, value } of lines) {
    const places = points.flatMap((point) => {
      const number = value(point);
      return isNumber(number) ? [`${x(point.at).toFixed(1)},${y(Math.min(number, top)).toFixed(1)}`] : [];
    });
    drawing.append(svg("polyline", { class: `line ${kind}`, points: places.join(" ") }));
    if (places.length > 0) {
      const [cx, cy] = places[places.length - 1].split(",");
      drawing.append(svg("circle", { class: `dot ${kind}`, cx, cy, r: 3 }));
    }
  }
  return el(
    "figure",
    { class: "curve" },
    el("figcaption", {}, el("strong", { text: title }), ...lines.map((line) => key(points, line, say))),
    wrapped(drawing),
  );
}

/** @param {Point[]} points @param {Line} line @param {(value: number) => string} say */
function key(points, line, say) {
  const sample = svg("svg", { class: "curves key", width: 26, height: 8, "aria-hidden": "true" });
  sample.append(svg("polyline", { class: `line ${line.kind}`, points: "1,4 25,4" }));
  const item = el("span", { class: "key" }, wrapped(sample), ` ${line.name} `);
  item.append(el("b", { text: lastOf(points, line, say), "data-line": line.kind }));
  return item;
}

/** @param {SVGElement} drawing @returns {HTMLElement} */
function wrapped(drawing) {
  const box = el("span", { class: "drawing" });
  box.append(drawing);
  return box;
}

/** @param {Point[]} points @param {Line} line @param {(value: number) => string} say @returns {string} */
function lastOf(points, { value }, say) {
  const last = points.map(value).filter(isNumber).at(-1);
  return last === undefined ? "–" : say(last);
}

/** @param {number | null | undefined} value @returns {value is number} */
function isNumber(value) {
  return typeof value === "number";
}
