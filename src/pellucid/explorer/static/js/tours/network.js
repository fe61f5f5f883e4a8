// The last tour: the whole network, from the image to the answer, and from the answer back to the image.

import { percent, single } from "../format.js";
import { OVERVIEW, numbers, sees } from "./guide.js";
import { fact, tell } from "./telling.js";

/** @typedef {import("./guide.js").Guide} Guide @typedef {import("./guide.js").Stop} Stop */

/** @type {import("./guide.js").Tour} */
export const network = {
  name: "network",
  title: "A whole network",
  about: "from the image to the answer, and from the answer back to the image",
  needs: ["Conv2d", "Linear"],
  stops: [image, patterns, small, answer, score, back, yours],
};

/** @param {Guide} guide @returns {Promise<Stop>} */
async function image(guide) {
  const { name, shape } = guide.facts(0);
  const count = shape.reduce((a, b) => a * b, 1);
  const words = tell`At the left an image goes in: ${fact("numbers", name, count)} numbers. From there everything flows to the
    right, a column a layer; a square is a map of numbers, blue below 0 and orange above.`;
  return { place: OVERVIEW, show: 0, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function patterns(guide) {
  const node = guide.find("Conv2d");
  const words = tell`The first layers look for small patterns, edges and strokes: ${guide.size(node, 0)} maps, and every number
    in them sees ${sees(guide, node)} of the image.`;
  return { place: OVERVIEW, show: node, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function small(guide) {
  const node = guide.network.nodes.findLastIndex((one) => one.shape.length === 3);
  const words = tell`Further on, maps become smaller and more: here ${guide.size(node, 0)} of ${guide.size(node, 1)} ×
    ${guide.size(node, 2)} numbers. Each says less about where and more about what; it sees ${sees(guide, node)} of the image.`;
  return { place: OVERVIEW, show: node, words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function answer(guide) {
  const { best, run } = guide;
  const share = run.scores?.[best] ?? NaN;
  const name = guide.network.classes[best] ?? "";
  const words = tell`At the right stands the answer: “${name}”, with ${fact("share", "", share, percent(share))}.`;
  if (run.label !== null) {
    words.push(run.label === best ? " That is right." : ` But it is “${guide.network.classes[run.label]}”.`);
  }
  return { place: OVERVIEW, show: "#prediction", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function score(guide) {
  const { node, unit, told } = await top(guide);
  const { count, total } = numbers(told);
  const words = tell`Why? The score, ${total}, is a sum of ${count} products. Those that
    speak most for it, or against it, stand first.`;
  return { place: { depth: "number", node, unit }, show: "#parts", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function back(guide) {
  const { node, told } = await top(guide);
  const sizes = told.terms.product.map(Math.abs);
  const row = sizes.indexOf(Math.max(...sizes));
  const before = guide.facts(node).inputs[told.terms.source[row]];
  const unit = told.terms.index[row];
  const read = fact("strongest read", told.address, told.terms.value[row], single(told.terms.value[row]));
  const words = tell`Its strongest part came from here: ${read}. Click the number that it was made of, then the
    next, and you walk back through the network until you stand at a pixel.`;
  return { place: { depth: "number", node: before, unit }, show: "#line", words };
}

/** @param {Guide} guide @returns {Promise<Stop>} */
async function yours(guide) {
  const { params, macs } = guide.network;
  const words = tell`That is all there is: ${fact("parameters in all", "", params)} parameters, ${fact("multiply-adds in all", "", macs)}
    multiply-adds an image, and no number that cannot be taken apart. Now try another image, or any number you like.`;
  return { place: OVERVIEW, show: "#samples", words };
}

/** The largest output of the last layer. @param {Guide} guide */
async function top(guide) {
  const node = guide.find("Linear", Infinity);
  const unit = await guide.extreme(node, 1);
  return { node, unit, told: await guide.told(node, unit) };
}
