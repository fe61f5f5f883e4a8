// Keeps the facts about the shown unit up to date: of each kind one question on its way at a time, and always the newest
// next. Where a number came from is asked first; nobody waits for its receptive field.

import { complain } from "./journey.js";
import { shownUnit } from "./store.js";

/** @typedef {import("./store.js").State} State @typedef {import("./store.js").Store} Store */

/** Asks for the facts. */
export class Teller {
  #store;
  #source;
  #followField;
  #followReached;

  /** @param {Store} store @param {import("./source.js").Source} source */
  constructor(store, source) {
    this.#store = store;
    this.#source = source;
    this.#followField = newest(store, (state) => this.#askField(state));
    this.#followReached = newest(store, (state) => this.#askReached(state));
    const follow = newest(store, (state) => this.#ask(state));
    store.on(["from"], () => this.#followReached());
    store.on(["run", "node", "unit", "pointed"], follow);
  }

  /** @param {State} state */
  async #ask(state) {
    const unit = shownUnit(state);
    if (state.run === null || state.node === null || unit === null) {
      this.#store.set({ told: null, field: null, reached: null });
      return;
    }
    const given = state.network.nodes[state.node].inputs.length === 0;
    this.#store.set({ told: given ? null : await this.#source.explain(state.run.run, state.node, unit) });
    this.#followField();
  }

  /** @param {State} state */
  async #askField(state) {
    const unit = shownUnit(state);
    if (state.run === null || state.node === null || unit === null) return;
    const field = await this.#source.field(state.run.run, state.node, unit);
    if (key(this.#store.state) === key(state)) this.#store.set({ field }); // else the pointer is elsewhere by now
    this.#followReached();
  }

  /** @param {State} state */
  async #askReached(state) {
    const unit = shownUnit(state);
    const from = state.from ?? (state.node === null || unit === null ? null : { node: state.node, unit });
    if (state.run === null || from === null) return;
    const reached = await this.#source.reached(state.run.run, from.node, from.unit);
    if (key(this.#store.state) === key(state)) this.#store.set({ reached });
  }
}

/**
 * A way to ask about the newest state, again and again until nothing has changed in between.
 * @param {Store} store
 * @param {(state: State) => Promise<void>} ask
 * @returns {() => Promise<void>}
 */
function newest(store, ask) {
  let busy = false;
  let asked = "";
  return async () => {
    if (busy) return;
    busy = true;
    try {
      let state = store.state;
      while (asked !== key(state)) {
        asked = key(state);
        await ask(state);
        state = store.state;
      }
    } catch (problem) {
      complain(problem);
    } finally {
      busy = false;
    }
  };
}

/** @param {State} state @returns {string} */
function key(state) {
  const { from } = state;
  return `${state.run?.run} ${state.node} ${shownUnit(state)} ${from?.node} ${from?.unit}`;
}

/** The facts about the shown unit, or null while they are on their way. @param {State} state */
export function toldHere(state) {
  const { told, node, network } = state;
  return told !== null && node !== null && network.nodes[node].name === told.layer ? told : null;
}
