// A convolution's number: for every channel the window, the kernel and their products, then all of it summed.

import { bar, cell, matrix, more, plain, read, result, total, writer } from "../cells.js";
import { largest } from "../colours.js";
import { el } from "../dom.js";
import { counted, double, single } from "../format.js";
import { kernelColumns } from "../shapes.js";
import { scaleEnd } from "../values.js";

/** @typedef {import("../cells.js").Scene} Scene @typedef {import("../source.js").Part} Part */

const FEW = 6; // channels that are shown at first
const FEW_CELLS = 450; // and not more products than this

/** @param {Scene} scene @returns {import("../cells.js").Picture} */
export function products(scene) {
  const { parts, terms } = scene.told;
  const shown = [...parts];
  if (!scene.ordered) shown.sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const each = Math.max(1, parts[0].to - parts[0].from);
  const few = scene.all ? shown.length : Math.min(FEW, Math.max(1, Math.floor(FEW_CELLS / each)));
  const end = {
    weight: largest(terms.weight ?? []),
    product: largest(terms.product),
    sum: largest(parts.map((part) => part.sum)),
  };
  const drawn = shown.slice(0, few).map((part) => channel(scene, part, end));
  const rest = shown.length - drawn.length;
  if (rest > 0) drawn.push(el("p", { class: "rest" }, more(rest, "channels", scene.more)));
  return { line: [total(scene, sumInWords(scene))], parts: drawn };
}

/** @param {Scene} scene @returns {string} */
function sumInWords({ told }) {
  const { parts, terms, left_out: left } = told;
  const all = terms.value.length + (left?.count ?? 0);
  const channels = parts.length > 1 ? ` in ${counted(parts.length, "channel")}` : "";
  return `sum of ${counted(all, "product")}${left ? "" : channels}`;
}

/**
 * @param {Scene} scene
 * @param {Part} part
 * @param {{weight: number, product: number, sum: number}} end
 * @returns {HTMLElement}
 */
function channel(scene, part, end) {
  const { state, told, inputs } = scene;
  const { weight, weight_index: places, product } = told.terms;
  const rows = Array.from({ length: part.to - part.from }, (_, at) => part.from + at);
  const columns = places === null ? rows.length : kernelColumns(places, rows);
  const { name } = state.network.nodes[inputs[part.source]];
  const values = scaleEnd(state, inputs[part.source], null);
  const what = `${name}, channel ${part.channel}`;
  return el(
    "section",
    { class: "part", "aria-label": `${what} gives ${double(part.sum)}`, "data-channel": part.channel },
    el("header", {}, el("span", { class: "where", text: what }), bar(part.sum, end.sum)),
    el(
      "div",
      { class: columns > 5 ? "equation narrow" : "equation" },
      matrix(
        rows.map((row) => read(scene, row, values, writer(columns, single))),
        columns,
        "window",
      ),
      plain("×"),
      matrix(
        rows.map((row) => cell(weight?.[row] ?? 0, end.weight, "weight", writer(columns, single))),
        columns,
        "kernel",
      ),
      plain("="),
      matrix(
        rows.map((row) => cell(product[row], end.product, "product", writer(columns, double))),
        columns,
        "products",
      ),
      el("span", { class: "end" }, plain("Σ"), result(double(part.sum), "subtotal", part.sum)),
    ),
  );
}
