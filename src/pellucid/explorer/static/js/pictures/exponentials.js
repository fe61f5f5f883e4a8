// A softmax's number, or its logarithm: every logit, its exponential, and this one's share of them all.

import { more, plain, read, result, shareBar } from "../cells.js";
import { el } from "../dom.js";
import { address, double, typeset } from "../format.js";
import { scaleEnd } from "../values.js";

/** @typedef {import("../cells.js").Scene} Scene */

const FEW = 12;

/** @param {Scene} scene @returns {import("../cells.js").Picture} */
export function exponentials(scene) {
  const { told, state, inputs } = scene;
  const { product, index, source } = told.terms;
  const order = product.map((_, row) => row);
  const own = index.findIndex((place) => String(place) === String(told.index));
  if (!scene.ordered) order.sort((a, b) => product[b] - product[a]);
  let shown = scene.all ? order : order.slice(0, FEW);
  if (!shown.includes(own)) shown = [...shown, own];
  const lines = shown.map((row) =>
    el(
      "tr",
      { class: row === own ? "own" : null },
      el("th", { scope: "row", text: address(state.network.nodes[inputs[source[row]]].name, index[row]) }),
      el("td", {}, read(scene, row, scaleEnd(state, inputs[source[row]], null))),
      el("td", { class: "number", "data-value": String(product[row]), text: double(product[row]) }),
      el("td", { class: "wide" }, shareBar(product[row] / told.numbers.sum)),
    ),
  );
  const head = el(
    "tr",
    {},
    ...["place", "x", "exp(x − max)"].map((text) => el("th", { scope: "col", text })),
    el("td"),
  );
  const table = el("table", { class: "ranking" }, el("thead", {}, head), el("tbody", {}, ...lines));
  const drawn = [el("div", { class: "scroll" }, table)];
  const rest = order.length - shown.length;
  if (rest > 0) drawn.push(el("p", { class: "rest" }, more(rest, "places", scene.more)));
  return {
    line: [el("p", { class: "rule" }, el("code", { text: typeset(told.formula) })), share(scene)],
    parts: drawn,
  };
}

/** @param {Scene} scene */
function share({ told }) {
  return el(
    "p",
    { class: "total" },
    ...Object.entries(told.numbers).map(([symbol, value]) =>
      el("span", { class: "named" }, el("small", { text: typeset(symbol) }), plain(double(value), "cell symbol")),
    ),
    plain(putIn(told)),
    plain("="),
    result(double(told.total), "exact", told.total),
  );
}

/** The end of the formula with its numbers put in. @param {import("../source.js").Told} told @returns {string} */
function putIn({ rule, numbers }) {
  if (rule === "share") return `${double(numbers["exp(x - max)"])} ÷ ${double(numbers.sum)}`;
  const less = numbers["log(sum)"];
  return `${double(numbers["x - max"])} − ${less < 0 ? `(${double(less)})` : double(less)}`;
}
