// The whole network as a table: what the columns of the overview say, to be read in lines.

import { el } from "../dom.js";
import { grouped, shape } from "../format.js";
import { addPanel } from "./panel.js";

/** @typedef {import("../source.js").NodeFacts} NodeFacts */

const HEADS = ["layer", "kind", "reads", "output shape", "parameters", "multiply-adds", "receptive field"];

/** @param {import("../page.js").Page} page */
export function table(page) {
  const panel = addPanel(page, { name: "table", title: "Table", hint: "Every layer in a line" });
  panel.whileOpen(["network"], ({ network }) => {
    const rows = network.nodes.map((node, number) =>
      el("tr", {}, opener(page, node, number), ...cells(node, network.nodes).map((text) => el("td", { text }))),
    );
    const total = ["", "", "", grouped(network.params), grouped(network.macs), ""].map((text) => el("td", { text }));
    panel.body.replaceChildren(
      el(
        "table",
        { class: "layers" },
        el("thead", {}, el("tr", {}, ...HEADS.map((text) => el("th", { scope: "col", text })))),
        el("tbody", {}, ...rows),
        el("tfoot", {}, el("tr", {}, el("th", { scope: "row", text: "in all" }), ...total)),
      ),
    );
  });
}

/** @param {import("../page.js").Page} page @param {NodeFacts} node @param {number} number */
function opener({ journey }, node, number) {
  const open = () => journey.layer(number, node.shape.map(() => 0));
  return el("th", { scope: "row" }, el("button", { type: "button", text: node.name, on: { click: open } }));
}

/** @param {NodeFacts} node @param {NodeFacts[]} nodes @returns {string[]} */
function cells(node, nodes) {
  const field = node.receptive_field?.join(" × ") ?? "";
  return [
    node.description,
    node.inputs.map((number) => nodes[number].name).join(", "),
    shape(node.shape),
    node.params === undefined ? "" : grouped(node.params),
    node.macs ? grouped(node.macs) : "",
    node.status === "whole input" ? "whole input" : node.status === "upper bound" ? `at most ${field}` : field,
  ];
}
