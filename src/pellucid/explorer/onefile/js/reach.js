// What a number reaches in every later layer: its place followed on through the recipes, a mask a layer.

import { SOURCE, box, flats, moved, product, sizesRead } from "./masks.js";

/**
 * @typedef {import("./library.js").Library} Library @typedef {import("./recipe.js").Recipe} Recipe
 * @typedef {import("./masks.js").Mask} Mask
 */

/**
 * The boxes around everything that depends on a number, by node.
 * @param {Library} library
 * @param {number} node
 * @param {number[]} index
 * @returns {{[node: string]: import("../../static/js/source.js").Box}}
 */
export function reach(library, node, index) {
  const { nodes } = library.network;
  /** @type {Map<number, Uint8Array>} */
  const found = new Map();
  const start = new Uint8Array(product(nodes[node].shape));
  start[index.reduce((number, at, axis) => number * nodes[node].shape[axis] + at, 0)] = 1;
  found.set(node, start);
  for (const [number, recipe] of library.recipes.entries()) {
    if (recipe === null) continue;
    const outputs = new Uint8Array(product(recipe.shape));
    for (const [source, input] of recipe.facts.inputs.entries()) {
      const mask = found.get(input);
      if (mask === undefined) continue;
      const reached = readers(recipe, source, mask);
      for (let at = 0; at < outputs.length; at += 1) outputs[at] |= reached[at];
    }
    if (outputs.includes(1)) found.set(number, outputs);
  }
  return Object.fromEntries([...found].map(([number, mask]) => [number, box(mask, nodes[number].shape)]));
}

/** The outputs that read marked places of one input. @param {Recipe} recipe @param {number} source @param {Uint8Array} marks */
function readers(recipe, source, marks) {
  const sizes = sizesRead(recipe);
  const own = recipe.shapes[source];
  const each = product(sizes.slice(1));
  const data = new Uint8Array(product(sizes));
  for (let at = 0; at < each; at += 1) {
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
    if (inside && marks[place]) data[source * each + at] = 1;
  }
  /** @type {Mask} */
  let mask = { data, axes: sizes.map((_, column) => SOURCE + column), sizes };
  for (const block of recipe.blocks) mask = onto(mask, block, sizes, recipe.shape);
  return moved(mask, recipe.shape.map((_, axis) => axis)).data;
}

/**
 * Put the places that read marked coordinates of a block in the place of these coordinates.
 * @param {Mask} mask
 * @param {Recipe["blocks"][number]} block
 * @param {number[]} sizes of what is read
 * @param {number[]} shape of what reads
 * @returns {Mask}
 */
function onto(mask, { columns, table }, sizes, shape) {
  const own = columns.map((column) => SOURCE + column);
  const others = mask.axes.filter((axis) => !own.includes(axis));
  const { data, sizes: lengths } = moved(mask, [...others, ...own]);
  const kept = lengths.slice(0, others.length);
  const rest = product(kept);
  const read = columns.map((column) => sizes[column]);
  const width = product(read);
  const places = table.which.length;
  const entries = Array.from({ length: table.count }, (_, number) => [...flats(table.list(number), columns, read)]);
  const result = new Uint8Array(rest * places);
  for (let row = 0; row < rest; row += 1) {
    const hit = entries.map((list) => list.some((entry) => data[row * width + entry]));
    for (let at = 0; at < places; at += 1) if (hit[table.which[at]]) result[row * places + at] = 1;
  }
  const added = table.axes.map((axis) => shape[axis]);
  return { data: result, axes: [...others, ...table.axes], sizes: [...kept, ...added] };
}
