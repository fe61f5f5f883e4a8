// Marks on the places of layers: laid along other axes, looked up in lists, and told as the box around them.

/**
 * @typedef {{data: Uint8Array, axes: number[], sizes: number[]}} Mask marks, the axes they lie along, and their lengths
 */

export const SOURCE = 100; // the axes of what is read are 100 (which input), 101, 102 and so on

/**
 * The lengths of the axes of what a layer reads: how many inputs, and the longest of each axis.
 * @param {import("./recipe.js").Recipe} recipe
 */
export function sizesRead(recipe) {
  const { shape, shapes } = recipe;
  const longest = shapes[0].map((_, axis) =>
    Math.max(...shapes.map((one, source) => (recipe.spreads(source, axis) ? shape : one)[axis])),
  );
  return [shapes.length, ...longest];
}

/**
 * A list's entries as numbers of places; what lies outside is left out.
 * @param {import("./unpack.js").Numbers} list
 * @param {number[]} columns
 * @param {number[]} sizes
 */
export function flats(list, columns, sizes) {
  const count = list.length / (columns.length + 1);
  /** @type {Set<number>} */
  const found = new Set();
  for (let entry = 0; entry < count; entry += 1) {
    const place = columns.map((_, at) => list[at * count + entry]);
    if (place.every((coordinate, at) => coordinate >= 0 && coordinate < sizes[at])) {
      found.add(place.reduce((number, coordinate, at) => number * sizes[at] + coordinate, 0));
    }
  }
  return found;
}

/** The same marks with their axes in another order. @param {Mask} mask @param {number[]} axes @returns {Mask} */
export function moved(mask, axes) {
  if (String(axes) === String(mask.axes)) return mask;
  const sizes = axes.map((axis) => mask.sizes[mask.axes.indexOf(axis)]);
  const strides = axes.map((axis) => product(mask.sizes.slice(mask.axes.indexOf(axis) + 1)));
  const data = new Uint8Array(mask.data.length);
  const place = axes.map(() => 0);
  let from = 0;
  for (let at = 0; at < data.length; at += 1) {
    data[at] = mask.data[from];
    for (let axis = axes.length - 1; axis >= 0; axis -= 1) {
      place[axis] += 1;
      from += strides[axis];
      if (place[axis] < sizes[axis]) break;
      from -= strides[axis] * sizes[axis];
      place[axis] = 0;
    }
  }
  return { data, axes, sizes };
}

/** The box around a mask's places, and how well it fits. @param {Uint8Array} mask @param {number[]} shape */
export function box(mask, shape) {
  const [height, width] = [1, ...shape].slice(-2);
  const plane = new Uint8Array(height * width);
  const channels = new Set();
  for (let at = 0; at < mask.length; at += 1) {
    if (!mask[at]) continue;
    plane[at % plane.length] = 1;
    channels.add(Math.floor(at / plane.length));
  }
  const hits = [...plane.keys()].filter((at) => plane[at]);
  const range = (/** @type {number[]} */ all) => [
    all.reduce((least, at) => Math.min(least, at)),
    all.reduce((most, at) => Math.max(most, at)) + 1,
  ];
  const rows = range(hits.map((at) => Math.floor(at / width)));
  const columns = range(hits.map((at) => at % width));
  const filled = hits.length === (rows[1] - rows[0]) * (columns[1] - columns[0]);
  const status = hits.length === plane.length ? "whole input" : filled ? "exact" : "upper bound";
  const some = shape.length === 3 && channels.size < shape[0];
  return { rows, columns, status, ...(some ? { channels: [...channels] } : {}) };
}

/** @param {number[]} sizes */
export function product(sizes) {
  return sizes.reduce((all, size) => all * size, 1);
}
