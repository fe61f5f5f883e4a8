// Where the user is and how they get elsewhere: to a layer, to a number, along the numbers that made it, and back.

import { fromHash, toHash } from "./address.js";
import { byId } from "./dom.js";
import { revealing } from "./folding.js";

/** @typedef {import("./store.js").Store} Store @typedef {import("./store.js").Place} Place */

/** All moves through the network. */
export class Journey {
  #store;
  #source;
  #arriving = 0;

  /** @param {Store} store @param {import("./source.js").Source} source */
  constructor(store, source) {
    this.#store = store;
    this.#source = source;
    addEventListener("popstate", () => this.arrive());
  }

  /** Go where the address bar says. */
  async arrive() {
    const where = fromHash(location.hash, this.#store.state.network);
    const { run } = this.#store.state;
    const trail = Array.isArray(history.state?.trail) ? history.state.trail : [];
    const { depth, node, unit, panel, measure } = where;
    const unfolded = this.#kept(revealing(this.#store.state.network, where.unfolded, node));
    const before = this.#store.state.tour;
    const tour = before?.name === where.tour?.name && before?.step === where.tour?.step ? before : where.tour;
    const place = { depth, node, unit, panel, measure, unfolded, pointed: null, trail, tour };
    if (run === null || (run.sample !== null && run.sample !== where.sample)) {
      await this.#run(() => this.#source.sample(where.sample), place);
    } else {
      this.#store.set(place);
    }
  }

  /** Show another image; stay in the same place. @param {number} number */
  async sample(number) {
    await this.#run(() => this.#source.sample(number), {});
    this.#write(false);
  }

  /**
   * Show what a hand drew; stay in the same place.
   * @param {number} width
   * @param {number} height
   * @param {Uint8Array} ink
   */
  async drawing(width, height, ink) {
    await this.#run(() => this.#source.drawing(width, height, ink), {});
    this.#write(false);
  }

  /**
   * Show another image that is run in a way of its own; stay in the same place.
   * @param {() => Promise<import("./source.js").RunFacts>} ask
   */
  async image(ask) {
    await this.#run(ask, {});
    this.#write(false);
  }

  /**
   * Show a picture; stay in the same place.
   * @param {number} width
   * @param {number} height
   * @param {string} pixels in base64
   * @param {boolean} invert
   */
  async picture(width, height, pixels, invert) {
    await this.#run(() => this.#source.picture(width, height, pixels, invert), {});
    this.#write(false);
  }

  /**
   * Follow the network to another version: the same image again, in the same place, as far as it is still there.
   * @param {import("./source.js").NetworkFacts} network as it is now
   * @param {string | null} [towards] a layer to look at, if the one that was looked at is gone
   */
  async renew(network, towards = null) {
    const { state } = this.#store;
    const sameLayers = network.structure === state.network.structure;
    const place = sameLayers ? {} : kept(state, network, towards);
    if (!sameLayers) this.#source.forget();
    await this.#run(() => this.#again(state.run), { ...place, network });
    this.#write(false);
  }

  /** Show the same image on the weights of now; the layers are the same. */
  async refresh() {
    await this.#run(() => this.#again(this.#store.state.run), {});
  }

  /** @param {import("./source.js").RunFacts | null} run @returns {Promise<import("./source.js").RunFacts>} */
  async #again(run) {
    if (run === null) return this.#source.sample(0);
    if (run.sample !== null) return this.#source.sample(run.sample);
    return this.#source.again(run.run).catch(() => this.#source.sample(0)); // drawn long ago, and forgotten
  }

  /** Open a layer at one of its units. @param {number} node @param {number[]} unit */
  layer(node, unit) {
    this.#go({ depth: "layer", node, unit, pointed: null, trail: [] });
  }

  /** Take a number apart. @param {number} node @param {number[]} unit */
  number(node, unit) {
    this.#go({ depth: "number", node, unit, pointed: null, trail: [] });
  }

  /** Follow a number to one that it was made of, or that is made of it. @param {number} node @param {number[]} unit */
  follow(node, unit) {
    const { state } = this.#store;
    const here = state.node === null || state.unit === null ? [] : [{ node: state.node, unit: state.unit }];
    this.#go({ depth: "number", node, unit, pointed: null, trail: [...state.trail, ...here] });
  }

  /** Go back to one of the numbers that led here. @param {number} step its place on the trail */
  retrace(step) {
    const { trail } = this.#store.state;
    const { node, unit } = trail[step];
    this.#go({ depth: "number", node, unit, pointed: null, trail: trail.slice(0, step) });
  }

  /** Move to a neighbouring unit of the same layer. @param {number[]} unit */
  move(unit) {
    this.#store.set({ unit, pointed: null });
    this.#write(false);
  }

  /** Look at a unit without going there; null looks back. @param {number[] | null} unit */
  point(unit) {
    const { pointed } = this.#store.state;
    if (String(pointed) !== String(unit)) this.#store.set({ pointed: unit });
  }

  /** Open a panel beside the network; null closes the one that is open. @param {string | null} panel */
  show(panel) {
    this.#go({ panel });
  }

  /**
   * Unfold or fold groups of layers; what is open in a folded one is left.
   * @param {number[]} unfolded those that are unfolded from now on
   */
  fold(unfolded) {
    const { network, node } = this.#store.state;
    const hidden = revealing(network, unfolded, node) !== unfolded;
    this.#go({ unfolded, ...(hidden ? { depth: "overview", node: null, unit: null, pointed: null } : {}) });
  }

  /** Compare the columns by something else. @param {import("./measures.js").Measure} measure */
  compare(measure) {
    this.#store.set({ measure });
    this.#write(false);
  }

  /** Take a tour, from one of its steps; null leaves the tour that is taken. @param {import("./store.js").State["tour"]} tour */
  tour(tour) {
    this.#go({ tour });
  }

  /**
   * Go where a step of a tour is.
   * @param {import("./tours/guide.js").Place} place
   * @param {number | null} seen a layer whose column must be there
   */
  guide(place, seen) {
    const { network, unfolded } = this.#store.state;
    const unfold = revealing(network, revealing(network, unfolded, place.node), seen);
    this.#store.set({ ...place, unfolded: unfold, pointed: null, trail: [], panel: null });
    this.#write(false);
  }

  /** Undo the last step down; at the top, close the open panel. */
  back() {
    const { depth, trail, panel } = this.#store.state;
    if (depth === "number" && trail.length > 0) this.retrace(trail.length - 1);
    else if (depth === "number") this.#go({ depth: "layer", pointed: null });
    else if (depth === "layer") this.#go({ depth: "overview", node: null, unit: null, pointed: null });
    else if (panel !== null) this.show(null);
  }

  /** @param {Partial<import("./store.js").State>} place */
  #go(place) {
    const { network, unfolded } = this.#store.state;
    this.#store.set({ unfolded: revealing(network, unfolded, place.node ?? null), ...place });
    this.#write(true);
  }

  /** The same array if it holds the same. @param {number[]} unfolded */
  #kept(unfolded) {
    const { unfolded: before } = this.#store.state;
    return String(before) === String(unfolded) ? before : unfolded;
  }

  /**
   * Run an image; of several on their way, the last one counts.
   * @param {() => Promise<import("./source.js").RunFacts>} ask
   * @param {Partial<import("./store.js").State>} place
   */
  async #run(ask, place) {
    this.#arriving += 1;
    const mine = this.#arriving;
    try {
      const run = await ask();
      if (mine === this.#arriving) this.#store.set({ run, ...place });
      byId("complaint").hidden = true;
    } catch (problem) {
      complain(problem);
    }
  }

  /** @param {boolean} push whether "back" in the browser shall lead here */
  #write(push) {
    const { state } = this.#store;
    const hash = toHash(state);
    const kept = { trail: state.trail };
    if (push && hash !== location.hash) history.pushState(kept, "", hash);
    else history.replaceState(kept, "", hash);
  }
}

/**
 * The place in a network with other layers: the layer of the same name, at the nearest unit that is there.
 * @param {import("./store.js").State} state
 * @param {import("./source.js").NetworkFacts} network
 * @param {string | null} towards
 * @returns {Partial<import("./store.js").State>}
 */
function kept(state, network, towards) {
  const gone = { depth: /** @type {const} */ ("overview"), node: null, unit: null };
  const aside = { pointed: null, trail: [], told: null, field: null };
  if (state.node === null || state.unit === null) return { ...aside, ...gone, unfolded: [] };
  const find = (/** @type {string | null} */ name) => network.nodes.findIndex((one) => one.name === name);
  const same = find(state.network.nodes[state.node].name);
  const node = same < 0 ? find(towards) : same;
  if (node < 0) return { ...aside, ...gone, unfolded: [] };
  const { shape } = network.nodes[node];
  const { unit } = state;
  const near = unit.length === shape.length ? unit.map((at, axis) => Math.min(at, shape[axis] - 1)) : shape.map(() => 0);
  return { ...aside, node, unit: near, unfolded: revealing(network, [], node) };
}

/** Say what went wrong, where everyone sees it. @param {unknown} problem */
export function complain(problem) {
  const said = problem instanceof Error ? problem.message : String(problem);
  const banner = byId("complaint");
  banner.textContent = said;
  banner.hidden = false;
}
