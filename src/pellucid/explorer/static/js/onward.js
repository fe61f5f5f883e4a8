// What becomes of a number: the activations, pools and joins that it passes, as far as no weights come in.

import { el } from "./dom.js";
import { address, percent, single, typeset } from "./format.js";

/** @typedef {import("./store.js").State} State @typedef {import("./source.js").Step} Step */

/** @param {State} state @param {import("./source.js").Told} told @returns {HTMLElement[]} */
export function onward(state, told) {
  const { nodes } = state.network;
  const last = told.onward.at(-1);
  const steps = told.onward.map((step) => {
    const node = nodes.findIndex((one) => one.name === step.layer);
    return el(
      "li",
      { class: step.chosen ? "step" : "step lost" },
      el("small", { text: inWords(step) }),
      el(
        "button",
        { type: "button", "data-go": `${node}:${step.index}` },
        el("span", { text: address(step.layer, step.index) }),
        el("span", { class: "sign", text: "=" }),
        el("b", { text: single(step.value), "data-value": String(step.value) }),
      ),
    );
  });
  const end = last === undefined ? (state.node ?? 0) : nodes.findIndex((one) => one.name === last.layer);
  const readers = last?.chosen === false ? [] : nodes.filter((node) => node.inputs.includes(end));
  const weighing = readers.filter((node) => !told.onward.some((step) => step.layer === node.name));
  if (weighing.length > 0) {
    const names = weighing.map((node) => node.name).join(", ");
    steps.push(
      el("li", { class: "step end" }, el("small", { text: `${names} ${weighing.length > 1 ? "read" : "reads"} it` })),
    );
  } else if (readers.length === 0 && last?.chosen !== false) {
    steps.push(el("li", { class: "step end" }, el("small", { text: ending(state, end, last?.index ?? told.index) })));
  }
  return steps.length > 0 ? [el("h3", { text: "What becomes of it" }), el("ol", {}, ...steps)] : [];
}

/**
 * What a network's last number says.
 * @param {import("./store.js").State} state
 * @param {number} end
 * @param {number[]} index
 * @returns {string}
 */
function ending({ network, run }, end, index) {
  const scores = run?.scores ?? null;
  if (scores === null || end !== network.outputs[0]) return "the end of the network";
  const share = `${percent(scores[index[0]])} for “${network.classes[index[0]]}”`;
  return network.nodes[end].kind === "Softmax" ? share : `softmax of the ${scores.length} scores: ${share}`;
}

/** @param {Step} step @returns {string} */
function inWords(step) {
  if (step.rule === "max") return step.chosen ? `the largest of ${step.terms}` : `not the largest of ${step.terms}`;
  if (step.rule === "mean") return `mean of ${step.terms}`;
  if (step.rule === "root") return `length of ${step.terms}`;
  if (step.rule === "normal") return step.kind;
  if (step.rule === "pick") return step.kind;
  if (step.rule === "sum") return `sum of ${step.terms}`;
  if (step.rule === "difference") return "difference of 2";
  if (step.rule === "product") return `product of ${step.terms}`;
  return typeset(step.formula).length > 24 ? step.kind : typeset(step.formula);
}
