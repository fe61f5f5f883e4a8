// Everything that the page carries, opened piece by piece: the network, its runs, their values, and every recipe.

import { takenApart } from "./arithmetic.js";
import { Recipe, flat } from "./recipe.js";
import { unpack } from "./unpack.js";

/**
 * @typedef {import("../../static/js/source.js").NetworkFacts} NetworkFacts
 * @typedef {import("./recipe.js").LayerFacts} LayerFacts
 * @typedef {import("./unpack.js").Pack} Pack
 */

/** The network as the page carries it. */
export class Library {
  /** @type {NetworkFacts} */
  network;
  /** @type {any[]} what is told of each run */
  runs;
  /** @type {{[path: string]: {[layer: string]: object}}} answers about layers, whatever the run */
  said;
  /** @type {(Recipe | null)[]} by node */
  recipes;
  /** @type {Pack} */
  #pack;
  #weights;
  #values;

  /**
   * @param {Pack} pack
   * @param {() => Promise<Pack>} weights
   * @param {((() => Promise<Pack>))[]} values of each run
   */
  constructor(pack, weights, values) {
    const { network, runs, layers, said } = pack.told;
    this.network = network;
    this.runs = runs;
    this.said = said;
    this.recipes = layers.map((/** @type {LayerFacts | null} */ layer, /** @type {number} */ node) => {
      if (layer === null) return null;
      const shapes = layer.inputs.map((input) => network.nodes[input].shape);
      return new Recipe(layer, pack, network.nodes[node].shape, shapes);
    });
    this.#pack = pack;
    this.#weights = once(weights);
    this.#values = values.map(once);
  }

  /** Whether the numbers of a layer can be taken apart here. @param {number} node */
  explains(node) {
    return this.recipes[node]?.facts.explained ?? false;
  }

  /** The places behind the vector that a layer reads. @param {LayerFacts} layer */
  origins({ origins }) {
    return origins && { node: origins.node, index: this.#pack.array(origins.index) };
  }

  /** What a dropout does to its number of that place in training. @param {LayerFacts} layer @param {number} at */
  dropped({ dropped }, at) {
    return dropped === undefined ? null : { ...dropped.said, factor: this.#pack.array(dropped.factors)[at] };
  }

  /** One run, opened. @param {number} number @returns {Promise<Opened>} */
  async run(number) {
    const [values, weights] = await Promise.all([this.#values[number](), this.#weights()]);
    return new Opened(this, number, values, weights);
  }
}

/** One run, its values at hand. */
export class Opened {
  library;
  number;
  #values;
  #weights;

  /** @param {Library} library @param {number} number @param {Pack} values @param {Pack} weights */
  constructor(library, number, values, weights) {
    this.library = library;
    this.number = number;
    this.#values = values;
    this.#weights = weights;
  }

  /** All values of a node. @param {number} node @returns {import("./unpack.js").Numbers} */
  values(node) {
    return this.#values.array(this.#values.told.values[node]);
  }

  /** One value. @param {number} node @param {number[]} index */
  value(node, index) {
    return this.values(node)[flat(index, this.library.network.nodes[node].shape)];
  }

  /** One number taken apart. @param {number} node @param {number[]} index */
  takenApart(node, index) {
    const recipe = /** @type {Recipe} */ (this.library.recipes[node]);
    const { kernel } = recipe.facts;
    return takenApart(recipe, index, {
      values: (other) => this.values(other),
      kernel: kernel === undefined ? null : this.#weights.array(kernel),
      run: this.number,
    });
  }
}

/** Open a page's pieces. @param {(name: string) => string} text what stands in the piece of that name @param {number} runs */
export async function open(text, runs) {
  const piece = (/** @type {string} */ name) => () => unpack(text(name));
  const values = Array.from({ length: runs }, (_, at) => piece(`run-${at}`));
  return new Library(await unpack(text("facts")), piece("weights"), values);
}

/** @template T @param {() => Promise<T>} make @returns {() => Promise<T>} */
function once(make) {
  /** @type {Promise<T> | null} */
  let made = null;
  return () => (made ??= make());
}
