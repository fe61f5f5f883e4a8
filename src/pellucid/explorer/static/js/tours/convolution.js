// The first tour: a kernel slides over its input, and every place gives one number.

import { counted } from "../format.js";
import { OVERVIEW, numbers, sees } from "./guide.js";
import { fact, tell } from "./telling.js";

/** @typedef {import("./guide.js").Guide} Guide @typedef {import("./guide.js").Stop} Stop */

/** @type {import("./guide.js").Tour} */
export const convolution = {
  name: "convolution",
  title: "Convolution",
  about: "a kernel slides over its input, and every place gives one number",
  needs: ["Conv2d"],
  stops: [maps, kernel, window, products, sum, channels, field],
};

/** @param {Guide} guide @returns {Promise<Stop>} */
async function maps(guide) {
  const node = guide.find("Conv2d");
  const [input] = guide.facts(node).inputs;
  const many = counted(guide.facts(input).shape[0], "map");
  const words = tell`A convolutional layer looks for patterns. This one reads ${guide.size(input, 0, many)} of ${guide.size(
    input,
    1,
  )} × ${guide.size(input, 2)} numbers and makes ${guide.size(node, 0)} feature maps, each with a kernel of its own.`;
  return { place: OVERVIEW, show: node, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function kernel(guide) {
  const { node, unit, told } = await first(guide);
  const { name } = guide.facts(node);
  const each = new Set(told.parts.map((part) => `${part.source} ${part.channel}`)).size;
  const weights = fact("weights a map", name, told.terms.value.length / each, counted(told.terms.value.length / each, "weight"));
  const words = tell`This is the kernel of the map at the right: ${weights} for each map that it reads. The same weights serve
    at every place, so that the whole layer gets by with ${guide.cost(node, "parameters")} parameters.`;
  return { place: { depth: "layer", node, unit }, show: "#kernel", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function window(guide) {
  const { node, unit } = await first(guide);
  const words = tell`For one number of the map the kernel lies on one window of the input: it is outlined. Point at other
    numbers of the map, or walk with the arrow keys: the window slides along. All its places together give
    ${guide.size(node, 1)} × ${guide.size(node, 2)} numbers.`;
  return { place: { depth: "layer", node, unit }, show: "#reads", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function products(guide) {
  const { node, unit, told } = await first(guide);
  const { count, most } = numbers(told);
  const words = tell`Each weight is multiplied by the number that it lies on: ${count} products. The one that is largest in
    size is ${most}. Any number here can be clicked, and leads to where it came from.`;
  return { place: { depth: "number", node, unit }, show: "#parts", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function sum(guide) {
  const { node, unit, told } = await first(guide);
  const { bias, total, value } = numbers(told);
  const added = told.bias === null ? tell`There is no bias, so` : tell`With the bias, ${bias},`;
  const words = tell`All products are added up. `.concat(
    added,
    tell` the sum is ${total}. The engine reckons in float32 and says ${value}: this is one number of the map, and all
      others are made in the same way.`,
  );
  return { place: { depth: "number", node, unit }, show: "#line", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function channels(guide) {
  const node = guide.find("Conv2d", 1);
  const unit = await guide.extreme(node);
  const told = await guide.told(node, unit);
  const many = fact("channels read", told.address, told.parts.length, counted(told.parts.length, "channel"));
  const words = tell`A convolution reads all maps before it at once. This number is made of ${numbers(told).count} products
    from ${many}; every channel gives a part of the sum, those that give most come first.`;
  return { place: { depth: "number", node, unit }, show: "#parts", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function field(guide) {
  const node = guide.find("Conv2d", 1);
  const unit = await guide.extreme(node);
  const words = tell`Layer upon layer, numbers see further: one of these depends on ${sees(guide, node)} numbers
    of the input. The outlines show which, in every layer down to the image.`;
  return { place: { depth: "layer", node, unit }, show: 0, words };
}

/** The number that the first stops are about. @param {Guide} guide */
async function first(guide) {
  const node = guide.find("Conv2d");
  const unit = await guide.extreme(node);
  return { node, unit, told: await guide.told(node, unit) };
}
