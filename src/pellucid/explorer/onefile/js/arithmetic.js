// One number taken apart, in a page without a server: the same facts as Python's, to the last bit.

import { exactSum } from "./exact.js";
import { FORMULAS } from "./formulas.js";
import { flat, placed } from "./recipe.js";

/**
 * @typedef {import("./recipe.js").Recipe} Recipe
 * @typedef {{source: number[], index: number[][], inside: boolean[], used: boolean[], value: number[],
 *   product: number[], weight: number[] | null, weight_index: number[][] | null}} Terms
 * @typedef {{rule: string, formula: string, terms: Terms, total: number, bias: number | null,
 *   divisor: number | null, numbers: {[symbol: string]: number}}} Arithmetic
 * @typedef {{values: (node: number) => ArrayLike<number>, kernel: ArrayLike<number> | null, run: number}} Run one run,
 *   as a layer sees it
 */

/** @param {Recipe} recipe @param {number[]} index @param {Run} run @returns {Arithmetic} */
export function takenApart(recipe, index, run) {
  const told = (/** @type {string} */ name) => recipe.told(name, index, run.run);
  const [rule, formula, ...symbols] = recipe.facts.kinds[told("kind")[0]];
  const numbers = Object.fromEntries([...told("numbers")].map((number, at) => [symbols[at], number]));
  const terms = read(recipe, index, run);
  const bias = told("bias")[0] ?? null;
  const divisor = told("divisor")[0] ?? null;
  const total = told("total")[0] ?? totalOf({ rule, formula, terms, bias, divisor, numbers });
  return { rule, formula, terms, total, bias, divisor, numbers };
}

/** @param {Recipe} recipe @param {number[]} index @param {Run} run @returns {Terms} */
function read(recipe, index, run) {
  const { source, index: axes, taps } = recipe.reads(index);
  const count = source.length;
  const maps = recipe.facts.inputs.map((node) => run.values(node));
  const told = recipe.told("weight", index, run.run);
  const products = recipe.told("product", index, run.run);
  const weighs = recipe.weighs;
  const kernel = run.kernel ?? [];
  /** @type {Terms} */
  const terms = { source: [...source], index: [], inside: [], used: [], value: [], product: [], weight: null, weight_index: null };
  /** @type {number[]} */
  const weights = [];
  for (let at = 0; at < count; at += 1) {
    const place = axes.map((axis) => axis[at]);
    const shape = recipe.shapes[source[at]];
    const inside = place.every((coordinate, axis) => coordinate >= 0 && coordinate < shape[axis]);
    const value = inside ? maps[source[at]][flat(place, shape)] : 0;
    const weight = taps === null ? told[at] : kernel[taps[at]];
    terms.index.push(place);
    terms.inside.push(inside);
    terms.used.push(recipe.facts.used === "all" || (recipe.facts.used === "inside" && inside));
    terms.value.push(value);
    terms.product.push(products.length > 0 ? products[at] : weighs ? value * weight : value);
    if (weighs) weights.push(weight);
  }
  if (recipe.facts.used === "winner") terms.used[winner(terms)] = true;
  if (weighs) terms.weight = weights;
  const { weight } = recipe.facts;
  if (taps !== null && weight !== null) terms.weight_index = Array.from(taps, (tap) => placed(tap, weight));
  return terms;
}

/** The first of the largest; NaN wins always. @param {Terms} terms @returns {number} */
function winner({ value, inside }) {
  let best = -1;
  for (let at = 0; at < value.length; at += 1) {
    if (!inside[at]) continue;
    if (best < 0 || value[at] > value[best] || (Number.isNaN(value[at]) && !Number.isNaN(value[best]))) best = at;
  }
  return best;
}

/** @param {Omit<Arithmetic, "total">} what @returns {number} */
function totalOf({ rule, formula, terms, bias, divisor, numbers }) {
  const { value, product } = terms;
  switch (rule) {
    case "sum":
      return exactSum([...product, bias ?? 0]);
    case "mean":
      return exactSum(value) / (divisor ?? 1);
    case "max":
      return value[terms.used.indexOf(true)];
    case "pick":
      return value[0];
    case "difference":
      return value[0] - value[1];
    case "product":
      return value[0] * value[1];
    default:
      return FORMULAS[formula](value[0], numbers);
  }
}

/**
 * How far the engine is from the exact total: the difference, and the same in units of float32's last place there.
 * @param {number} value
 * @param {number} total
 */
export function rounding(value, total) {
  const error = value === total ? 0 : value - total;
  if (error === 0) return { error, ulps: 0 };
  if (!Number.isFinite(error)) return { error, ulps: Number.isNaN(error) ? NaN : Infinity };
  return { error, ulps: Math.abs(error) / lastPlace(total) };
}

/** The distance from a number to the next larger float32. @param {number} total @returns {number} */
function lastPlace(total) {
  const [bits] = new Uint32Array(new Float32Array([Math.abs(total)]).buffer);
  const exponent = bits >>> 23;
  return exponent === 255 ? NaN : 2 ** (Math.max(exponent, 1) - 150);
}

/** How many times larger the sum of sizes is than the sum's size. @param {Arithmetic} what @returns {number} */
export function cancellation({ rule, terms, total, bias, divisor }) {
  if (!["sum", "difference", "mean"].includes(rule) || !Number.isFinite(total)) return NaN;
  const sizes = exactSum(terms.product.map(Math.abs)) + Math.abs(bias ?? 0);
  const size = Math.abs(total) * (divisor || 1);
  if (size !== 0) return sizes / size;
  return sizes !== 0 ? Infinity : NaN;
}
