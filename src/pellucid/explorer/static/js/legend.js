// What the colours mean, always in sight, and over what they range.

import { gradient, largest } from "./colours.js";
import { byId } from "./dom.js";
import { briefly } from "./format.js";

/** @typedef {import("./store.js").State} State */

/** The legend. */
export class Legend {
  #store;

  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.#store = store;
    const choices = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=scale]"));
    for (const choice of choices) {
      choice.checked = choice.value === store.state.scale;
      choice.addEventListener("change", () => store.set({ scale: /** @type {State["scale"]} */ (choice.value) }));
    }
    store.on(["run", "node", "scale", "theme"], () => this.#show());
  }

  #show() {
    const { run, scale, node, network } = this.#store.state;
    byId("ramp").style.background = gradient();
    if (run === null) return;
    const end = scale === "network" ? largest(run.ranges.flat()) : node === null ? null : largest(run.ranges[node]);
    const words = scale === "map" || end === null ? "max" : briefly(end);
    byId("ramp-low").textContent = `−${words}`;
    byId("ramp-high").textContent = `+${words}`;
    byId("ramp-of").textContent = scale === "layer" && node !== null ? `in ${network.nodes[node].name}` : "";
  }
}
