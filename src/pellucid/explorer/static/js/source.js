// Where the page gets its numbers: the server that it came from. It asks, remembers a little, and computes nothing.

import { decodeRun, decodeTold } from "./decode.js";
import { LRU } from "./lru.js";

/**
 * @typedef {{name: string, kind: string, description: string, about: string, inputs: number[], shape: number[],
 *   input_shapes?: number[][], params?: number, macs?: number, receptive_field?: number[], jump?: number[],
 *   status?: string, formulas?: string[] | null, pads?: number[][] | null}} NodeFacts
 * @typedef {{title: string, params: number, macs: number, nodes: NodeFacts[], outputs: number[], classes: string[],
 *   samples: number, draws: boolean, hint: string, untrained: boolean}} NetworkFacts
 * @typedef {{run: string, sample: number | null, label: number | null, engine: string, scores: number[] | null,
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
 *   onward: Step[]}} Told
 * @typedef {{rows: number[], columns: number[], status: string, channels?: number[]}} Box
 * @typedef {{[node: string]: Box}} Field
 */

/** What the server refused, and why. */
class Refusal extends Error {
  /** @param {{where: string, got: string, expected: string, fix: string}} why @param {number} status */
  constructor(why, status) {
    super(`${why.where}: got ${why.got}; expected ${why.expected}. ${why.fix}.`);
    this.status = status;
  }
}

/** The server. */
export class Source {
  #told = new LRU(256);
  #fields = new LRU(256);

  /** @returns {Promise<NetworkFacts>} */
  network() {
    return ask("/api/network");
  }

  /** @param {number} sample @returns {Promise<RunFacts>} */
  async sample(sample) {
    return decodeRun(await post("/api/run", { sample }));
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array} pixels 0 is paper, 255 is ink
   * @returns {Promise<RunFacts>}
   */
  async drawing(width, height, pixels) {
    const text = Array.from(pixels, (byte) => String.fromCharCode(byte)).join("");
    return decodeRun(await post("/api/run", { drawing: { width, height, pixels: btoa(text) } }));
  }

  /**
   * Channels of layers, one after another.
   * @param {string} run
   * @param {{node: number, first: number, count: number}[]} parts
   * @returns {Promise<Float32Array>}
   */
  async maps(run, parts) {
    const wanted = parts.map(({ node, first, count }) => `${node}:${first}:${count}`).join(",");
    const answer = await this.#of(run, () => reach(`/api/maps?run=${encodeURIComponent(run)}&parts=${wanted}`));
    return new Float32Array(await answer.arrayBuffer());
  }

  /** @param {string} run @param {number} node @param {number[]} index @returns {Promise<Told>} */
  explain(run, node, index) {
    const key = `${run} ${node} ${index}`;
    const question = place("/api/explain", run, node, index);
    return this.#told.get(key, async () => decodeTold(await this.#of(run, () => ask(question))));
  }

  /** @param {string} run @param {number} node @param {number[]} index @returns {Promise<Field>} */
  field(run, node, index) {
    const question = place("/api/field", run, node, index);
    return this.#fields.get(`${node} ${index}`, () => this.#of(run, () => ask(question)));
  }

  /**
   * Ask about a run; if the server has forgotten it, and it was of a sample, have it made again.
   * @template T
   * @param {string} run
   * @param {() => Promise<T>} question
   * @returns {Promise<T>}
   */
  async #of(run, question) {
    try {
      return await question();
    } catch (problem) {
      const sample = /^sample-(\d+)$/.exec(run);
      if (!(problem instanceof Refusal) || problem.status !== 404 || sample === null) throw problem;
      await this.sample(Number(sample[1]));
      return question();
    }
  }
}

/** @param {string} path @param {string} run @param {number} node @param {number[]} index @returns {string} */
function place(path, run, node, index) {
  return `${path}?run=${encodeURIComponent(run)}&layer=${node}&index=${index.join(",")}`;
}

/** @param {string} address @param {RequestInit} [how] @returns {Promise<Response>} */
async function reach(address, how) {
  let answer;
  try {
    answer = await fetch(address, how);
  } catch {
    const why = {
      where: "The explorer",
      got: "no answer",
      expected: "the server behind this page",
      fix: "Start it again",
    };
    throw new Refusal(why, 0);
  }
  if (!answer.ok) throw new Refusal((await answer.json()).error, answer.status);
  return answer;
}

/** @param {string} address @param {RequestInit} [how] */
async function ask(address, how) {
  return (await reach(address, how)).json();
}

/** @param {string} address @param {object} body */
function post(address, body) {
  return ask(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
