// Formulas of one number whose every operation is rounded exactly everywhere, so that they give Python's result.

/** @typedef {{[symbol: string]: number}} Named */

/** @param {number} x @param {number} low @param {number} high */
const clipped = (x, low, high) => Math.min(Math.max(x, low), high);

/** @param {number} x @param {Named} n */
const normal = (x, n) => (x - n.mean) / Math.sqrt(n.variance + n.eps);

/** @type {{[formula: string]: (x: number, n: Named) => number}} */
export const FORMULAS = {
  "max(x, 0)": (x) => Math.max(x, 0),
  "min(max(x, 0), 6)": (x) => clipped(x, 0, 6),
  "min(max(x, low), high)": (x, n) => clipped(x, n.low, n.high),
  "max(0, min(1, alpha * x + beta))": (x, n) => clipped(n.alpha * x + n.beta, 0, 1),
  "x * max(0, min(1, x / 6 + 1 / 2))": (x) => x * clipped(x / 6 + 0.5, 0, 1),
  "x if x > 0 else slope * x": (x, n) => (x > 0 ? x : n.slope * x),
  "x * weight": (x, n) => x * n.weight,
  "x + bias": (x, n) => x + n.bias,
  "x * weight + bias": (x, n) => x * n.weight + n.bias,
  "(x - mean) / sqrt(variance + eps)": normal,
  "(x - mean) / sqrt(variance + eps) * weight + bias": (x, n) => normal(x, n) * n.weight + n.bias,
  value: (_, n) => n.value,
};
