// The first depth: every layer as a column of feature maps, in the order in which the data flows.

import { Card } from "./card.js";
import { byId } from "./dom.js";
import { markField } from "./fieldmarks.js";
import { edges, layout } from "./graph.js";
import { complain } from "./journey.js";
import { Links } from "./links.js";
import { frame, isVector, placeOf, unitAt } from "./shapes.js";
import { toldHere } from "./teller.js";

/** @typedef {import("./store.js").State} State */

const FEW = 8; // maps of a layer that are shown at first
const FEW_IN_LANES = 4; // the same where branches share the height
const SMALLEST = 42; // pixels of a map
const LARGEST = 58;
const LONG_NAME = 9; // letters that fit a line above a column

/** The overview. */
export class Overview {
  #store;
  #values;
  #journey;
  /** @type {Card[]} */
  #cards = [];
  #flow = byId("flow");
  #columns = byId("columns");
  #links;
  /** @type {Set<number>} */
  #visible = new Set();

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
    const lanes = Math.max(...spots.map((spot) => spot.lane)) + 1;
    for (const [number, node] of nodes.entries()) {
      const few = lanes > 1 ? FEW_IN_LANES : FEW;
      const card = new Card(
        node,
        number,
        few,
        (channel) => this.#open(number, channel),
        () => this.#draw(),
      );
      const tall = node.inputs.length === 0 && spots.filter((spot) => spot.depth === 0).length === 1;
      card.root.style.gridColumn = String(spots[number].depth + 1);
      card.root.style.gridRow = tall ? `1 / span ${lanes}` : String(spots[number].lane + 1);
      this.#cards.push(card);
    }
    const long = nodes.some((node) => node.name.length > LONG_NAME);
    this.#columns.style.setProperty("--name-lines", long ? "2" : "1");
    this.#columns.replaceChildren(...this.#cards.map((card) => card.root));
    this.#links = new Links(this.#flow, this.#cards, edges(nodes, spots));
    this.#watch();
    store.on(["run", "scale", "theme"], () => this.#draw());
    store.on(["node", "unit", "depth"], (state) => this.#select(state));
    store.on(["told", "theme"], (state) => this.#links.highlight(state, toldHere(state)));
    store.on(["field", "node"], (state) => markField(state, this.#cards));
  }

  /** The column of the input. @returns {HTMLElement} */
  get input() {
    return this.#cards[0].root;
  }

  /** Bring the focus back to the column that was left. @param {number} node */
  focus(node) {
    this.#cards[node].root.querySelector("button")?.focus();
  }

  #watch() {
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const number = Number(/** @type {HTMLElement} */ (entry.target).dataset.node);
        if (entry.isIntersecting) this.#visible.add(number);
        else this.#visible.delete(number);
      }
      this.#draw();
    });
    for (const card of this.#cards) seen.observe(card.root);
    new ResizeObserver(() => this.#fit()).observe(this.#flow);
  }

  /** Make maps as large as lets the whole network be seen at once, if that can be. */
  #fit() {
    const wide = this.#store.state.depth === "overview";
    this.#columns.style.setProperty("--map", `${SMALLEST}px`);
    const room = this.#flow.clientWidth - this.#columns.scrollWidth;
    const last = this.#cards.at(-1)?.root.getBoundingClientRect().right ?? 0;
    const spare = room + this.#columns.getBoundingClientRect().right - last - 18;
    const across = this.#cards.filter((card) => !isVector(card.node.shape)).length * 2;
    const each = wide && spare > 0 ? Math.min(LARGEST, SMALLEST + Math.floor(spare / across)) : SMALLEST;
    this.#columns.style.setProperty("--map", `${each}px`);
    this.#links.redraw();
  }

  async #draw() {
    const { state } = this.#store;
    if (state.run === null) return;
    const cards = this.#cards.filter((card) => this.#visible.has(card.number));
    try {
      if (
        cards.length === 0 ||
        !(await this.#values.need(
          state,
          cards.flatMap((card) => card.parts),
        ))
      )
        return;
    } catch (problem) {
      complain(problem);
      return;
    }
    for (const card of cards) card.draw(this.#store.state, this.#values);
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
    const before = document.body.dataset.depth;
    document.body.dataset.depth = state.depth;
    for (const card of this.#cards) {
      const here = card.number === state.node && state.unit !== null;
      card.select(here ? placeOf(card.node.shape, state.unit ?? []).channel : null);
      if (here) this.#bringIntoView(card.root);
    }
    if ((before === "overview") !== (state.depth === "overview")) this.#fit();
    this.#links.redraw();
  }

  /** Scroll the columns, and nothing else, so that one of them is seen. @param {HTMLElement} column */
  #bringIntoView(column) {
    const box = column.getBoundingClientRect();
    const frame = this.#flow.getBoundingClientRect();
    if (box.left < frame.left) this.#flow.scrollLeft += box.left - frame.left - 40;
    else if (box.right > frame.right) this.#flow.scrollLeft += box.right - frame.right + 40;
    if (box.top < frame.top) this.#flow.scrollTop += box.top - frame.top - 20;
    else if (box.bottom > frame.bottom)
      this.#flow.scrollTop += Math.min(box.bottom - frame.bottom, box.top - frame.top);
  }
}
