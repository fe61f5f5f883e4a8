// How numbers of any shape lie on a flat picture: maps by row and column, vectors in lines.

import { typeset } from "./format.js";

const WIDEST = 256; // numbers of a vector in one line

/** @typedef {{channel: number, row: number, column: number}} OnMap */

/** @param {number[]} shape @returns {boolean} */
export function isVector(shape) {
  return shape.length === 1;
}

/** How many maps there are; a vector is one. @param {number[]} shape @returns {number} */
export function mapCount(shape) {
  return isVector(shape) ? 1 : shape[0];
}

/**
 * How many of a kernel's places that a number used lie in one row; a transposed convolution uses every so manieth.
 * @param {number[][]} places each weight's place in its array
 * @param {number[]} rows those of one channel
 */
export function kernelColumns(places, rows) {
  const above = places[rows[0]].length - 2;
  return rows.filter((row) => places[row][above] === places[rows[0]][above]).length;
}

/** The size of one map, or of a vector laid out in lines. @param {number[]} shape */
export function frame(shape) {
  if (!isVector(shape)) {
    const rows = shape.slice(1, -1).reduce((product, size) => product * size, 1);
    return { rows, columns: shape[shape.length - 1] };
  }
  const columns = shape[0] <= 12 ? 1 : Math.min(WIDEST, 2 ** Math.ceil(Math.log2(Math.sqrt(shape[0]))));
  return { rows: Math.ceil(shape[0] / columns), columns };
}

/**
 * The unit at a place of a map, or null where a vector's last line is over.
 * @param {number[]} shape
 * @param {OnMap} place
 * @returns {number[] | null}
 */
export function unitAt(shape, { channel, row, column }) {
  const { columns } = frame(shape);
  if (isVector(shape)) {
    const at = row * columns + column;
    return at < shape[0] ? [at] : null;
  }
  const unit = [column];
  let rest = row;
  for (let axis = shape.length - 2; axis > 0; axis -= 1) {
    unit.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return [channel, ...unit];
}

/**
 * Where a unit lies; places of padding lie outside the map.
 * @param {number[]} shape
 * @param {number[]} unit
 * @returns {OnMap}
 */
export function placeOf(shape, unit) {
  const { columns } = frame(shape);
  if (isVector(shape)) return { channel: 0, row: Math.floor(unit[0] / columns), column: unit[0] % columns };
  const row = unit.slice(1, -1).reduce((rows, at, axis) => rows * shape[axis + 1] + at, 0);
  return { channel: unit[0], row, column: unit[unit.length - 1] };
}

/**
 * The rules of a layer's rows and columns, as [which, rule]: one if both are the same, none if there is no such rule.
 * @param {import("./source.js").NodeFacts} node
 * @returns {[string, string][]}
 */
export function sizeRules(node) {
  if (!node.formulas) return [];
  const sizes = (/** @type {number[]} */ shape) => String(shape.slice(1));
  const padded = (node.pads ?? []).flat().some((pad) => pad > 0);
  const moves = Boolean(node.macs) || padded || sizes(node.shape) !== sizes(node.input_shapes?.[0] ?? []);
  if (!moves) return [["rows, columns", "as its input"]];
  const [rows, columns] = node.formulas.map(typeset);
  if (rows === columns) return [["rows, columns", rows]];
  return [
    ["rows", rows],
    ["columns", columns],
  ];
}

/** A unit's place in words. @param {number[]} shape @param {number[]} unit @returns {string} */
export function placeInWords(shape, unit) {
  if (isVector(shape)) return `place ${unit[0]}`;
  if (shape.length === 3) return `channel ${unit[0]}, row ${unit[1]}, column ${unit[2]}`;
  return `place ${unit.join(", ")}`;
}
