// The shown number's story in words: what a screen reader says, and what stands below the map.

import { announce, byId } from "./dom.js";
import { counted, double, single, span } from "./format.js";
import { placeInWords } from "./shapes.js";
import { toldHere } from "./teller.js";

/** @typedef {import("./store.js").State} State @typedef {import("./source.js").Told} Told */

/** @param {import("./store.js").Store} store */
export function tellStories(store) {
  store.on(["told", "node", "digits"], (state) => {
    const told = toldHere(state);
    const words = told === null ? "" : story(state, told);
    byId("layer-story").textContent = words;
    if (words !== "" && state.pointed === null) announce(words);
  });
  store.on(["run"], ({ run, network }) => {
    if (run?.scores === null || run === null) return;
    const best = run.scores.indexOf(Math.max(...run.scores));
    announce(`The network says ${network.classes[best]}, with ${(run.scores[best] * 100).toFixed(0)} percent.`);
  });
}

/** A number's story. @param {State} state @param {Told} told @returns {string} */
export function story(state, told) {
  const { shape } = state.network.nodes[state.node ?? 0];
  const what = `${told.layer}, ${placeInWords(shape, told.index)}`;
  return `${what}, is ${single(told.value)}: ${made(told)}. ${reads(told)}`;
}

/** @param {Told} told @returns {string} */
function made(told) {
  const { terms, rule, bias, divisor } = told;
  const count = terms.value.length + (told.left_out?.count ?? 0);
  if (terms.weight !== null)
    return `the sum of ${counted(count, "product")}${bias === null ? "" : ` and the bias ${double(bias)}`}`;
  if (rule === "max") return `the largest of ${counted(terms.inside.filter(Boolean).length, "number")}`;
  if (rule === "mean") return `the sum of ${counted(count, "number")}, divided by ${divisor}`;
  if (rule === "sum") return `the sum of ${counted(count, "number")}`;
  if (rule === "difference") return "the difference of two numbers";
  if (rule === "product") return `the product of ${counted(count, "number")}`;
  if (rule === "root") return `the length of ${counted(count, "number")}`;
  if (rule === "normal") return `${single(told.numbers.x)} measured by ${counted(count, "number")}`;
  if (rule === "pick") return `the number ${single(terms.value[0])} unchanged`;
  if (rule === "log share") return `the logarithm of its share of ${counted(count, "exponential")}`;
  return count === 1 ? `${told.kind} of ${single(terms.value[0])}` : `its share of ${counted(count, "exponential")}`;
}

/** @param {Told} told @returns {string} */
function reads(told) {
  const { terms, inputs } = told;
  const said = inputs.flatMap((name, source) => {
    const places = terms.index.filter((_, row) => terms.source[row] === source);
    return places.length === 0 ? [] : [`${range(places)} of ${name}`];
  });
  const padded = terms.inside.filter((inside) => !inside).length;
  const padding = padded > 0 ? `; ${padded} of ${terms.value.length} places are padding` : "";
  return `It reads ${said.join(", and ")}${padding}.`;
}

/** @param {number[][]} places @returns {string} */
function range(places) {
  const axes = places[0].length === 3 ? ["channel", "row", "column"] : places[0].map(() => "place");
  return axes
    .map((axis, at) => {
      const all = places.map((place) => place[at]);
      const first = Math.min(...all);
      const last = Math.max(...all);
      return `${axis}${last > first ? "s" : ""} ${span(first, last + 1).replaceAll("-", "−")}`;
    })
    .join(", ");
}
