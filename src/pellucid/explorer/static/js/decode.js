// JSON holds no NaN and no infinities: they come as words, and only where numbers are expected are words read as such.

/** @typedef {import("./source.js").Told} Told @typedef {import("./source.js").RunFacts} RunFacts @typedef {import("./source.js").Why} Why */

/** @type {{[word: string]: number}} */
const WORDS = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** A number that may have come as a word. @param {any} value @returns {any} */
export function decodeNumber(value) {
  return typeof value === "string" ? WORDS[value] : value;
}

/** @param {any[] | null} values @returns {any} */
function numbers(values) {
  return values === null ? null : values.map(decodeNumber);
}

/** @param {{[symbol: string]: any}} named */
function named(named) {
  return Object.fromEntries(Object.entries(named).map(([symbol, value]) => [symbol, decodeNumber(value)]));
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
    value: decodeNumber(told.value),
    total: decodeNumber(told.total),
    error: decodeNumber(told.error),
    ulps: decodeNumber(told.ulps),
    cancellation: decodeNumber(told.cancellation),
    bias: decodeNumber(told.bias),
    divisor: decodeNumber(told.divisor),
    numbers: named(told.numbers),
    terms: {
      ...terms,
      value: numbers(terms.value),
      product: numbers(terms.product),
      weight: numbers(terms.weight),
    },
    parts: told.parts.map((/** @type {any} */ part) => ({ ...part, sum: decodeNumber(part.sum) })),
    left_out: told.left_out && { ...told.left_out, sum: decodeNumber(told.left_out.sum) },
    onward: told.onward.map((/** @type {any} */ step) => ({
      ...step,
      value: decodeNumber(step.value),
      numbers: named(step.numbers),
    })),
  };
}

/** @param {any} why @returns {Why} */
export function decodeWhy(why) {
  const bytes = Uint8Array.from(atob(why.map), (letter) => letter.charCodeAt(0));
  return {
    ...why,
    score: decodeNumber(why.score),
    reference: decodeNumber(why.reference),
    error: decodeNumber(why.error),
    strongest: why.strongest.map(numbers),
    map: new Float32Array(bytes.buffer),
  };
}
