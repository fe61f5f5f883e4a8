// What a number depends on in every earlier layer: its place followed back through the recipes, a mask a layer.

import { SOURCE, box, flats, moved, product, sizesRead } from "./masks.js";

/**
 * @typedef {import("./library.js").Library} Library @typedef {import("./recipe.js").Recipe} Recipe
 * @typedef {import("./masks.js").Mask} Mask
 */

/**
 * The boxes around everything that a number depends on, by node.
 * @param {Library} library
 * @param {number} node
 * @param {number[]} index
 * @returns {{[node: string]: import("../../static/js/source.js").Box}}
 */
export function field(library, node, index) {
  const { nodes } = library.network;
  /** @type {Map<number, Uint8Array>} */
  const found = new Map();
  const start = new Uint8Array(product(nodes[node].shape));
  start[index.reduce((number, at, axis) => number * nodes[node].shape[axis] + at, 0)] = 1;
  found.set(node, start);
  for (let number = node; number >= 0; number -= 1) {
    const recipe = library.recipes[number];
    const mask = found.get(number);
    if (mask === undefined || recipe === null) continue;
    for (const [source, read] of reads(recipe, mask).entries()) {
      const before = recipe.facts.inputs[source];
      const known = found.get(before);
      if (known === undefined) found.set(before, read);
      else for (let at = 0; at < known.length; at += 1) known[at] |= read[at];
    }
  }
  const boxes = [...found].filter(([, mask]) => mask.includes(1));
  return Object.fromEntries(boxes.map(([number, mask]) => [number, box(mask, nodes[number].shape)]));
}

/** What the marked outputs read of each input. @param {Recipe} recipe @param {Uint8Array} outputs @returns {Uint8Array[]} */
function reads(recipe, outputs) {
  const { shape, shapes } = recipe;
  const sizes = sizesRead(recipe);
  /** @type {Mask} */
  let mask = { data: outputs, axes: shape.map((_, axis) => axis), sizes: shape };
  for (const block of recipe.blocks) mask = through(mask, block, sizes);
  const whole = moved(mask, sizes.map((_, column) => SOURCE + column));
  const each = product(sizes.slice(1));
  return shapes.map((own, source) => {
    const read = new Uint8Array(product(own));
    for (let at = 0; at < each; at += 1) {
      if (!whole.data[source * each + at]) continue;
      let rest = at;
      let place = 0;
      let stride = 1;
      let inside = true;
      for (let axis = own.length - 1; axis >= 0; axis -= 1) {
        const coordinate = recipe.spreads(source, axis) ? 0 : rest % sizes[axis + 1];
        rest = Math.floor(rest / sizes[axis + 1]);
        inside &&= coordinate < own[axis];
        place += coordinate * stride;
        stride *= own[axis];
      }
      if (inside) read[place] = 1;
    }
    return read;
  });
}

/**
 * Put what a block's places read in the place of its axes.
 * @param {Mask} mask
 * @param {Recipe["blocks"][number]} block
 * @param {number[]} sizes of what is read
 * @returns {Mask}
 */
function through(mask, { columns, table }, sizes) {
  const others = mask.axes.filter((axis) => !table.axes.includes(axis));
  const { data, sizes: lengths } = moved(mask, [...others, ...table.axes]);
  const kept = lengths.slice(0, others.length);
  const rest = product(kept);
  const places = table.which.length;
  const added = columns.map((column) => sizes[column]);
  const width = product(added);
  const result = new Uint8Array(rest * width);
  const entries = Array.from({ length: table.count }, (_, number) => flats(table.list(number), columns, added));
  const marked = new Uint8Array(table.count);
  for (let row = 0; row < rest; row += 1) {
    marked.fill(0);
    for (let at = 0; at < places; at += 1) if (data[row * places + at]) marked[table.which[at]] = 1;
    for (let number = 0; number < marked.length; number += 1) {
      if (marked[number]) for (const entry of entries[number]) result[row * width + entry] = 1;
    }
  }
  return { data: result, axes: [...others, ...columns.map((column) => SOURCE + column)], sizes: [...kept, ...added] };
}
