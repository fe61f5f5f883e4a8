// What a tour's steps find out about the network that is open: where its layers are, and which of their numbers to show.

import { double, grouped, single } from "../format.js";
import { frame, isVector, mapCount, unitAt } from "../shapes.js";
import { fact } from "./telling.js";

/**
 * @typedef {import("../store.js").Depth} Depth
 * @typedef {import("../source.js").Told} Told
 * @typedef {{depth: Depth, node: number | null, unit: number[] | null}} Place
 * @typedef {{place: Place, show: string | number, words: import("./telling.js").Part[]}} Stop one stop of a tour: where it is,
 *   what is pointed at there (a selector, or a layer's number for its column), and what is said
 * @typedef {{name: string, title: string, about: string, needs: string[], stops: ((guide: Guide) => Promise<Stop>)[]}}
 *   Tour name: as the address bar has it; about: what one learns; needs: kinds of layers that the network must have
 */

const LOOKED_THROUGH = 8; // maps among which the strongest number is looked for

/** Knows the network and the run that are open. */
export class Guide {
  #page;

  /** @param {import("../page.js").Page} page */
  constructor(page) {
    this.#page = page;
  }

  get network() {
    return this.#page.store.state.network;
  }

  /** @returns {import("../source.js").RunFacts} */
  get run() {
    const { run } = this.#page.store.state;
    if (run === null) throw new Error("no image was run yet");
    return run;
  }

  /** The numbers of all layers of a kind, in the order of the network. @param {string} kind @returns {number[]} */
  all(kind) {
    return this.network.nodes.flatMap((node, number) => (node.kind === kind ? [number] : []));
  }

  /** The first layer of a kind, the second, ...; the last one if there are not so many. @param {string} kind @param {number} [nth] */
  find(kind, nth = 0) {
    const all = this.all(kind);
    return all[Math.min(nth, all.length - 1)];
  }

  /** @param {number} node */
  facts(node) {
    return this.network.nodes[node];
  }

  /**
   * Where a layer's largest number is, or with sign -1 its lowest, or with sign 0 the one that is largest in size.
   * @param {number} node
   * @param {-1 | 0 | 1} [sign]
   * @returns {Promise<number[]>}
   */
  async extreme(node, sign = 0) {
    const { shape } = this.facts(node);
    const count = Math.min(LOOKED_THROUGH, mapCount(shape));
    await this.#page.values.need(this.#page.store.state, [{ node, first: 0, count }]);
    const rank = (/** @type {number} */ value) => (sign === 0 ? Math.abs(value) : sign * value);
    let best = { channel: 0, at: 0, rank: -Infinity };
    for (let channel = 0; channel < count; channel += 1) {
      for (const [at, value] of (this.#page.values.get(node, channel) ?? []).entries()) {
        if (rank(value) > best.rank) best = { channel, at, rank: rank(value) };
      }
    }
    if (isVector(shape)) return [best.at];
    const { columns } = frame(shape);
    const { channel, at } = best;
    return unitAt(shape, { channel, row: Math.floor(at / columns), column: at % columns }) ?? shape.map(() => 0);
  }

  /** One map's values. @param {number} node @param {number} channel @returns {Promise<Float32Array>} */
  async map(node, channel) {
    await this.#page.values.need(this.#page.store.state, [{ node, first: channel, count: 1 }]);
    return this.#page.values.get(node, channel) ?? new Float32Array();
  }

  /** The arithmetic of a number. @param {number} node @param {number[]} unit @returns {Promise<Told>} */
  told(node, unit) {
    return this.#page.source.explain(this.run.run, node, unit);
  }

  /** The class that the network says, and its score's place. @returns {number} */
  get best() {
    const scores = this.run.scores ?? [];
    return scores.indexOf(Math.max(...scores));
  }

  /** A layer's fact, as the page has it everywhere. @param {number} node @param {"parameters" | "multiply-adds"} what */
  cost(node, what) {
    const { name, params, macs } = this.facts(node);
    return fact(what, name, (what === "parameters" ? params : macs) ?? 0);
  }

  /** The size of a layer along one axis. @param {number} node @param {number} axis @param {string} [text] */
  size(node, axis, text) {
    const { name, shape } = this.facts(node);
    return fact(`axis ${axis}`, name, shape[axis], text ?? grouped(shape[axis]));
  }
}

/** How much of the first input a layer's numbers see, at most all of it. @param {Guide} guide @param {number} node */
export function sees(guide, node) {
  const { name, receptive_field: field = [1, 1] } = guide.facts(node);
  const [rows, columns] = field.map((size, axis) => Math.min(size, guide.facts(0).shape[axis + 1] ?? size));
  return fact("field", name, rows * columns, `${rows} × ${columns}`);
}

/** The whole network. @type {Place} */
export const OVERVIEW = { depth: "overview", node: null, unit: null };

/** What is true of a number. @param {Told} told */
export function numbers(told) {
  const { address, terms, bias } = told;
  const sizes = terms.product.map(Math.abs);
  const most = terms.product[sizes.indexOf(Math.max(...sizes))];
  const count = terms.value.length + (told.left_out?.count ?? 0);
  return {
    count: fact("count", address, count),
    most: fact("most", address, most, double(most)),
    bias: fact("bias", address, bias ?? 0, double(bias ?? 0)),
    total: fact("total", address, told.total, double(told.total)),
    value: fact("value", address, told.value, single(told.value)),
  };
}
