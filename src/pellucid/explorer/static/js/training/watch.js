// Follows a training: asks for what is new while it goes on, and has the page show the weights as they become.

import { complain } from "../journey.js";

/**
 * @typedef {{at: number, loss: number | null, accuracy: number | null, test_loss?: number | null,
 *   test_accuracy?: number | null}} Point at: epochs that were made by then
 * @typedef {{state: "no data" | "ready" | "running" | "stopped" | "finished" | "ended" | "failed", training: number,
 *   epochs?: number, from: number, points: Point[], problem?: string | null, version: number, structure: number,
 *   data?: string, train?: number, test?: number, optimizers?: string[], schedules?: string[]}} Told
 */

const PAUSE = 90; // milliseconds between questions

/** The training, as far as it is known. */
export class Watch {
  /** @type {Point[]} */
  points = [];
  /** @type {Told | null} */
  told = null;
  #page;
  #listener;
  #asking = false;
  /** The training whose versions the page knows to be undone by one step. */
  #known = 0;

  /**
   * @param {import("../page.js").Page} page
   * @param {() => void} listener called whenever something is new
   */
  constructor(page, listener) {
    this.#page = page;
    this.#listener = listener;
  }

  /** Begin, stop or continue. @param {object} wanted */
  async tell(wanted) {
    this.#take(await this.#page.source.tell("/api/train", wanted));
    this.follow();
  }

  /** Ask until nothing goes on any more. */
  async follow() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      do {
        const since = this.points.length;
        const before = this.told?.training ?? 0;
        const told = await this.#page.source.ask("/api/training", { since });
        if (told.training !== before && since > 0) {
          this.points = []; // another training: from its beginning
          this.told = null;
          continue;
        }
        this.#take(told);
        await this.#show(told);
        if (told.state === "running") await new Promise((resolve) => setTimeout(resolve, PAUSE));
      } while (this.told === null || this.told.state === "running");
    } catch (problem) {
      complain(problem);
    } finally {
      this.#asking = false;
    }
  }

  /** @param {Told} told */
  #take(told) {
    if (told.training !== this.told?.training) this.points = [];
    if (told.from === this.points.length) this.points.push(...told.points);
    this.told = told;
    this.#listener();
  }

  /** Have the page show the version that is shown now: its weights, and if need be its layers. @param {Told} told */
  async #show(told) {
    const { store, journey } = this.#page;
    const { network, run } = store.state;
    const over = told.state !== "running";
    if (run === null || told.version === run.version) {
      if (over && network.version !== told.version) await this.#renew();
      return;
    }
    if (told.structure === network.structure && this.#known === told.training && !over) await journey.refresh();
    else await this.#renew();
    this.#known = told.training;
  }

  async #renew() {
    const { source, journey } = this.#page;
    await journey.renew(await source.network());
  }
}
