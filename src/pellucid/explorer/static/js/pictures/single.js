// A number made of one other: an activation, a batch norm, or a number that only takes another place.

import { named, plain, result } from "../cells.js";
import { el } from "../dom.js";
import { double, typeset } from "../format.js";
import { scaleEnd } from "../values.js";

/** @typedef {import("../cells.js").Scene} Scene @typedef {import("../source.js").Told} Told */

/** @param {Scene} scene @returns {import("../cells.js").Picture} */
export function single(scene) {
  const { told, state } = scene;
  const end = scaleEnd(state, scene.inputs[told.terms.source[0]], null);
  if (told.rule === "pick") {
    const line = el(
      "div",
      { class: "equation" },
      named(scene, 0, end),
      plain("="),
      result(double(told.total), "exact", told.total),
    );
    return { line: [line, el("p", { class: "words", text: whyUnchanged(scene) })], parts: [] };
  }
  const filled = el("div", { class: "equation formula" }, ...putIn(scene, end), plain("="));
  filled.append(result(double(told.total), "exact", told.total));
  return { line: [el("p", { class: "rule" }, el("code", { text: typeset(told.formula) })), filled], parts: [] };
}

/**
 * The formula with its numbers put in, each with its name.
 * @param {Scene} scene
 * @param {number} end
 * @returns {HTMLElement[]}
 */
function putIn(scene, end) {
  const { told } = scene;
  return told.formula
    .split(/([A-Za-z_]\w*)/)
    .filter((piece) => piece.trim() !== "")
    .map((piece) => {
      if (piece === "x") return named(scene, 0, end);
      const value = told.numbers[piece];
      if (value === undefined) return plain(typeset(piece).trim());
      const chip = plain(double(value), "cell symbol");
      chip.dataset.value = String(value);
      return el("span", { class: "named" }, el("small", { text: piece }), chip);
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
