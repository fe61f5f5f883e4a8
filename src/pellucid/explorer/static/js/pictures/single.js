// A number made of one other: an activation, a batch norm, or a number that only takes another place.

import { named, plain, read, result } from "../cells.js";
import { el } from "../dom.js";
import { double, typeset } from "../format.js";
import { scaleEnd } from "../values.js";

/** @typedef {import("../cells.js").Scene} Scene @typedef {import("../source.js").Told} Told */

/** @param {Scene} scene @returns {HTMLElement[]} */
export function single(scene) {
  const { told, state } = scene;
  const end = scaleEnd(state, scene.inputs[told.terms.source[0]], null);
  if (told.rule === "pick") {
    const line = el("div", { class: "equation" }, named(scene, 0, end), plain("="), result(double(told.total), "exact", told.total));
    return [line, el("p", { class: "words", text: whyUnchanged(scene) })];
  }
  const filled = el("div", { class: "equation formula" }, named(scene, 0, end), plain("→"));
  filled.append(...putIn(scene, end), plain("="), result(double(told.total), "exact", told.total));
  const list = Object.entries(told.numbers).map(([symbol, value]) =>
    el("div", {}, el("dt", { text: symbol }), el("dd", { text: double(value), "data-value": String(value) })),
  );
  return [
    el("p", { class: "rule" }, el("code", { text: `${typeset(told.formula)}` })),
    filled,
    ...(list.length > 0 ? [el("dl", { class: "numbers" }, ...list)] : []),
  ];
}

/** The formula with its numbers put in. @param {Scene} scene @param {number} end @returns {HTMLElement[]} */
function putIn(scene, end) {
  const { told } = scene;
  return told.formula.split(/([A-Za-z_]\w*)/).filter(Boolean).map((piece) => {
    if (piece === "x") return read(scene, 0, end);
    const value = told.numbers[piece];
    if (value === undefined) return plain(typeset(piece), "sign");
    const chip = plain(double(value), "cell symbol");
    chip.title = piece;
    chip.dataset.value = String(value);
    return chip;
  });
}

/** @param {Scene} scene @returns {string} */
function whyUnchanged({ told, state, inputs }) {
  const before = state.network.nodes[inputs[told.terms.source[0]]];
  if (String(before.shape) !== String(state.network.nodes[state.node ?? 0].shape)) {
    return `The number of ${before.name} takes another place; its value stays.`;
  }
  return "The network is not being trained here, so the number passes unchanged.";
}
