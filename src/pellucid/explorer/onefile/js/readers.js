// Where a number goes next: the layers that read it, found by turning their recipes round.

import { placed } from "./recipe.js";

/**
 * @typedef {import("./library.js").Opened} Opened @typedef {import("./recipe.js").Recipe} Recipe
 * @typedef {{node: number, index: number[], chosen: boolean, what: import("./arithmetic.js").Arithmetic}} Step
 */

const LENGTH = 12; // steps followed at most

/**
 * The numbers that follow from one without weights for each number, one after another; where several layers read a
 * number, the way that goes furthest.
 * @param {Opened} run
 * @param {number} node
 * @param {number[]} index
 * @returns {Step[]}
 */
export function followers(run, node, index) {
  return furthest(run, node, index, LENGTH, new Map());
}

/**
 * The longest way on of at most so many steps; of equal ones the first.
 * @param {Opened} run
 * @param {number} node
 * @param {number[]} index
 * @param {number} room
 * @param {Map<string, Step[]>} known
 * @returns {Step[]}
 */
function furthest(run, node, index, room, known) {
  if (room === 0) return [];
  const key = `${node} ${index} ${room}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  /** @type {Step[]} */
  let best = [];
  for (const step of readers(run, node, index)) {
    const way = [step, ...(step.chosen ? furthest(run, step.node, step.index, room - 1, known) : [])];
    const better = best.length === 0 || Number(way[0].chosen) - Number(best[0].chosen) || way.length - best.length;
    if (better === true || Number(better) > 0) best = way;
  }
  known.set(key, best);
  return best;
}

/** For each layer that reads a number its first one that uses it, else the first. @param {Opened} run @param {number} node @param {number[]} index @returns {Generator<Step>} */
function* readers(run, node, index) {
  for (const [reader, recipe] of run.library.recipes.entries()) {
    if (recipe === null || !recipe.facts.explained || recipe.weighs) continue;
    /** @type {Step | null} */
    let first = null;
    for (const step of reading(run, reader, recipe, node, index)) {
      if (first === null || step.chosen) first = step;
      if (step.chosen) break;
    }
    if (first !== null) yield first;
  }
}

/**
 * The numbers of a layer that read a number.
 * @param {Opened} run
 * @param {number} reader
 * @param {Recipe} recipe
 * @param {number} node
 * @param {number[]} index
 * @returns {Generator<Step>}
 */
function* reading(run, reader, recipe, node, index) {
  const sources = recipe.facts.inputs.flatMap((input, source) => (input === node ? [source] : []));
  if (sources.length === 0) return;
  for (const place of places(recipe, sources, run.library.network.nodes[node].shape, index)) {
    const what = run.takenApart(reader, place);
    const mine = what.terms.index.flatMap((where, at) =>
      sources.includes(what.terms.source[at]) && String(where) === String(index) ? [at] : [],
    );
    if (mine.length > 0) yield { node: reader, index: place, chosen: mine.some((at) => what.terms.used[at]), what };
  }
}

/**
 * The places of a layer's output that read a place, in the same channel where channels stay what they are.
 * @param {Recipe} recipe
 * @param {number[]} sources its inputs that the place is in
 * @param {number[]} shape of these inputs
 * @param {number[]} index
 * @returns {number[][]}
 */
function places(recipe, sources, shape, index) {
  if (String(recipe.shape) === String(shape)) return [index];
  let found = [/** @type {number[]} */ ([])];
  /** @type {number[]} */
  const axes = [];
  for (const { columns, table } of recipe.blocks) {
    const holds = Array.from({ length: table.count }, (_, number) =>
      held(recipe, columns, table.list(number), sources, index),
    );
    const sizes = table.axes.map((axis) => recipe.shape[axis]);
    const here = [...table.which].flatMap((number, at) => (holds[number] ? [placed(at, sizes)] : []));
    found = found.flatMap((before) => here.map((after) => [...before, ...after]));
    axes.push(...table.axes);
  }
  const keeps = shape.length === 3 && recipe.shape[0] === shape[0];
  return found
    .map((place) => recipe.shape.map((_, axis) => place[axes.indexOf(axis)]))
    .filter((place) => !keeps || place[0] === index[0])
    .sort((a, b) => a.reduce((sign, at, axis) => sign || at - b[axis], 0));
}

/**
 * Whether one of a block's entries may be the place.
 * @param {Recipe} recipe
 * @param {number[]} columns
 * @param {import("./unpack.js").Numbers} list
 * @param {number[]} sources
 * @param {number[]} index
 */
function held(recipe, columns, list, sources, index) {
  const count = list.length / (columns.length + 1);
  for (let entry = 0; entry < count; entry += 1) {
    const fits = columns.every((column, at) => {
      const coordinate = list[at * count + entry];
      if (column === 0) return sources.includes(coordinate);
      return coordinate === index[column - 1] || recipe.spreads(sources[0], column - 1);
    });
    if (fits) return true;
  }
  return false;
}
