// A linear layer's number: every place of the vector with its weight, what gives most first.

import { bar, cell, more, read, total } from "../cells.js";
import { largest } from "../colours.js";
import { el } from "../dom.js";
import { address, counted, double } from "../format.js";
import { scaleEnd } from "../values.js";
import { origin, votes } from "./votes.js";

/** @typedef {import("../cells.js").Scene} Scene */

const FEW = 16; // places that are shown at first

/** @param {Scene} scene @returns {import("../cells.js").Picture} */
export function ranking(scene) {
  const { terms, left_out: left } = scene.told;
  const { product, weight } = terms;
  const order = product.map((_, row) => row);
  if (!scene.ordered) order.sort((a, b) => Math.abs(product[b]) - Math.abs(product[a]));
  const shown = scene.all ? order : order.slice(0, FEW);
  const end = { product: largest(product), weight: largest(weight ?? []) };
  const head = el(
    "tr",
    {},
    ...["place", "value", "× weight", "= product"].map((text) => el("th", { scope: "col", text })),
    el("td"),
  );
  const table = el("table", { class: "ranking" }, el("thead", {}, head));
  table.append(el("tbody", {}, ...shown.map((row) => line(scene, row, end))));
  const drawn = [...votes(scene, end.product), el("div", { class: "scroll" }, table)];
  const rest = order.length - shown.length;
  if (rest > 0) drawn.push(el("p", { class: "rest" }, more(rest, "places", scene.more)));
  if (left)
    drawn.push(
      el("p", { class: "rest", text: `${counted(left.count, "smaller product")} more sum to ${double(left.sum)}` }),
    );
  return { line: [total(scene, `sum of ${counted(product.length + (left?.count ?? 0), "product")}`)], parts: drawn };
}

/** @param {Scene} scene @param {number} row @param {{product: number, weight: number}} end */
function line(scene, row, end) {
  const { state, told, inputs } = scene;
  const { product, weight, source, index } = told.terms;
  const node = inputs[source[row]];
  return el(
    "tr",
    {},
    el(
      "th",
      { scope: "row" },
      el("span", { text: address(state.network.nodes[node].name, index[row]) }),
      ...origin(scene, row),
    ),
    el("td", {}, read(scene, row, scaleEnd(state, node, null))),
    el("td", {}, cell(weight?.[row] ?? 0, end.weight, "weight")),
    el("td", {}, cell(product[row], end.product, "product", double)),
    el("td", { class: "wide" }, bar(product[row], end.product)),
  );
}
