// The values of the run that is shown, map by map, fetched when they are first looked at.

import { largest } from "./colours.js";
import { drawMap, drawVector } from "./heat.js";
import { frame } from "./shapes.js";

/** @typedef {import("./store.js").State} State @typedef {{node: number, channel: number}} MapName */

/** The maps of one run. */
export class Values {
  #source;
  #run = "";
  /** @type {Map<string, Float32Array>} */
  #maps = new Map();

  /** @param {import("./source.js").Source} source */
  constructor(source) {
    this.#source = source;
  }

  /**
   * Fetch whatever of these maps is not there yet, in one request. A vector is one map.
   * @param {State} state
   * @param {{node: number, first: number, count: number}[]} parts
   * @returns {Promise<boolean>} whether they are there; false if another run came in between
   */
  async need(state, parts) {
    if (state.run === null) return false;
    const { run } = state.run;
    if (run !== this.#run) {
      this.#run = run;
      this.#maps = new Map();
    }
    const missing = parts.flatMap((part) => this.#missing(state, part));
    if (missing.length > 0) {
      const numbers = await this.#source.maps(run, missing);
      if (run !== this.#run) return false;
      this.#keep(state, missing, numbers);
    }
    return true;
  }

  /** A map's values, row by row, or a vector's. @param {number} node @param {number} channel */
  get(node, channel) {
    return this.#maps.get(`${node} ${channel}`) ?? null;
  }

  /** @param {State} state @param {{node: number, first: number, count: number}} part */
  #missing(state, part) {
    const { shape, absent } = state.network.nodes[part.node];
    if (absent) return [];
    if (shape.length === 1) {
      return this.#maps.has(`${part.node} 0`) ? [] : [{ node: part.node, first: 0, count: shape[0] }];
    }
    let { first } = part;
    let end = Math.min(part.first + part.count, shape[0]);
    while (first < end && this.#maps.has(`${part.node} ${first}`)) first += 1;
    while (end > first && this.#maps.has(`${part.node} ${end - 1}`)) end -= 1;
    return first < end ? [{ node: part.node, first, count: end - first }] : [];
  }

  /**
   * @param {State} state
   * @param {{node: number, first: number, count: number}[]} parts
   * @param {Float32Array} numbers
   */
  #keep(state, parts, numbers) {
    let at = 0;
    for (const { node, first, count } of parts) {
      const { shape } = state.network.nodes[node];
      const each = shape.slice(1).reduce((product, size) => product * size, 1);
      if (shape.length === 1) {
        this.#maps.set(`${node} 0`, numbers.subarray(at, at + count));
        at += count;
        continue;
      }
      for (let channel = first; channel < first + count; channel += 1) {
        this.#maps.set(`${node} ${channel}`, numbers.subarray(at, at + each));
        at += each;
      }
    }
  }
}

/**
 * Where the colour scale of a map ends.
 * @param {State} state
 * @param {number} node
 * @param {ArrayLike<number> | null} map its values, for a scale of its own
 * @returns {number}
 */
export function scaleEnd(state, node, map) {
  if (state.run === null) return 1;
  const { ranges } = state.run;
  if (state.scale === "map" && map !== null) return largest(map);
  return largest(state.scale === "network" ? ranges.flat() : ranges[node]);
}

/**
 * Draw a map or a vector small.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} values
 * @param {number[]} shape
 * @param {number} end where the colour scale ends
 */
export function drawSmall(canvas, values, shape, end) {
  const { rows, columns } = frame(shape);
  if (shape.length === 1) drawVector(canvas, values, end);
  else drawMap(canvas, values, rows, columns, end);
}
