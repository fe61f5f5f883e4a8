// The second tour: maps become smaller, and what is strongest in each window stays.

import { counted } from "../format.js";
import { OVERVIEW, numbers } from "./guide.js";
import { fact, tell } from "./telling.js";

/** @typedef {import("./guide.js").Guide} Guide @typedef {import("./guide.js").Stop} Stop */

/** @type {import("./guide.js").Tour} */
export const pooling = {
  name: "pooling",
  title: "Pooling",
  about: "maps become smaller, and what is strongest in each window stays",
  needs: ["MaxPool2d"],
  stops: [smaller, window, winner, source, further],
};

/** @param {Guide} guide @returns {Promise<Stop>} */
async function smaller(guide) {
  const node = guide.find("MaxPool2d");
  const [input] = guide.facts(node).inputs;
  const words = tell`A pooling layer makes maps smaller: ${guide.size(input, 1)} × ${guide.size(input, 2)} numbers become
    ${guide.size(node, 1)} × ${guide.size(node, 2)}, in each of ${guide.size(node, 0)} maps. It has
    ${guide.cost(node, "parameters")} parameters: nothing is learnt here.`;
  return { place: OVERVIEW, show: node, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function window(guide) {
  const { node, unit, told } = await first(guide);
  const words = tell`It looks at one window of one map at a time, here at ${numbers(told).count} numbers. Walk over the map
    with the arrow keys, and the window moves along.`;
  return { place: { depth: "layer", node, unit }, show: "#reads", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function winner(guide) {
  const { node, unit, told } = await first(guide);
  const { count, value } = numbers(told);
  const words = tell`Of these ${count} numbers the largest passes, ${value}, as it is. The others go no further: for what
    follows it does not matter where exactly in its window a pattern was found.`;
  return { place: { depth: "number", node, unit }, show: "#line", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function source(guide) {
  const { node, told } = await first(guide);
  const row = Math.max(0, told.terms.used.indexOf(true));
  const before = guide.facts(node).inputs[told.terms.source[row]];
  const unit = told.terms.index[row];
  const won = fact("winner", told.address, told.terms.value[row], numbers(told).value.text);
  const words = tell`Here is the number that won, ${won}, in the map that the pool reads. What becomes of it stands below;
    of its neighbours it would say that they are lost.`;
  return { place: { depth: "number", node: before, unit }, show: "#onward", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function further(guide) {
  const node = guide.find("MaxPool2d");
  const [input] = guide.facts(node).inputs;
  const { name, jump: [step] = [1] } = guide.facts(node);
  const places = (/** @type {number} */ of) => guide.facts(of).shape.slice(1).reduce((a, b) => a * b, 1);
  const fewer = fact("times fewer", name, places(input) / places(node), counted(places(input) / places(node), "time"));
  const words = tell`What follows has ${fewer} fewer places to look at, and sees further with the same kernels: two numbers
    beside each other in these maps are ${fact("jump", name, step, counted(step, "pixel"))} of the image apart.`;
  return { place: OVERVIEW, show: node, words };
}

/** The number that most stops are about. @param {Guide} guide */
async function first(guide) {
  const node = guide.find("MaxPool2d");
  const unit = await guide.extreme(node, 1);
  return { node, unit, told: await guide.told(node, unit) };
}
