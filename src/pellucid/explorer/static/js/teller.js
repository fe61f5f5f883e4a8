// Keeps the facts about the shown unit up to date: one question on its way at a time, and always the newest next.

import { complain } from "./journey.js";
import { shownUnit } from "./store.js";

/** @typedef {import("./store.js").State} State */

/** Asks for the facts. */
export class Teller {
  #store;
  #source;
  #busy = false;
  #wanted = "";

  /** @param {import("./store.js").Store} store @param {import("./source.js").Source} source */
  constructor(store, source) {
    this.#store = store;
    this.#source = source;
    store.on(["run", "node", "unit", "pointed"], () => this.#follow());
  }

  async #follow() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      let state = this.#store.state;
      while (this.#wanted !== key(state)) {
        this.#wanted = key(state);
        await this.#ask(state);
        state = this.#store.state;
      }
    } catch (problem) {
      complain(problem);
    } finally {
      this.#busy = false;
    }
  }

  /** @param {State} state */
  async #ask(state) {
    const unit = shownUnit(state);
    if (state.run === null || state.node === null || unit === null) {
      this.#store.set({ told: null, field: null });
      return;
    }
    const given = state.network.nodes[state.node].inputs.length === 0;
    const { run } = state.run;
    this.#store.set({ told: given ? null : await this.#source.explain(run, state.node, unit) });
    if (key(this.#store.state) !== this.#wanted) return; // the pointer is elsewhere by now
    this.#store.set({ field: await this.#source.field(run, state.node, unit) });
  }
}

/** @param {State} state @returns {string} */
function key(state) {
  return `${state.run?.run} ${state.node} ${shownUnit(state)}`;
}

/** The facts about the shown unit, or null while they are on their way. @param {State} state */
export function toldHere(state) {
  const { told, node, network } = state;
  return told !== null && node !== null && network.nodes[node].name === told.layer ? told : null;
}
