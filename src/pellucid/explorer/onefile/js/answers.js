// What a page without a server answers to itself, in the words that a server would use.

import { cancellation, rounding } from "./arithmetic.js";
import { exactSum } from "./exact.js";
import { foremost, parts } from "./foremost.js";
import { followers } from "./readers.js";
import { flat } from "./recipe.js";

/** @typedef {import("./library.js").Opened} Opened @typedef {import("./readers.js").Step} Step */

/** One number taken apart, its sum channel by channel, and the numbers that follow from it. @param {Opened} run @param {number} node @param {number[]} index */
export function explained(run, node, index) {
  const { network, recipes } = run.library;
  const { name, kind, description, inputs } = network.nodes[node];
  const recipe = /** @type {import("./recipe.js").Recipe} */ (recipes[node]);
  const what = run.takenApart(node, index);
  const value = run.value(node, index);
  const { shown, leftOut } = foremost(what.terms);
  const sums = what.rule === "sum";
  return {
    address: `${name}[${index.join(",")}]`,
    layer: name,
    kind,
    description,
    index,
    inputs: inputs.map((input) => network.nodes[input].name),
    rule: what.rule,
    formula: what.formula,
    value,
    total: what.total,
    ...rounding(value, what.total),
    cancellation: cancellation(what),
    bias: what.bias,
    divisor: what.divisor,
    numbers: what.numbers,
    terms: shown,
    sum: sums ? exactSum(what.terms.product) : null,
    parts: sums ? parts(shown) : [],
    left_out: leftOut,
    origins: origins(run, recipe, shown),
    dropped: run.library.dropped(recipe.facts, flat(index, recipe.shape)),
    onward: followers(run, node, index).map((step) => told(run, step)),
  };
}

/** @param {Opened} run @param {Step} step */
function told(run, { node, index, chosen, what }) {
  const { name, kind } = run.library.network.nodes[node];
  return {
    layer: name,
    kind,
    index,
    rule: what.rule,
    formula: what.formula,
    numbers: what.numbers,
    terms: what.terms.value.length,
    value: run.value(node, index),
    chosen,
  };
}

/**
 * The maps that the weighed places of a vector came from, and where on them each lies.
 * @param {Opened} run
 * @param {import("./recipe.js").Recipe} recipe
 * @param {import("./arithmetic.js").Terms} terms
 */
function origins(run, recipe, terms) {
  const found = run.library.origins(recipe.facts);
  if (terms.weight === null || found === null || recipe.shapes[0].length !== 1) return null;
  return { node: found.node, index: terms.index.map(([at]) => [...found.index.subarray(3 * at, 3 * at + 3)]) };
}
