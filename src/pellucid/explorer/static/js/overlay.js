// A map of what counts, drawn over the image that it is about: strong places cover the image, the others let it through.

import { colour, largest } from "./colours.js";

const SOFTENED = 0.6; // a power below 1: what counts little is seen too
const MANY = 1024; // numbers, of which one in two hundred may lie beyond the scale: a few pixels would hide all others
const WITHIN = 0.995;

/** Where the colour scale of a map ends. @param {Float32Array} values @returns {number} */
export function endOf(values) {
  if (values.length < MANY) return largest(values);
  const sizes = values.map(Math.abs).sort(); // NaN comes last
  return sizes[Math.floor(WITHIN * (sizes.length - 1))] || largest(values);
}

/**
 * Draw a map whose zeros are not there.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values row by row
 * @param {number} rows
 * @param {number} columns
 * @param {number} end where the colour scale ends
 */
export function drawOver(canvas, values, rows, columns, end) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at += 1) {
    image.data.set(colour(values[at], end), at * 4);
    image.data[at * 4 + 3] = Math.round(255 * cover(values[at], end));
  }
  context.putImageData(image, 0, 0);
}

/** How much of the image a value covers, 0 to 1; what is no number covers all. @param {number} value @param {number} end */
function cover(value, end) {
  if (Number.isNaN(value)) return 1;
  return end > 0 ? Math.min(1, Math.abs(value) / end) ** SOFTENED : 0;
}
