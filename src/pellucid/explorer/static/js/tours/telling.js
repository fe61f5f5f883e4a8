// Sentences whose numbers are the network's own: each is marked with what it is and of what, so that it can be checked.

import { el } from "../dom.js";
import { grouped } from "../format.js";

/**
 * @typedef {{fact: string, of: string, value: number, text: string}} Fact
 * @typedef {string | Fact} Part
 */

/**
 * A number in a sentence.
 * @param {string} fact what it is: "parameters", "bias", ...
 * @param {string} of a layer, or the address of a number
 * @param {number} value
 * @param {string} [text] how it is written
 * @returns {Fact}
 */
export function fact(fact, of, value, text = grouped(value)) {
  return { fact, of, value, text };
}

/**
 * Tell a sentence with facts in it; made for templates: tell`There are ${fact(...)} maps.`
 * @param {TemplateStringsArray} words
 * @param {...Part} facts
 * @returns {Part[]}
 */
export function tell(words, ...facts) {
  const texts = words.map((text) => text.replace(/\s+/g, " "));
  return texts.flatMap((text, at) => (at < facts.length ? [text, facts[at]] : [text]));
}

/** @param {Part[]} parts @returns {(HTMLElement | string)[]} */
export function written(parts) {
  return parts.map((part) => {
    if (typeof part === "string") return part;
    return el("b", { "data-fact": part.fact, "data-of": part.of, "data-value": String(part.value), text: part.text });
  });
}
