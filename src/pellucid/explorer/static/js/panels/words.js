// What is open, as text: for those who do not see pictures, and to be copied. Numbers are in tables, with their places.

import { el } from "../dom.js";
import { address, counted, double, percent, shape, shortest, single } from "../format.js";
import { complain } from "../journey.js";
import { frame, isVector, placeOf, unitAt } from "../shapes.js";
import { story } from "../story.js";
import { toldHere } from "../teller.js";
import { addPanel } from "./panel.js";

/** @typedef {import("../store.js").State} State @typedef {import("../source.js").Told} Told */

const MOST = 32; // rows and columns of a map, around the selected number
const MOST_TERMS = 400; // numbers that a sum is told by

/** @param {import("../page.js").Page} page */
export function words(page) {
  const hint = "What is open, as text: to be read out, or copied";
  const panel = addPanel(page, { name: "words", title: "In words", hint });
  panel.whileOpen(["run", "depth", "node", "unit", "told", "digits", "network"], async (state) => {
    const { node, unit, depth } = state;
    if (state.run === null) return;
    if (depth === "overview" || node === null || unit === null) {
      panel.body.replaceChildren(...network(state));
      return;
    }
    const told = toldHere(state);
    if (depth === "number" && told !== null) {
      panel.body.replaceChildren(...number(state, told));
      return;
    }
    const { channel } = placeOf(state.network.nodes[node].shape, unit);
    try {
      if (!(await page.values.need(state, [{ node, first: channel, count: 1 }]))) return;
    } catch (problem) {
      complain(problem);
      return;
    }
    const now = page.store.state;
    if (now.node !== node || now.unit !== unit || now.run !== state.run || now.depth !== depth) return; // told anew
    panel.body.replaceChildren(...layer(state, node, unit, page.values.get(node, channel) ?? new Float32Array()));
  });
}

/** Every layer in a sentence, and what the network says. @param {State} state */
function network({ network: { title, nodes, classes }, run }) {
  const lines = nodes.map(({ name, description, inputs, shape: sizes }) => {
    const reads = inputs.map((at) => nodes[at].name).join(" and ");
    const what = reads === "" ? `${name} is what goes in; it` : `${name}, ${description}, reads ${reads} and`;
    return el("li", { text: `${what} has ${shape(sizes)} numbers.` });
  });
  const scores = run?.scores ?? [];
  const order = scores.map((_, at) => at).sort((a, b) => scores[b] - scores[a]);
  const said = order.slice(0, 5).map((at) => `“${classes[at]}” ${percent(scores[at])}`);
  return [
    el("p", { text: `${title} has ${counted(nodes.length, "layer")}, its input among them, in the order of the data:` }),
    el("ol", { class: "lines" }, ...lines),
    said.length > 0 ? el("p", { text: `It says ${said.join(", ")}.` }) : el("p"),
  ];
}

/** A map's numbers, row by row. @param {State} state @param {number} node @param {number[]} unit @param {Float32Array} values */
function layer(state, node, unit, values) {
  const { name, description, about, shape: sizes } = state.network.nodes[node];
  const { rows, columns } = frame(sizes);
  const at = placeOf(sizes, unit);
  const [top, left] = [start(at.row, rows), start(at.column, columns)];
  const across = range(left, Math.min(columns, left + MOST));
  const down = range(top, Math.min(rows, top + MOST));
  const what = isVector(sizes) ? `${name}: all values` : `${name}, channel ${at.channel}`;
  const part = rows > MOST || columns > MOST ? `, the part around row ${at.row}, column ${at.column}` : "";
  const head = el("tr", {}, el("td"), ...across.map((column) => el("th", { scope: "col", text: String(column) })));
  const lines = down.map((row) => {
    const cells = across.map((column) => cell(sizes, values, { channel: at.channel, row, column }, columns));
    return el("tr", {}, el("th", { scope: "row", text: String(row) }), ...cells);
  });
  return [
    el("p", { text: `${name} is ${description}. ${about.replaceAll("`", "")}` }),
    scrolled(el("table", { class: "numbers" }, el("caption", { text: what + part }), head, ...lines)),
  ];
}

/** @param {number[]} sizes @param {Float32Array} values @param {import("../shapes.js").OnMap} place @param {number} columns */
function cell(sizes, values, place, columns) {
  if (unitAt(sizes, place) === null) return el("td");
  return el("td", { text: single(values[place.row * columns + place.column]) });
}

/** A number's story, and every number it was made of. @param {State} state @param {Told} told */
function number(state, told) {
  const { terms } = told;
  const weighed = terms.weight !== null;
  const heads = weighed ? ["what", "number", "weight", "product"] : ["what", "number"];
  const lines = terms.value.slice(0, MOST_TERMS).map((value, row) => {
    const name = told.inputs[terms.source[row]];
    const where = terms.inside[row] ? address(name, terms.index[row]) : "padding";
    const weight = weighed ? [double(terms.weight?.[row] ?? NaN), double(terms.product[row])] : [];
    const cells = [single(value), ...weight].map((text) => el("td", { text }));
    return el("tr", {}, el("th", { scope: "row", text: where }), ...cells);
  });
  const left = terms.value.length - lines.length + (told.left_out?.count ?? 0);
  const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })));
  const bias = told.bias === null ? "" : ` The bias is ${double(told.bias)}.`;
  const rest = left > 0 ? ` ${counted(left, "more number")} of the sum ${left === 1 ? "is" : "are"} not listed.` : "";
  return [
    el("p", { text: story(state, told) }),
    scrolled(el("table", { class: "numbers" }, el("caption", { text: `What ${told.address} was made of` }), head, ...lines)),
    el("p", { text: `${bias}${rest} In float64 the result is ${told.total}; the engine's float32 is ${shortest(told.value)}.` }),
  ];
}

/** What may be wider than the page. @param {HTMLElement} table */
function scrolled(table) {
  return el("div", { class: "scroll", role: "region", "aria-label": "Numbers", tabindex: "0" }, table);
}

/** Where a part of so many places around one begins. @param {number} at @param {number} size */
function start(at, size) {
  return Math.max(0, Math.min(at - MOST / 2, size - MOST));
}

/** @param {number} first @param {number} end @returns {number[]} */
function range(first, end) {
  return Array.from({ length: end - first }, (_, at) => first + at);
}
