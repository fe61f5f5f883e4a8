// Guided tours: real places of this network, one after another, with a few sentences at each.

import { afterPaint, byId, el } from "./dom.js";
import { complain } from "./journey.js";
import { Guide } from "./tours/guide.js";
import { TOURS } from "./tours/index.js";
import { written } from "./tours/telling.js";

/** @typedef {import("./tours/guide.js").Tour} Tour @typedef {import("./tours/guide.js").Stop} Stop */

/** The tour that is taken, and the way into all of them. */
export class Tours {
  #page;
  #guide;
  #asked = 0;
  /** @type {string | null} the tour that was on the screen last */
  #taken = null;

  /** @param {import("./page.js").Page} page */
  constructor(page) {
    this.#page = page;
    this.#guide = new Guide(page);
    page.store.on(["tour", "run", "network"], () => this.#follow());
    page.store.on(["network"], () => this.#offer());
    byId("tour-back").addEventListener("click", () => this.#step(-1));
    byId("tour-on").addEventListener("click", () => this.#step(1));
    byId("tour-leave").addEventListener("click", () => page.journey.tour(null));
    byId("tour").addEventListener("keydown", (event) => {
      const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (by === 0 || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.#step(by);
    });
    this.#offer();
  }

  /** The tours that this network has all layers for. @returns {Tour[]} */
  get #offered() {
    return TOURS.filter(({ needs }) => needs.every((kind) => this.#guide.all(kind).length > 0));
  }

  #offer() {
    byId("tours").hidden = this.#offered.length === 0;
    const doors = this.#offered.map(({ name, title, about }) => {
      const start = () => this.#page.journey.tour({ name, step: 0 });
      const button = el("button", { type: "button", "data-tour": name, text: title, on: { click: start } });
      return el("li", {}, button, el("span", { text: about }));
    });
    byId("tours").querySelector("ul")?.replaceChildren(...doors);
  }

  /** Go on, or back; behind the last stop the tour is over. @param {number} by */
  #step(by) {
    const { tour } = this.#page.store.state;
    const taken = this.#offered.find(({ name }) => name === tour?.name);
    if (tour === null || taken === undefined) return;
    const step = tour.step + by;
    if (step >= taken.stops.length) this.#page.journey.tour(null);
    else if (step >= 0) this.#page.journey.tour({ name: tour.name, step });
  }

  /** Show the stop where the tour is now, if there is one. */
  async #follow() {
    const { run, tour } = this.#page.store.state;
    this.#asked += 1;
    const mine = this.#asked;
    if (run === null) return;
    const taken = this.#offered.find(({ name }) => name === tour?.name);
    if (tour === null || taken === undefined || tour.step >= taken.stops.length) {
      this.#end();
      return;
    }
    try {
      const stop = await taken.stops[tour.step](this.#guide);
      if (mine === this.#asked) this.#show(taken, tour.step, stop);
    } catch (problem) {
      complain(problem);
    }
  }

  /** @param {Tour} tour @param {number} step @param {Stop} stop */
  #show(tour, step, stop) {
    const from = document.activeElement;
    const enters = byId("tour").hidden && (from === document.body || byId("tours").contains(from));
    this.#taken = tour.name;
    byId("tour").hidden = false;
    byId("tour-title").textContent = tour.title;
    byId("tour-progress").textContent = `${step + 1} of ${tour.stops.length}`;
    byId("tour-words").replaceChildren(...written(stop.words));
    byId("tour-words").dataset.step = String(step);
    const back = /** @type {HTMLButtonElement} */ (byId("tour-back"));
    if (step === 0 && document.activeElement === back) byId("tour-on").focus();
    back.disabled = step === 0;
    byId("tour-on").textContent = step + 1 < tour.stops.length ? "next ›" : "finish";
    if (enters) byId("tour-on").focus();
    const column = typeof stop.show === "number" ? stop.show : null;
    const shown = column === null ? String(stop.show) : `.card[data-node="${column}"]`;
    this.#page.journey.guide(stop.place, column);
    point(shown);
    afterPaint(() => point(shown));
  }

  /** Take the tour away; who was in it stays where it led. */
  #end() {
    if (this.#page.store.state.tour !== null) this.#page.journey.tour(null);
    if (byId("tour").hidden) return;
    const inside = byId("tour").contains(document.activeElement) || document.activeElement === document.body;
    byId("tour").hidden = true;
    byId("tour-words").replaceChildren();
    point(null);
    const { depth } = this.#page.store.state;
    if (!inside) return;
    if (depth === "number") this.#page.enter();
    else if (depth === "layer") byId("layer-map").focus();
    else /** @type {HTMLElement | null} */ (document.querySelector(`[data-tour="${this.#taken}"]`))?.focus();
  }
}

/** Outline what a stop is about, and nothing else. @param {string | null} selector */
function point(selector) {
  for (const shown of document.querySelectorAll(".toured")) shown.classList.remove("toured");
  const target = selector === null ? null : document.querySelector(selector);
  target?.classList.add("toured");
  target?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
