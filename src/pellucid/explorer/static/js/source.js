// Where the page gets its numbers: it asks, remembers a little, and computes nothing.

import { decodeRun, decodeTold, decodeWhy } from "./decode.js";
import { LRU } from "./lru.js";
import { Refusal } from "./transport.js";

/**
 * @typedef {{name: string, kind: string, description: string, about: string, inputs: number[], shape: number[],
 *   input_shapes?: number[][], params?: number, untrained?: number, macs?: number, receptive_field?: number[], jump?: number[],
 *   status?: string, formulas?: string[] | null, pads?: number[][] | null,
 *   absent?: boolean}} NodeFacts absent: its numbers are not in this page
 * @typedef {{title: string, first: number, last: number, parent: number | null, parts: number}} Group nodes that can be
 *   folded, numbers of the first and the last; parent: the group that it is a part of; parts: how many parts are alike
 * @typedef {{title: string, params: number, macs: number, nodes: NodeFacts[], groups: Group[], outputs: number[],
 *   numbers: {[name: string]: number}, classes: string[], samples: number, draws: boolean, pictures: boolean,
 *   hint: string, bgr: boolean, untrained: boolean, version: number, structure: number, undo: string | null,
 *   redo: string | null, alone?: boolean}} NetworkFacts alone: nobody is there who could run or change the network;
 *   numbers: the user's own, by layer; version: which one of the network this is;
 *   structure: the first version with the same layers; undo, redo: what these would do
 * @typedef {{run: string, version: number, structure: number, sample: number | null, label: number | null,
 *   engine: string, prepared: string, scores: number[] | null,
 *   ranges: [number, number][]}} RunFacts
 * @typedef {{source: number[], index: number[][], inside: boolean[], used: boolean[], value: number[],
 *   product: number[], weight: number[] | null, weight_index: number[][] | null}} Terms
 * @typedef {{source: number, channel: number, from: number, to: number, sum: number}} Part
 * @typedef {{layer: string, kind: string, index: number[], rule: string, formula: string,
 *   numbers: {[symbol: string]: number}, terms: number, value: number, chosen: boolean}} Step
 * @typedef {{address: string, layer: string, kind: string, description: string, index: number[], inputs: string[],
 *   rule: string, formula: string, value: number, total: number, error: number, ulps: number, cancellation: number,
 *   bias: number | null, divisor: number | null, numbers: {[symbol: string]: number}, terms: Terms, parts: Part[],
 *   sum: number | null, left_out: {count: number, sum: number} | null, origins: {node: number, index: number[][]} | null,
 *   onward: Step[], dropped: Dropped | null}} Told
 * @typedef {{p: number, factor: number, stay: boolean[], fell: number, all: number}} Dropped what a dropout does in the
 *   first step of a training: this number's factor, and which of the first units stay
 * @typedef {{method: string, settings: string, address: string, target: number | null, label: string | null,
 *   score: number, reference: number | null, error: number | null, layer: string | null, shape: [number, number],
 *   strongest: [number, number, number][], node: number, map: Float32Array}} Why node: the input that is weighed
 * @typedef {{rows: number[], columns: number[], status: string, channels?: number[]}} Box
 * @typedef {{[node: string]: Box}} Field
 */

const TEXT = new TextDecoder();
const ROOM = 50_000; // terms of sums that are remembered: some megabytes

/** All that can be asked. */
export class Source {
  #transport;
  #told = new LRU(ROOM, (/** @type {Told} */ told) => 64 + told.terms.source.length);
  #fields = fields();
  #reached = fields();

  /** @param {import("./transport.js").Transport} transport */
  constructor(transport) {
    this.#transport = transport;
  }

  /**
   * Ask for something that is told in JSON; nothing changes by it.
   * @param {string} path such as "/api/network"
   * @param {{[name: string]: string | number}} [params]
   * @returns {Promise<any>}
   */
  async ask(path, params = {}) {
    return JSON.parse(TEXT.decode(await this.#transport.get(path, texts(params))));
  }

  /**
   * Have something done, and hear in JSON what came of it.
   * @param {string} path
   * @param {object} body
   * @returns {Promise<any>}
   */
  async tell(path, body) {
    return JSON.parse(TEXT.decode(await this.#transport.post(path, body)));
  }

  /** @returns {Promise<NetworkFacts>} */
  network() {
    return this.ask("/api/network");
  }

  /** @param {number} sample @returns {Promise<RunFacts>} */
  async sample(sample) {
    return decodeRun(await this.tell("/api/run", { sample }));
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array} pixels 0 is paper, 255 is ink
   * @returns {Promise<RunFacts>}
   */
  async drawing(width, height, pixels) {
    const text = Array.from(pixels, (byte) => String.fromCharCode(byte)).join("");
    return decodeRun(await this.tell("/api/run", { drawing: { width, height, pixels: btoa(text) } }));
  }

  /** @param {number} training the number of an image of the training data @returns {Promise<RunFacts>} */
  async training(training) {
    return decodeRun(await this.tell("/api/excites/run", { training }));
  }

  /**
   * A picture, as pixels.
   * @param {number} width
   * @param {number} height
   * @param {string} pixels red, green, blue and opacity of each, row by row, in base64
   * @param {boolean} invert whether dark and light are turned around
   * @returns {Promise<RunFacts>}
   */
  async picture(width, height, pixels, invert) {
    return decodeRun(await this.tell("/api/picture", { width, height, pixels, invert }));
  }

  /** What a run was made of, on the network as it is now. @param {string} run @returns {Promise<RunFacts>} */
  async again(run) {
    return decodeRun(await this.tell("/api/again", { run }));
  }

  /** Images to choose from, one after another. @param {number[]} numbers @returns {Promise<Float32Array>} */
  async images(numbers) {
    return new Float32Array(await this.#transport.get("/api/images", { numbers: numbers.join(",") }));
  }

  /** Forget what belongs to a network with other layers. */
  forget() {
    this.#fields = fields();
    this.#reached = fields();
  }

  /**
   * Channels of layers, one after another.
   * @param {string} run
   * @param {{node: number, first: number, count: number}[]} parts
   * @returns {Promise<Float32Array>}
   */
  async maps(run, parts) {
    const wanted = parts.map(({ node, first, count }) => `${node}:${first}:${count}`).join(",");
    return new Float32Array(await this.#of(run, () => this.#transport.get("/api/maps", { run, parts: wanted })));
  }

  /** @param {string} run @param {number} node @param {number[]} index @returns {Promise<Told>} */
  explain(run, node, index) {
    const key = `${run} ${node} ${index}`;
    const question = { run, layer: node, index: index.join(",") };
    return this.#told.get(key, async () => decodeTold(await this.#of(run, () => this.ask("/api/explain", question))));
  }

  /**
   * What a number reaches in every later layer: the field of an output, read from its other end.
   * @param {string} run
   * @param {number} node
   * @param {number[]} index
   * @returns {Promise<Field>}
   */
  reached(run, node, index) {
    const question = { run, layer: node, index: index.join(",") };
    return this.#reached.get(`${node} ${index}`, () => this.#of(run, () => this.ask("/api/reached", question)));
  }

  /** @param {string} run @param {number} node @param {number[]} index @returns {Promise<Field>} */
  field(run, node, index) {
    const question = { run, layer: node, index: index.join(",") };
    return this.#fields.get(`${node} ${index}`, () => this.#of(run, () => this.ask("/api/field", question)));
  }

  /**
   * Which pixels count for a class or a number.
   * @param {string} run
   * @param {{[name: string]: string | number}} question
   * @returns {Promise<Why | null>} null if the same asker has asked something else since
   */
  async why(run, question) {
    const found = await this.#of(run, () => this.ask("/api/why", { run, ...question }));
    return found === null ? null : decodeWhy(found);
  }

  /**
   * Ask about a run; if it has been forgotten, and it was of a sample, have it made again.
   * @template T
   * @param {string} run
   * @param {() => Promise<T>} question
   * @returns {Promise<T>}
   */
  async #of(run, question) {
    try {
      return await question();
    } catch (problem) {
      const sample = /^(?:\d+-)?sample-(\d+)$/.exec(run);
      if (!(problem instanceof Refusal) || problem.status !== 404 || sample === null) throw problem;
      await this.sample(Number(sample[1]));
      return question();
    }
  }
}

/** @param {{[name: string]: string | number}} params @returns {{[name: string]: string}} */
function texts(params) {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}

/** Receptive fields of one network's layers. */
function fields() {
  return new LRU(ROOM, (/** @type {Field} */ field) => 8 * Object.keys(field).length);
}
