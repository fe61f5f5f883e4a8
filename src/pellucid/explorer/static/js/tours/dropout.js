// The fourth tour: numbers that fall silent by chance while a network learns, and never while it is used.

import { double, single } from "../format.js";
import { OVERVIEW, numbers } from "./guide.js";
import { fact, tell } from "./telling.js";

/** @typedef {import("./guide.js").Guide} Guide @typedef {import("./guide.js").Stop} Stop */

/** @type {import("./guide.js").Tour} */
export const dropout = {
  name: "dropout",
  title: "Dropout",
  about: "numbers fall silent by chance while a network learns, and never while it is used",
  needs: ["Dropout"],
  stops: [chance, still, scaled, spread],
};

/** @param {Guide} guide @returns {Promise<Stop>} */
async function chance(guide) {
  const { node, rate } = which(guide);
  const words = tell`While the network learns, dropout silences each of these ${guide.size(node, 0)} numbers with a probability
    of ${rate}, by chance, and others for every image. No number can then rely on a single other one.`;
  return { place: OVERVIEW, show: node, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function still(guide) {
  const { node } = which(guide);
  const unit = await guide.extreme(node, 1);
  const told = await guide.told(node, unit);
  const read = fact("read", told.address, told.terms.value[0], single(told.terms.value[0]));
  const words = tell`Now the network is used, and nothing falls: ${read} goes in, ${numbers(told).value} comes out. Leaving
    dropout on by mistake is a common error: a network's answers then change from one time to the next.`;
  return { place: { depth: "number", node, unit }, show: "#line", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function scaled(guide) {
  const { node, rate, scale } = which(guide);
  const unit = await guide.extreme(node, 1);
  const told = await guide.told(node, unit);
  const grown = told.value * scale.value;
  const words = tell`While learning it would be 0, or else ${fact("grown", told.address, grown, double(grown))}: what stays is
    multiplied by 1 / (1 − ${rate}) = ${scale}, so that sums are as large as they are now, on average.`;
  return { place: { depth: "number", node, unit }, show: "#verdict", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function spread(guide) {
  const { node, scale } = which(guide);
  const { name, shape } = guide.facts(node);
  const kept = shape.reduce((a, b) => a * b, 1) / scale.value;
  const words = tell`Of all numbers ${fact("kept", name, kept, double(kept))} stay on average. The layer behind learns to
    decide by any of them, and is less easily fooled by images that it has never seen.`;
  return { place: OVERVIEW, show: node, words };
}

/** The layer, and its rate as its description has it. @param {Guide} guide */
function which(guide) {
  const node = guide.find("Dropout");
  const { name, description } = guide.facts(node);
  const rate = Number(/\d*\.?\d+/.exec(description.replace("Dropout", ""))?.[0] ?? 0.5);
  return {
    node,
    rate: fact("rate", name, rate, String(rate)),
    scale: fact("scale", name, 1 / (1 - rate), double(1 / (1 - rate))),
  };
}
