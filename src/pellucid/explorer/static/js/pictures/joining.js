// A join's number: the numbers of its branches, added, multiplied, or one taken from the other.

import { named, plain, result } from "../cells.js";
import { el } from "../dom.js";
import { double } from "../format.js";
import { scaleEnd } from "../values.js";

/** @type {{[rule: string]: {sign: string, words: string}}} */
const JOINS = {
  sum: { sign: "+", words: "The branches meet: their numbers at the same place are added." },
  difference: { sign: "−", words: "The branches meet: the second one's number is taken from the first one's." },
  product: { sign: "×", words: "The branches meet: their numbers at the same place are multiplied." },
};

/** @param {import("../cells.js").Scene} scene @returns {import("../cells.js").Picture} */
export function joining(scene) {
  const { told, state, inputs } = scene;
  const { sign, words } = JOINS[told.rule];
  const line = el("div", { class: "equation" });
  for (const [row, source] of told.terms.source.entries()) {
    if (row > 0) line.append(plain(sign));
    line.append(named(scene, row, scaleEnd(state, inputs[source], null)));
  }
  line.append(plain("="), result(double(told.total), "exact", told.total));
  return { line: [line, el("p", { class: "words", text: words })], parts: [] };
}
