// Maps and vectors as pictures, a pixel a number.

import { colour } from "./colours.js";

const TALLEST = 32; // numbers of a vector in one column of its picture
export const MOST = 2048; // numbers of a vector that are drawn

/**
 * How a vector is laid out as a picture: column after column, each from top to bottom.
 * @param {number} length
 * @returns {{rows: number, columns: number}}
 */
export function stacked(length) {
  const shown = Math.min(length, MOST);
  const columns = Math.ceil(shown / TALLEST);
  return { rows: Math.ceil(shown / columns), columns };
}

/**
 * Draw a map, a pixel a number; CSS makes it large.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values row by row
 * @param {number} rows
 * @param {number} columns
 * @param {number} largest the end of the colour scale
 */
export function drawMap(canvas, values, rows, columns, largest) {
  draw(canvas, rows, columns, (at) => colour(values[at], largest));
}

/**
 * Draw a vector.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 * @param {number} largest
 */
export function drawVector(canvas, values, largest) {
  const { rows, columns } = stacked(values.length);
  draw(canvas, rows, columns, (at) => {
    const place = (at % columns) * rows + Math.floor(at / columns);
    return place < values.length ? colour(values[place], largest) : null;
  });
}

/**
 * Draw an image as the eye knows it: grey of one channel, red, green and blue of three.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array[]} channels
 * @param {number} rows
 * @param {number} columns
 * @param {[number, number]} range what black and white are
 */
export function drawPicture(canvas, channels, rows, columns, [low, high]) {
  const scale = high > low ? 255 / (high - low) : 0;
  draw(canvas, rows, columns, (at) => {
    const light = channels.map((channel) => Math.round((channel[at] - low) * scale));
    return light.length === 3 ? [light[0], light[1], light[2]] : [light[0], light[0], light[0]];
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} rows
 * @param {number} columns
 * @param {(at: number) => number[] | null} pixel
 */
function draw(canvas, rows, columns, pixel) {
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at += 1) {
    const rgb = pixel(at);
    if (rgb === null) continue;
    image.data.set(rgb, at * 4);
    image.data[at * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
