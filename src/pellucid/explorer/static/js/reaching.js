// What the shown unit reaches in later layers, in words: the next layers that read it, and the network's outputs.

import { byId } from "./dom.js";
import { address, span } from "./format.js";
import { isVector } from "./shapes.js";
import { shownUnit } from "./store.js";

/** @typedef {import("./store.js").State} State @typedef {import("./source.js").Box} Box */

/** @param {import("./store.js").Store} store */
export function tellReach(store) {
  store.on(["reached", "from", "node", "depth"], (state) => {
    byId("layer-reaches").textContent = words(state);
  });
}

/** @param {State} state @returns {string} */
function words({ reached, from, node, network, ...rest }) {
  const unit = from?.unit ?? shownUnit({ reached, from, node, network, ...rest });
  const start = from?.node ?? node;
  if (reached === null || start === null || unit === null || reached[start] === undefined) return "";
  const name = address(network.nodes[start].name, unit);
  const next = network.nodes.flatMap(({ inputs }, number) => (inputs.includes(start) ? [number] : []));
  const ends = network.outputs.filter((output) => output !== start && !next.includes(output));
  const told = [...next, ...ends].flatMap((number) => {
    const box = reached[number];
    return box === undefined ? [] : [place(network.nodes[number], box)];
  });
  return told.length === 0 ? `Nothing reads ${name}.` : `${name} reaches ${told.join("; ")}.`;
}

/** @param {import("./source.js").NodeFacts} node @param {Box} box @returns {string} */
function place(node, box) {
  if (box.status === "whole input" && (box.channels === undefined || box.channels.length === node.shape[0])) {
    return `all of ${node.name}`;
  }
  const within = box.status === "upper bound" ? " (some of them)" : "";
  if (isVector(node.shape)) return `${named("place", box.columns)} of ${node.name}${within}`;
  const channels = box.channels === undefined ? "" : ` in ${box.channels.length} of ${node.shape[0]} channels`;
  return `${named("row", box.rows)}, ${named("column", box.columns)} of ${node.name}${within}${channels}`;
}

/** @param {string} what @param {number[]} range @returns {string} */
function named(what, [first, end]) {
  return `${what}${end - first > 1 ? "s" : ""} ${span(first, end)}`;
}
