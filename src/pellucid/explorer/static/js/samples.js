// Choosing which image the network looks at.

import { byId } from "./dom.js";

/** The chooser. */
export class Samples {
  #store;
  #journey;
  #number = /** @type {HTMLInputElement} */ (byId("sample-number"));

  /** @param {import("./store.js").Store} store @param {import("./journey.js").Journey} journey */
  constructor(store, journey) {
    this.#store = store;
    this.#journey = journey;
    const { samples } = store.state.network;
    this.#number.max = String(samples - 1);
    byId("sample-count").textContent = `of ${samples}`;
    byId("samples").hidden = samples === 1;
    byId("sample-back").addEventListener("click", () => this.step(-1));
    byId("sample-on").addEventListener("click", () => this.step(1));
    byId("sample-any").addEventListener("click", () => journey.sample(Math.floor(Math.random() * samples)));
    this.#number.addEventListener("change", () => this.#jump());
    store.on(["run"], ({ run }) => {
      this.#number.value = run?.sample === null || run === null ? "" : String(run.sample);
    });
  }

  /** Show the next image, or the one before. @param {number} by */
  step(by) {
    const { run, network } = this.#store.state;
    const from = run?.sample ?? (by > 0 ? -1 : 0);
    this.#journey.sample((from + by + network.samples) % network.samples);
  }

  #jump() {
    const { samples } = this.#store.state.network;
    const wanted = Math.round(Number(this.#number.value));
    if (Number.isFinite(wanted)) this.#journey.sample(Math.max(0, Math.min(samples - 1, wanted)));
  }
}
