// The third tour: from maps to a decision, by a vector and a weight for each of its places.

import { percent } from "../format.js";
import { OVERVIEW, numbers } from "./guide.js";
import { fact, tell } from "./telling.js";

/** @typedef {import("./guide.js").Guide} Guide @typedef {import("./guide.js").Stop} Stop */

/** @type {import("./guide.js").Tour} */
export const connected = {
  name: "connected",
  title: "Fully connected",
  about: "from maps to a decision, by a vector and a weight for each of its places",
  needs: ["Flatten", "Linear"],
  stops: [vector, place, weights, score, bias, shares],
};

/** @param {Guide} guide @returns {Promise<Stop>} */
async function vector(guide) {
  const node = guide.find("Flatten");
  const [input] = guide.facts(node).inputs;
  const words = tell`So far there were maps; a decision needs a list. ${guide.size(input, 0)} maps of ${guide.size(input, 1)} ×
    ${guide.size(input, 2)} numbers are laid out as one vector of ${guide.size(node, 0)}, map by map and row by row.`;
  return { place: OVERVIEW, show: node, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function place(guide) {
  const node = guide.find("Flatten");
  const unit = await guide.extreme(node, 1);
  const told = await guide.told(node, unit);
  const words = tell`Nothing is reckoned on the way: place ${fact("place", told.address, unit[0])} of the vector is a number of
    a map, ${numbers(told).value}, unchanged. Click it to see which.`;
  return { place: { depth: "number", node, unit }, show: "#line", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function weights(guide) {
  const node = last(guide);
  const [input] = guide.facts(node).inputs;
  const all = fact("parameters in all", "", guide.network.params);
  const words = tell`A fully connected layer has a weight for every place of the vector and every one of its outputs:
    ${guide.size(input, 0)} × ${guide.size(node, 0)} weights and as many biases as outputs. That is ${guide.cost(node, "parameters")} of the network's ${all} parameters.`;
  return { place: OVERVIEW, show: node, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function score(guide) {
  const { node, unit, told, name } = await best(guide);
  const { count, most } = numbers(told);
  const words = tell`The largest output, ${name}, is a sum of ${count} products again, those that give most first: the
    strongest gives ${most}. Where the vector came from maps, the votes are drawn on them.`;
  return { place: { depth: "number", node, unit }, show: "#parts", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function bias(guide) {
  const { node, unit, told } = await best(guide);
  const { bias: added, total } = numbers(told);
  const words = tell`With the bias, ${added}, the sum is ${total}. Such a score can be any number; what counts is by how much
    it is above the others.`;
  return { place: { depth: "number", node, unit }, show: "#line", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function shares(guide) {
  const share = (guide.run.scores ?? [])[guide.best] ?? NaN;
  const name = guide.network.classes[guide.best] ?? "";
  const words = tell`Softmax turns the scores into shares of a whole: “${name}” gets ${fact("share", "", share, percent(share))}.`;
  return { place: OVERVIEW, show: "#prediction", words };
}

/** @param {Guide} guide */
function last(guide) {
  return guide.find("Linear", Infinity);
}

/** The largest output of the last layer. @param {Guide} guide */
async function best(guide) {
  const node = last(guide);
  const unit = await guide.extreme(node, 1);
  const name = node === guide.network.outputs[0] ? `“${guide.network.classes[unit[0]]}”` : `number ${unit[0]}`;
  return { node, unit, name, told: await guide.told(node, unit) };
}
