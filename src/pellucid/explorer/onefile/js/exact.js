// Sums that are rounded once, at their end, as Python's math.fsum rounds them: the nearest double to the true sum.

/**
 * The sum, correctly rounded; NaN and infinities follow the rules of IEEE 754. Shewchuk, "Adaptive Precision
 * Floating-Point Arithmetic" (1997): partial sums that do not overlap hold the true sum without any error.
 * @param {ArrayLike<number>} values
 * @returns {number}
 */
export function exactSum(values) {
  /** @type {number[]} */
  const partials = [];
  let plain = 0;
  for (let at = 0; at < values.length; at += 1) {
    let x = values[at];
    plain += x;
    let kept = 0;
    for (let each = 0; each < partials.length; each += 1) {
      let y = partials[each];
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }
  return Number.isFinite(plain) ? rounded(partials) : plain;
}

/** The partial sums, smallest first, as one number. @param {number[]} partials @returns {number} */
function rounded(partials) {
  let at = partials.length - 1;
  if (at < 0) return 0;
  let high = partials[at];
  let low = 0;
  while (at > 0 && low === 0) {
    at -= 1;
    const x = high;
    const y = partials[at];
    high = x + y;
    low = y - (high - x);
  }
  // Half way between two doubles, what lies below decides; so far the even one was taken.
  if (at > 0 && ((low < 0 && partials[at - 1] < 0) || (low > 0 && partials[at - 1] > 0))) {
    const twice = low * 2;
    const other = high + twice;
    if (twice === other - high) high = other;
  }
  return high;
}
