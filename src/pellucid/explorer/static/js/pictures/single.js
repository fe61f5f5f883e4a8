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
    const words = el("p", { class: "words", text: whyUnchanged(scene) });
    return { line: [line, words], parts: told.dropped ? inTraining(told, told.dropped) : [] };
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
  const { shape } = state.network.nodes[state.node ?? 0];
  if (String(before.shape) === String(shape)) {
    return "The network is not being trained here, so the number passes unchanged.";
  }
  const rule = shape.length === 1 && before.shape.length === 3 ? laidOut(told, before.shape) : "";
  return `The number of ${before.name} takes another place; its value stays.${rule}`;
}

/** Which place of a vector a number of maps goes to, reckoned. @param {Told} told @param {number[]} maps @returns {string} */
function laidOut(told, [channels, height, width]) {
  const [channel, row, column] = told.terms.index[0];
  const [place] = told.index;
  if ((channel * height + row) * width + column === place) {
    return ` Channel after channel, row after row: (${channel} · ${height} + ${row}) · ${width} + ${column} = ${place}.`;
  }
  if ((row * width + column) * channels + channel !== place) return "";
  return ` Place after place, all channels of each: (${row} · ${width} + ${column}) · ${channels} + ${channel} = ${place}.`;
}

/**
 * What a dropout does while a network is trained: which units fall, and how the others are scaled.
 * @param {Told} told
 * @param {import("../source.js").Dropped} dropped
 * @returns {HTMLElement[]}
 */
function inTraining(told, { p, factor, stay, fell, all }) {
  const scale = p < 1 ? `, and the others are multiplied by 1 / (1 − ${p}) = ${double(1 / (1 - p))}` : "";
  const what = factor === 0 ? "falls: it becomes 0" : `stays: ${double(told.total)} becomes ${double(told.total * factor)}`;
  const words = `In training each unit falls with probability ${p}${scale}. In a first step, ${fell} of ${all} fall; this one ${what}.`;
  const units = stay.map((stays) => el("i", { class: stays ? "stays" : "falls" }));
  const rest = all > stay.length ? ` (the first ${stay.length})` : "";
  return [
    el("p", { class: "words", text: words }),
    el("div", { class: "units", role: "img", "aria-label": `units that stay and that fall${rest}` }, ...units),
  ];
}
