// What the page shows right now, and who wants to know when that changes.

/**
 * @typedef {import("./source.js").NetworkFacts} NetworkFacts
 * @typedef {import("./source.js").RunFacts} RunFacts
 * @typedef {import("./source.js").Told} Told
 * @typedef {import("./source.js").Field} Field
 * @typedef {{node: number, unit: number[]}} Place
 * @typedef {"overview" | "layer" | "number"} Depth
 * @typedef {{
 *   network: NetworkFacts,
 *   run: RunFacts | null,
 *   depth: Depth,
 *   node: number | null,
 *   unit: number[] | null,
 *   pointed: number[] | null,
 *   trail: Place[],
 *   told: Told | null,
 *   field: Field | null,
 *   from: Place | null,
 *   reached: Field | null,
 *   scale: "map" | "layer" | "network",
 *   digits: "few" | "all",
 *   theme: "light" | "dark",
 *   panel: string | null,
 *   unfolded: number[],
 *   measure: import("./measures.js").Measure,
 *   times: {milliseconds: {[name: string]: number}, how: string} | null,
 *   numbers: {[name: string]: number},
 *   tour: {name: string, step: number} | null,
 * }} State node and unit: what is selected; pointed: the unit under the pointer, which goes before it; trail: the
 *   numbers that were followed to get here; told and field: the facts about the unit that is shown; from: a number
 *   that it reads, under the pointer; reached: what that one reaches, or else the unit that is shown; panel: the panel
 *   that is open; unfolded: the groups of layers that are, in order; measure: what the columns are compared by; times
 *   and numbers: what was measured, and what the user knows, of each layer; tour: the guided tour that is taken,
 *   and how many steps of it lie behind.
 */

/** The state, and its listeners. */
export class Store {
  /** @type {State} */
  #state;
  /** @type {{keys: (keyof State)[], listener: (state: State) => void}[]} */
  #listeners = [];

  /** @param {State} state */
  constructor(state) {
    this.#state = state;
  }

  /** @returns {Readonly<State>} */
  get state() {
    return this.#state;
  }

  /**
   * Call a listener whenever one of these changes.
   * @param {(keyof State)[]} keys
   * @param {(state: State) => void} listener
   */
  on(keys, listener) {
    this.#listeners.push({ keys, listener });
  }

  /** @param {Partial<State>} patch */
  set(patch) {
    const before = this.#state;
    this.#state = { ...before, ...patch };
    const changed = new Set(
      /** @type {(keyof State)[]} */ (Object.keys(patch)).filter((key) => patch[key] !== before[key]),
    );
    for (const { keys, listener } of this.#listeners) {
      if (keys.some((key) => changed.has(key))) listener(this.#state);
    }
  }
}

/** The unit that is shown: the one under the pointer, or else the selected one. @param {State} state */
export function shownUnit(state) {
  return state.pointed ?? state.unit;
}
