// JSON holds no NaN and no infinities: they come as words, and only where numbers are expected are words read as such.

/** @typedef {import("./source.js").Told} Told @typedef {import("./source.js").RunFacts} RunFacts @typedef {import("./source.js").Why} Why */

/** @type {{[word: string]: number}} */
const WORDS = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** @param {any} value @returns {any} */
function number(value) {
  return typeof value === "string" ? WORDS[value] : value;
}

/** @param {any[] | null} values @returns {any} */
function numbers(values) {
  return values === null ? null : values.map(number);
}

/** @param {{[symbol: string]: any}} named */
function named(named) {
  return Object.fromEntries(Object.entries(named).map(([symbol, value]) => [symbol, number(value)]));
}

/** @param {any} run @returns {RunFacts} */
export function decodeRun(run) {
  return { ...run, scores: numbers(run.scores) };
}

/** @param {any} told @returns {Told} */
export function decodeTold(told) {
  const { terms } = told;
  return {
    ...told,
    value: number(told.value),
    total: number(told.total),
    error: number(told.error),
    ulps: number(told.ulps),
    cancellation: number(told.cancellation),
    bias: number(told.bias),
    divisor: number(told.divisor),
    numbers: named(told.numbers),
    terms: {
      ...terms,
      value: numbers(terms.value),
      product: numbers(terms.product),
      weight: numbers(terms.weight),
    },
    parts: told.parts.map((/** @type {any} */ part) => ({ ...part, sum: number(part.sum) })),
    left_out: told.left_out && { ...told.left_out, sum: number(told.left_out.sum) },
    onward: told.onward.map((/** @type {any} */ step) => ({
      ...step,
      value: number(step.value),
      numbers: named(step.numbers),
    })),
  };
}

/** @param {any} why @returns {Why} */
export function decodeWhy(why) {
  const bytes = Uint8Array.from(atob(why.map), (letter) => letter.charCodeAt(0));
  return {
    ...why,
    score: number(why.score),
    reference: number(why.reference),
    error: number(why.error),
    strongest: why.strongest.map(numbers),
    map: new Float32Array(bytes.buffer),
  };
}
