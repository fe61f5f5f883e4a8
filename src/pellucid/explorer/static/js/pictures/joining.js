// A join's number: the numbers of its branches, added.

import { named, plain, result } from "../cells.js";
import { el } from "../dom.js";
import { double } from "../format.js";
import { scaleEnd } from "../values.js";

/** @param {import("../cells.js").Scene} scene @returns {import("../cells.js").Picture} */
export function joining(scene) {
  const { told, state, inputs } = scene;
  const line = el("div", { class: "equation" });
  for (const [row, source] of told.terms.source.entries()) {
    if (row > 0) line.append(plain("+"));
    line.append(named(scene, row, scaleEnd(state, inputs[source], null)));
  }
  line.append(plain("="), result(double(told.total), "exact", told.total));
  const words = el("p", { class: "words", text: "The branches meet: their numbers at the same place are added." });
  return { line: [line, words], parts: [] };
}
