// From values to colours: blue is below zero, orange above, zero is the colour of the ground. People who see few
// colours can tell the two apart, and the lightness grows steadily with the size.

/** @typedef {[number, number, number]} Rgb */

const STOPS = {
  light: ["#08468f", "#5c9fd3", "#f4f2ec", "#ee9a52", "#9c3503"],
  dark: ["#a9d6ff", "#2f74b5", "#1c2029", "#b5611f", "#ffcb96"],
};
const STEPS = 255; // an odd number: zero has a colour of its own
const MIDDLE = (STEPS - 1) / 2;
const NAN = /** @type {Rgb} */ ([194, 0, 140]);
const DARK_INK = "#000000";
const LIGHT_INK = "#ffffff";

/** @type {Rgb[]} */
let ramp = makeRamp(STOPS.light);

/** @param {"light" | "dark"} theme */
export function useRamp(theme) {
  ramp = makeRamp(STOPS[theme]);
}

/**
 * The colour of a value on a scale from -largest to +largest.
 * @param {number} value
 * @param {number} largest
 * @returns {Rgb}
 */
export function colour(value, largest) {
  if (Number.isNaN(value)) return NAN;
  const share = largest > 0 ? Math.max(-1, Math.min(1, value / largest)) : Math.sign(value);
  return ramp[Math.round(MIDDLE + share * MIDDLE)];
}

/** @param {Rgb} rgb @returns {string} */
export function css([r, g, b]) {
  return `rgb(${r} ${g} ${b})`;
}

/**
 * The ink, of two, that is read best on a colour: black and white are never both below 4.5 to 1.
 * @param {Rgb} rgb
 * @returns {string}
 */
export function ink(rgb) {
  const ground = luminance(rgb) + 0.05;
  return ground / (luminance(parse(DARK_INK)) + 0.05) >= 1.05 / ground ? DARK_INK : LIGHT_INK;
}

/** The whole scale, as a gradient for a legend. @returns {string} */
export function gradient() {
  const picked = Array.from({ length: 17 }, (_, i) => ramp[Math.round((i / 16) * (STEPS - 1))]);
  return `linear-gradient(90deg, ${picked.map(css).join(", ")})`;
}

/** The upper half of the scale, from zero, as a gradient for a legend. @returns {string} */
export function positive() {
  const picked = Array.from({ length: 9 }, (_, i) => ramp[Math.round(MIDDLE + (i / 8) * MIDDLE)]);
  return `linear-gradient(90deg, ${picked.map(css).join(", ")})`;
}

/** The largest finite size among values, on which a scale of their own would end. @param {ArrayLike<number>} values */
export function largest(values) {
  let most = 0;
  for (let i = 0; i < values.length; i += 1) {
    const size = Math.abs(values[i]);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}

/** @param {string} hex @returns {Rgb} */
function parse(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return [r, g, b];
}

/** @param {number} channel @returns {number} */
function linear(channel) {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

/** Relative luminance, as WCAG 2 defines it. @param {Rgb} rgb @returns {number} */
function luminance([r, g, b]) {
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/**
 * Mix the stops in OKLab (B. Ottosson, 2020), where equal steps look equal.
 * @param {string[]} stops
 * @returns {Rgb[]}
 */
function makeRamp(stops) {
  const points = stops.map((stop) => toLab(parse(stop)));
  return Array.from({ length: STEPS }, (_, step) => {
    const along = (step / (STEPS - 1)) * (points.length - 1);
    const from = Math.min(Math.floor(along), points.length - 2);
    const share = along - from;
    return fromLab(points[from].map((value, i) => value + (points[from + 1][i] - value) * share));
  });
}

/** @param {Rgb} rgb @returns {number[]} */
function toLab(rgb) {
  const [r, g, b] = rgb.map(linear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** @param {number[]} lab @returns {Rgb} */
function fromLab([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linears = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const bytes = linears.map((c) => 255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * Math.max(c, 0) ** (1 / 2.4) - 0.055));
  return /** @type {Rgb} */ (bytes.map((c) => Math.round(Math.max(0, Math.min(255, c)))));
}
