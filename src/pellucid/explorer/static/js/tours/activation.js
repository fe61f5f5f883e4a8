// The fifth tour: a bend in every number, without which depth would be for nothing.

import { single } from "../format.js";
import { placeOf } from "../shapes.js";
import { OVERVIEW, numbers } from "./guide.js";
import { fact, tell } from "./telling.js";

/** @typedef {import("./guide.js").Guide} Guide @typedef {import("./guide.js").Stop} Stop */

/** @type {import("./guide.js").Tour} */
export const activation = {
  name: "activation",
  title: "Activation",
  about: "a bend in every number, without which depth would be for nothing",
  needs: ["ReLU"],
  stops: [each, below, zero, above, silent, why],
};

/** @param {Guide} guide @returns {Promise<Stop>} */
async function each(guide) {
  const node = guide.find("ReLU");
  const { name, shape } = guide.facts(node);
  const count = shape.reduce((a, b) => a * b, 1);
  const words = tell`An activation looks at every number by itself, here at ${fact("numbers", name, count)} of them. ReLU, the
    most used, keeps what is above 0 and makes 0 of the rest. It has ${guide.cost(node, "parameters")} parameters.`;
  return { place: OVERVIEW, show: node, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function below(guide) {
  const { before, unit, read } = await lowest(guide);
  const words = tell`Here is a number before the activation, as low as any in the first maps: ${read}. What becomes of it stands below.`;
  return { place: { depth: "number", node: before, unit }, show: "#onward", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function zero(guide) {
  const { node, unit, told, read } = await lowest(guide);
  const words = tell`The larger one of ${read} and 0 is ${numbers(told).value}.`;
  return { place: { depth: "number", node, unit }, show: "#line", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function above(guide) {
  const node = guide.find("ReLU");
  const unit = await guide.extreme(node, 1);
  const told = await guide.told(node, unit);
  const read = fact("read", told.address, told.terms.value[0], single(told.terms.value[0]));
  const words = tell`A number above 0 stays what it is: ${read} goes in, ${numbers(told).value} comes out.`;
  return { place: { depth: "number", node, unit }, show: "#line", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function silent(guide) {
  const node = guide.find("ReLU");
  const { name, shape } = guide.facts(node);
  const unit = await guide.extreme(node, 1);
  const { channel } = placeOf(shape, unit);
  const values = await guide.map(node, channel);
  const of = `${name}, map ${channel}`;
  const zeros = values.reduce((count, value) => count + Number(value === 0), 0);
  const words = tell`In this map ${fact("zeros", of, zeros)} of ${fact("map size", of, values.length)} numbers are 0: it speaks
    where its pattern is, and is silent elsewhere.`;
  return { place: { depth: "layer", node, unit }, show: "#gives", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function why(guide) {
  const words = tell`Why the bend? A sum of sums is a sum: without it, layers in a row could do no more than a single one. With
    it, each layer can build on decisions of the one before.`;
  return { place: OVERVIEW, show: guide.find("ReLU"), words };
}

/** The lowest number that the activation reads, before and after it. @param {Guide} guide */
async function lowest(guide) {
  const node = guide.find("ReLU");
  const [before] = guide.facts(node).inputs;
  const unit = await guide.extreme(before, -1);
  const told = await guide.told(node, unit);
  const read = fact("read", told.address, told.terms.value[0], single(told.terms.value[0]));
  return { node, before, unit, told, read };
}
