// A normalised number: the formula with its numbers put in, and all the numbers that its statistics are made of.

import { matrix, more, plain, read, result, writer } from "../cells.js";
import { el } from "../dom.js";
import { counted, double, single, typeset } from "../format.js";
import { scaleEnd } from "../values.js";

/** @typedef {import("../cells.js").Scene} Scene @typedef {import("../source.js").Told} Told */

const FEW = 64; // numbers that are shown at first
const WIDEST = 12; // numbers in a row, where they do not lie in rows themselves

/** @param {Scene} scene @returns {import("../cells.js").Picture} */
export function normal(scene) {
  const { told } = scene;
  const { index, value } = told.terms;
  const together = index.findIndex((place) => String(place.slice(0, -1)) !== String(index[0].slice(0, -1)));
  const row = together < 0 ? value.length : together; // how many lie side by side on the map
  const columns = row > 1 ? row : Math.min(value.length, WIDEST);
  const few = scene.all ? value.length : Math.max(1, Math.floor(FEW / columns)) * columns;
  const end = scaleEnd(scene.state, scene.inputs[0], null);
  const cells = index.slice(0, few).map((place, at) => {
    const cell = read(scene, at, end, writer(columns, single));
    if (String(place) === String(told.index)) cell.classList.add("winner");
    return cell;
  });
  const drawn = [matrix(cells, columns, "numbers")];
  if (few < value.length) drawn.push(el("p", { class: "rest" }, more(value.length - few, "numbers", scene.more)));
  const filled = el("div", { class: "equation formula" }, ...putIn(told), plain("="));
  filled.append(result(double(told.total), "exact", told.total));
  const rule = el("p", { class: "rule" }, el("code", { text: typeset(told.formula) }));
  return { line: [rule, filled, el("p", { class: "words", text: whose(told) })], parts: drawn };
}

/** The numbers of the formula, each with its name. @param {Told} told @returns {HTMLElement[]} */
function putIn({ numbers }) {
  return Object.entries(numbers).map(([symbol, value]) => {
    const chip = plain(double(value), "cell symbol");
    chip.dataset.value = String(value);
    return el("span", { class: "named" }, el("small", { text: symbol }), chip);
  });
}

/** @param {Told} told @returns {string} */
function whose({ numbers, terms, left_out }) {
  const count = counted(terms.value.length + (left_out?.count ?? 0), "number");
  if (numbers.sum !== undefined) return `The sum is that of the squares of ${count}, its own among them.`;
  return `Mean and variance are those of ${count}, its own among them.`;
}
