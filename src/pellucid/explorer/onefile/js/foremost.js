// Of very many terms those that count most, channel by channel, and the sums of channels.

import { exactSum } from "./exact.js";

/** @typedef {import("./arithmetic.js").Terms} Terms */

const MOST = 8192; // terms told at once

/**
 * The terms to show, and what is left out.
 * @param {Terms} terms
 * @returns {{shown: Terms, leftOut: {count: number, sum: number} | null}}
 */
export function foremost(terms) {
  const count = terms.value.length;
  if (count <= MOST) return { shown: terms, leftOut: null };
  const groups = grouped(terms);
  const sizes = groups.map((rows) => Math.abs(exactSum(rows.map((row) => terms.product[row]))));
  const order = groups.map((_, at) => at).sort((a, b) => size(sizes[b]) - size(sizes[a]) || a - b);
  const kept = new Array(count).fill(false);
  let room = MOST;
  for (const at of order) {
    room -= groups[at].length;
    if (room < 0) break;
    for (const row of groups[at]) kept[row] = true;
  }
  if (!kept.includes(true)) for (const row of around(terms, groups[order[0]])) kept[row] = true;
  const rest = terms.product.filter((_, row) => !kept[row]);
  /** @template T @param {T[]} all @returns {T[]} */
  const chosen = (all) => all.filter((_, row) => kept[row]);
  const shown = {
    source: chosen(terms.source),
    index: chosen(terms.index),
    inside: chosen(terms.inside),
    used: chosen(terms.used),
    value: chosen(terms.value),
    product: chosen(terms.product),
    weight: terms.weight && chosen(terms.weight),
    weight_index: terms.weight_index && chosen(terms.weight_index),
  };
  return { shown, leftOut: { count: rest.length, sum: exactSum(rest) } };
}

/** The sum of each channel's products; nothing for vectors, where a channel is one number. @param {Terms} terms */
export function parts(terms) {
  if (terms.index.length === 0 || terms.index[0].length < 3) return [];
  return grouped(terms).map((rows) => ({
    source: terms.source[rows[0]],
    channel: terms.index[rows[0]][0],
    from: rows[0],
    to: rows[rows.length - 1] + 1,
    sum: exactSum(rows.map((row) => terms.product[row])),
  }));
}

/** The rows of each channel of maps, or each row by itself. @param {Terms} terms @returns {number[][]} */
function grouped({ source, index }) {
  /** @type {number[][]} */
  const groups = [];
  for (let row = 0; row < source.length; row += 1) {
    const begins =
      row === 0 ||
      index[row].length < 3 ||
      source[row] !== source[row - 1] ||
      index[row][0] !== index[row - 1][0];
    if (begins) groups.push([]);
    groups[groups.length - 1].push(row);
  }
  return groups;
}

/** Whole rows of a window that is too large, with the number in it that counts most. @param {Terms} terms @param {number[]} group */
function around(terms, group) {
  const row = (/** @type {number} */ at) => terms.index[at][terms.index[at].length - 2];
  const columns = group.filter((at) => row(at) === row(group[0])).length;
  const weights = group.map((at) => (terms.used[at] ? Math.abs(finite(terms.product[at])) : -1));
  const best = weights.indexOf(weights.reduce((most, weight) => Math.max(most, weight), -1));
  const rows = Math.max(Math.floor(MOST / columns), 1);
  const last = Math.max(Math.floor(group.length / columns) - rows, 0);
  const first = Math.min(Math.max(Math.floor(best / columns) - Math.floor(rows / 2), 0), last) * columns;
  return group.slice(first, first + rows * columns);
}

/** NaN counts as larger than all. @param {number} value */
function size(value) {
  return Number.isNaN(value) ? Number.MAX_VALUE : Math.min(value, Number.MAX_VALUE);
}

/** @param {number} value */
function finite(value) {
  if (Number.isNaN(value)) return 0;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
