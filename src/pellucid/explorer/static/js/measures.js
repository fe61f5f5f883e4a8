// What the columns of the overview can be compared by: one number a layer, from the network, a measurement or the user.

import { briefly, grouped } from "./format.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {"values" | "parameters" | "macs" | "time" | "yours"} Measure
 * @typedef {{of: (node: number) => number | null, total: "sum" | "largest", told: (value: number) => string,
 *   words: string}} Scale of: a node's number, or null where it has none; total: what a folded stage shows of its layers;
 *   told: a number as people read it; words: what the numbers are
 */

/**
 * What is known of a measure, or null where columns are not compared, or the numbers are not there yet.
 * @param {State} state
 * @returns {Scale | null}
 */
export function scaleOf({ measure, network, times, numbers }) {
  const { nodes } = network;
  if (measure === "parameters") {
    return { of: (node) => nodes[node].params ?? null, total: "sum", told: grouped, words: "parameters" };
  }
  if (measure === "macs") {
    return { of: (node) => nodes[node].macs ?? null, total: "sum", told: grouped, words: "multiply-adds an image" };
  }
  if (measure === "time" && times !== null) {
    const { milliseconds, how } = times;
    const of = (/** @type {number} */ node) => milliseconds[nodes[node].name] ?? null;
    return { of, total: "sum", told: (value) => `${briefly(value)} ms`, words: how };
  }
  if (measure === "yours" && Object.keys(numbers).length > 0) {
    const of = (/** @type {number} */ node) => numbers[nodes[node].name] ?? null;
    return { of, total: "largest", told: briefly, words: "your numbers; a folded stage shows the largest of its own" };
  }
  return null;
}

/**
 * The number of a column: a layer's, or what a folded stage's layers have together.
 * @param {Scale} scale
 * @param {number} first
 * @param {number} last both counted
 * @returns {number | null}
 */
export function ofColumn(scale, first, last) {
  const found = [];
  for (let node = first; node <= last; node += 1) {
    const value = scale.of(node);
    if (value !== null) found.push(value);
  }
  if (found.length === 0) return null;
  if (scale.total === "sum") return found.reduce((total, value) => total + value, 0);
  return found.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most));
}

/**
 * Where a scale ends: at the largest number of a column that is shown.
 * @param {Scale} scale
 * @param {import("./folding.js").Column[]} columns
 * @returns {number}
 */
export function endOf(scale, columns) {
  return Math.max(...columns.map(({ first, node }) => Math.abs(ofColumn(scale, first, node) ?? 0)));
}

/**
 * Numbers that a user has in a file: JSON, {"conv1": 3.2}, or CSV, a line conv1,3.2 each and perhaps a heading.
 * @param {string} text
 * @param {string[]} names the layers
 * @returns {{[name: string]: number}}
 */
export function readNumbers(text, names) {
  /** @type {[string, unknown][]} */
  const rows = text.trimStart().startsWith("{")
    ? Object.entries(JSON.parse(text))
    : text.split(/\r?\n/).flatMap((line, at) => fromLine(line, at));
  const known = new Set(names);
  /** @type {{[name: string]: number}} */
  const found = Object.create(null);
  for (const [name, value] of rows) {
    if (!known.has(name)) throw new Error(`There is no layer “${name}” in this network.`);
    if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`“${name}” has no finite number.`);
    found[name] = value;
  }
  if (rows.length === 0) throw new Error("There are no numbers in this file.");
  return found;
}

/** @param {string} line @param {number} at @returns {[string, number][]} */
function fromLine(line, at) {
  if (line.trim() === "") return [];
  const comma = line.lastIndexOf(",");
  const name = line.slice(0, Math.max(comma, 0)).trim().replace(/^"(.*)"$/, "$1");
  const last = line.slice(comma + 1).trim();
  const value = last === "" ? NaN : Number(last);
  if (comma < 0 || (Number.isNaN(value) && at > 0)) throw new Error(`Line ${at + 1} is no name, comma and number.`);
  return Number.isNaN(value) ? [] : [[name, value]];
}
