// The first depth: every layer as a column of feature maps, in the order in which the data flows.

import { Card } from "./card.js";
import { byId, el } from "./dom.js";
import { edges, layout } from "./graph.js";
import { markField } from "./fieldmarks.js";
import { Links } from "./links.js";
import { complain } from "./journey.js";
import { drawPicture } from "./heat.js";
import { frame, isVector, placeOf, unitAt } from "./shapes.js";
import { toldHere } from "./teller.js";

/** @typedef {import("./store.js").State} State */

const FEW = 8; // maps of a layer that are shown at first
const FEW_IN_LANES = 4; // the same where branches share the height

/** The overview. */
export class Overview {
  #store;
  #values;
  #journey;
  /** @type {Card[]} */
  #cards = [];
  #flow = byId("flow");
  #links;
  /** @type {Set<number>} */
  #visible = new Set();
  #picture = /** @type {HTMLCanvasElement} */ (el("canvas", { class: "picture", role: "img", "aria-label": "the image" }));

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./values.js").Values} values
   * @param {import("./journey.js").Journey} journey
   */
  constructor(store, values, journey) {
    this.#store = store;
    this.#values = values;
    this.#journey = journey;
    const { nodes } = store.state.network;
    const spots = layout(nodes);
    const few = spots.some((spot) => spot.lane > 0) ? FEW_IN_LANES : FEW;
    for (const [number, node] of nodes.entries()) {
      const card = new Card(node, number, few, (map, channel) => this.#open(number, channel), () => this.#draw());
      card.root.style.gridColumn = String(spots[number].depth + 1);
      card.root.style.gridRow = String(spots[number].lane + 1);
      this.#cards.push(card);
    }
    if (showsPicture(nodes[0].shape)) this.#cards[0].root.querySelector(".head")?.after(this.#picture);
    byId("columns").replaceChildren(...this.#cards.map((card) => card.root));
    this.#links = new Links(this.#flow, this.#cards, edges(nodes, spots));
    this.#watch();
    store.on(["run", "scale", "theme"], () => this.#draw());
    store.on(["node", "unit", "depth"], (state) => this.#select(state));
    store.on(["told", "theme"], (state) => this.#links.highlight(state, toldHere(state)));
    store.on(["field", "node"], (state) => markField(state, this.#cards));
  }

  /** The column of the input, where a drawing pad may stand. @returns {{root: HTMLElement, picture: HTMLElement}} */
  get input() {
    return { root: this.#cards[0].root, picture: this.#picture };
  }

  /** Bring the focus back to the column that was left. @param {number} node */
  focus(node) {
    const head = this.#cards[node].root.querySelector("button");
    if (head instanceof HTMLElement) head.focus();
  }

  #watch() {
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const number = Number(/** @type {HTMLElement} */ (entry.target).dataset.node);
        if (entry.isIntersecting) this.#visible.add(number);
        else this.#visible.delete(number);
      }
      this.#draw();
    });
    for (const card of this.#cards) observer.observe(card.root);
  }

  async #draw() {
    const { state } = this.#store;
    if (state.run === null) return;
    const cards = this.#cards.filter((card) => this.#visible.has(card.number));
    const parts = cards.map((card) => ({ node: card.number, first: 0, count: card.shown }));
    try {
      if (parts.length === 0 || !(await this.#values.need(state, parts))) return;
    } catch (problem) {
      complain(problem);
      return;
    }
    for (const card of cards) card.draw(this.#store.state, this.#values);
    this.#drawPicture(this.#store.state);
  }

  /** @param {State} state */
  #drawPicture(state) {
    const { shape } = state.network.nodes[0];
    const channels = Array.from({ length: shape[0] }, (_, channel) => this.#values.get(0, channel));
    if (!showsPicture(shape) || state.run === null || channels.includes(null)) return;
    const { rows, columns } = frame(shape);
    drawPicture(this.#picture, /** @type {Float32Array[]} */ (channels), rows, columns, state.run.ranges[0]);
  }

  /** Open a layer at the unit of a map whose value is largest in size. @param {number} node @param {number} channel */
  async #open(node, channel) {
    const { state } = this.#store;
    const { shape } = state.network.nodes[node];
    if (!(await this.#values.need(state, [{ node, first: channel, count: 1 }]))) return;
    const map = this.#values.get(node, channel) ?? new Float32Array(1);
    let best = 0;
    for (let at = 1; at < map.length; at += 1) if (Math.abs(map[at]) > Math.abs(map[best])) best = at;
    const { columns } = frame(shape);
    const place = { channel, row: Math.floor(best / columns), column: best % columns };
    this.#journey.layer(node, isVector(shape) ? [best] : (unitAt(shape, place) ?? [0]));
    byId("layer-map").focus({ preventScroll: true });
    byId("layer").scrollIntoView({ block: "nearest" });
  }

  /** @param {State} state */
  #select(state) {
    for (const card of this.#cards) {
      const here = card.number === state.node && state.unit !== null;
      card.select(here ? placeOf(card.node.shape, state.unit ?? []).channel : null);
    }
    document.body.dataset.depth = state.depth;
    this.#links.redraw();
  }
}

/** Whether an input looks like something the eye knows. @param {number[]} shape */
function showsPicture(shape) {
  return shape.length === 3 && (shape[0] === 1 || shape[0] === 3);
}
