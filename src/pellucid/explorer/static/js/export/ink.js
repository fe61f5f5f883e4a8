// Colours in the one form that every program reads: whatever CSS calls them, they become #rrggbb and an opacity.

/** @typedef {{colour: string, opacity: number}} Ink */

/** @type {Map<string, Ink | null>} */
const KNOWN = new Map();
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const context = canvas.getContext("2d", { willReadFrequently: true });

/** A colour of CSS, or null if nothing of it is seen. @param {string} css @returns {Ink | null} */
export function bare(css) {
  const known = KNOWN.get(css);
  if (known !== undefined || context === null) return known ?? null;
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = css;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
  const hex = [red, green, blue].map((level) => level.toString(16).padStart(2, "0")).join("");
  const ink = alpha === 0 ? null : { colour: `#${hex}`, opacity: alpha / 255 };
  KNOWN.set(css, ink);
  return ink;
}
