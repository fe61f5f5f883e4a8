// The address bar: #sample=3&number=conv1[2,4,5]&unfolded=0.4&by=macs&panel=table says which image, how deep, where,
// which stages are unfolded, what columns are compared by, and which panel is open; #tour=pooling&step=2 is a step of a
// tour. A link to it shows the same.

import { groupsOf } from "./folding.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {{sample: number, depth: "overview" | "layer" | "number", node: number | null, unit: number[] | null,
 *   panel: string | null, unfolded: number[], tour: State["tour"],
 *   measure: import("./measures.js").Measure}} Where
 */

/** @param {State} state @returns {string} */
export function toHash(state) {
  const parts = [];
  if (state.run !== null && state.run.sample !== null) parts.push(`sample=${state.run.sample}`);
  if (state.depth !== "overview" && state.node !== null && state.unit !== null) {
    const name = encodeURIComponent(state.network.nodes[state.node].name);
    parts.push(`${state.depth}=${name}[${state.unit.join(",")}]`);
  }
  if (state.unfolded.length > 0) {
    const all = state.unfolded.length === groupsOf(state.network).length;
    parts.push(`unfolded=${all ? "all" : state.unfolded.join(".")}`);
  }
  if (state.measure !== "values") parts.push(`by=${state.measure}`);
  if (state.panel !== null) parts.push(`panel=${state.panel}`);
  if (state.tour !== null) parts.push(`tour=${state.tour.name}`, `step=${state.tour.step + 1}`);
  return `#${parts.join("&")}`;
}

/**
 * Read an address; whatever in it does not exist here is passed over.
 * @param {string} hash
 * @param {import("./source.js").NetworkFacts} network
 * @returns {Where}
 */
export function fromHash(hash, network) {
  /** @type {Where} */
  const where = {
    ...{ sample: 0, depth: "overview", node: null, unit: null, panel: null },
    ...{ unfolded: [], measure: "values", tour: null },
  };
  const groups = groupsOf(network).map((_, group) => group);
  for (const part of hash.replace(/^#/, "").split("&")) {
    const sample = /^sample=(\d{1,9})$/.exec(part);
    if (sample !== null && Number(sample[1]) < network.samples) where.sample = Number(sample[1]);
    const panel = /^panel=([a-z-]{1,40})$/.exec(part);
    if (panel !== null) where.panel = panel[1];
    const by = /^by=(parameters|macs|time|yours)$/.exec(part);
    if (by !== null) where.measure = /** @type {import("./measures.js").Measure} */ (by[1]);
    const unfolded = /^unfolded=(all|[\d.]{1,2000})$/.exec(part);
    if (unfolded !== null) {
      const named = unfolded[1].split(".").map(Number);
      where.unfolded = groups.filter((group) => unfolded[1] === "all" || named.includes(group));
    }
    const tour = /^tour=([a-z-]{1,40})$/.exec(part);
    if (tour !== null) where.tour = { name: tour[1], step: 0 };
    const step = /^step=([1-9]\d{0,2})$/.exec(part);
    if (step !== null && where.tour !== null) where.tour.step = Number(step[1]) - 1;
    const place = /^(layer|number)=([^[]+)\[([\d,]+)\]$/.exec(
      part.replaceAll("%5B", "[").replaceAll("%5D", "]").replaceAll("%2C", ","),
    );
    if (place === null) continue;
    const node = network.nodes.findIndex((one) => one.name === decoded(place[2]));
    const unit = place[3].split(",").map(Number);
    if (node < 0 || !within(unit, network.nodes[node].shape)) continue;
    where.depth = place[1] === "layer" ? "layer" : "number";
    where.node = node;
    where.unit = unit;
  }
  return where;
}

/** @param {string} text @returns {string} */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {number[]} unit @param {number[]} shape @returns {boolean} */
function within(unit, shape) {
  return unit.length === shape.length && unit.every((at, axis) => at < shape[axis]);
}
