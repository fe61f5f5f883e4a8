// Numbers, places and shapes as people read them.

let full = false;

/** Show numbers with all their digits, or with a few. @param {boolean} yes */
export function showAllDigits(yes) {
  full = yes;
}

/** Whether numbers are shown with all their digits. @returns {boolean} */
export function allDigits() {
  return full;
}

/**
 * A number of the engine, which is a float32: few digits, or as many as tell it from its neighbours.
 * @param {number} value
 * @returns {string}
 */
export function single(value) {
  return full ? exactly(value, shortest(value)) : briefly(value);
}

/**
 * A number of the exact arithmetic, which is a float64.
 * @param {number} value
 * @returns {string}
 */
export function double(value) {
  return full ? exactly(value, String(value)) : briefly(value);
}

/** @param {number} value @param {string} digits @returns {string} */
function exactly(value, digits) {
  return Number.isFinite(value) ? digits : special(value);
}

/** @param {number} value @returns {string} */
function special(value) {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "∞" : "−∞";
}

/** The shortest decimal that is this float32 again, or this float64 if it is no float32. @param {number} value @returns {string} */
export function shortest(value) {
  if (!Number.isFinite(value)) return special(value);
  if (Math.fround(value) !== value) return String(value);
  for (let digits = 1; digits <= 9; digits += 1) {
    const near = Number(value.toPrecision(digits));
    if (Math.fround(near) === Math.fround(value)) return String(near);
  }
  return String(value);
}

/** @param {number} value @returns {string} */
export function briefly(value) {
  if (!Number.isFinite(value)) return special(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.001 || size >= 100000) return value.toExponential(1).replace("e+", "e").replaceAll("-", "−");
  const decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  return value.toFixed(decimals).replace("-", "−");
}

/** A number in a cell of a sum: never more than seven characters. @param {number} value @returns {string} */
export function fitting(value) {
  const size = Math.abs(value);
  if (size === 0 || (size >= 0.001 && size < 100000) || !Number.isFinite(value)) return briefly(value);
  return value.toExponential(0).replace("e+", "e").replaceAll("-", "−");
}

/** As few characters as fit a cell of a map. @param {number} value @returns {string} */
export function tiny(value) {
  if (!Number.isFinite(value)) return special(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000 || size < 0.005) return value.toExponential(0).replace("e+", "e").replaceAll("-", "−");
  return value
    .toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
    .replace("-", "−")
    .replace(/^(−?)0\./, "$1.");
}

/** @param {number} share @returns {string} */
export function percent(share) {
  if (!Number.isFinite(share)) return special(share);
  if (share > 0 && share < 0.001) return "< 0.1 %";
  if (share < 1 && share > 0.999) return "> 99.9 %";
  return `${(share * 100).toFixed(1)} %`;
}

/** @param {number} many @returns {string} */
export function grouped(many) {
  return String(many).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** @param {number} many @param {string} thing @param {string} [things] @returns {string} */
export function counted(many, thing, things = `${thing}s`) {
  return `${grouped(many)} ${many === 1 ? thing : things}`;
}

/** @param {number[]} sizes @returns {string} */
export function shape(sizes) {
  return sizes.join(" × ");
}

/**
 * The address of a number, as everywhere in Pellucid.
 * @param {string} name
 * @param {number[]} index
 * @returns {string}
 */
export function address(name, index) {
  return `${name}[${index.join(",")}]`;
}

/** A range of places, both ends counted. @param {number} first @param {number} end @returns {string} */
export function span(first, end) {
  return end - first === 1 ? `${first}` : `${first} to ${end - 1}`;
}

/** A rule such as max(x, 0), with the signs of mathematics. @param {string} rule @returns {string} */
export function typeset(rule) {
  return rule
    .replaceAll(" ** ", " ^ ")
    .replaceAll(" * ", " × ")
    .replaceAll(" - ", " − ")
    .replaceAll("*", "·")
    .replaceAll(/-(?=\d)/g, "−");
}
