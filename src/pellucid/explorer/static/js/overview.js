// The first depth: every layer as a column of feature maps, in the order in which the data flows; stages that repeat
// stand folded in a deep network.

import { bandsOver } from "./bands.js";
import { Card } from "./card.js";
import { announce, byId } from "./dom.js";
import { markField } from "./fieldmarks.js";
import { fold, groupsOf, shown, unfold } from "./folding.js";
import { counted } from "./format.js";
import { edges, layout } from "./graph.js";
import { complain } from "./journey.js";
import { Links } from "./links.js";
import { endOf, ofColumn, scaleOf } from "./measures.js";
import { frame, isVector, placeOf, unitAt } from "./shapes.js";
import { toldHere } from "./teller.js";

/**
 * @typedef {import("./store.js").State} State
 * @typedef {import("./folding.js").Column} Column
 */

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
  /** @type {Card[]} those that are shown */
  #cards = [];
  /** @type {Map<string, Card>} all that were made */
  #made = new Map();
  #flow = byId("flow");
  #columns = byId("columns");
  #links;
  /** @type {Set<Element>} */
  #visible = new Set();
  #seen;
  #few = FEW;
  #structure = 0;

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./values.js").Values} values
   * @param {import("./journey.js").Journey} journey
   */
  constructor(store, values, journey) {
    this.#store = store;
    this.#values = values;
    this.#journey = journey;
    this.#seen = new IntersectionObserver((entries) => this.#look(entries));
    this.#links = new Links(this.#flow);
    this.#begin();
    new ResizeObserver(() => this.#fit()).observe(this.#flow);
    store.on(["network"], ({ network }) => {
      if (network.structure !== this.#structure) this.#begin();
    });
    store.on(["unfolded"], () => this.#arrange());
    store.on(["run", "scale", "theme"], () => this.#draw());
    store.on(["network", "measure", "times", "numbers", "theme", "unfolded"], (state) => this.#compare(state));
    store.on(["node", "unit", "depth", "unfolded"], (state) => this.#select(state));
    store.on(["told", "theme", "unfolded"], (state) => this.#links.highlight(state, toldHere(state)));
    store.on(["field", "reached", "node", "unfolded"], (state) => markField(state, this.#cards));
  }

  /** Make the columns of a network whose layers were not shown yet. */
  #begin() {
    const { network } = this.#store.state;
    const every = shown(
      network,
      groupsOf(network).map((_, group) => group),
    );
    this.#few = Math.max(...layout(every.columns).map((spot) => spot.lane)) > 0 ? FEW_IN_LANES : FEW;
    const names = [...network.nodes.map((node) => node.name), ...groupsOf(network).map((group) => group.title)];
    this.#columns.style.setProperty("--name-lines", names.some((name) => name.length > LONG_NAME) ? "2" : "1");
    this.#structure = network.structure;
    this.#made.clear();
    this.#visible.clear();
    this.#seen.disconnect();
    this.#arrange();
  }

  /** The column of the input. @returns {HTMLElement} */
  get input() {
    return this.#cards[0].root;
  }

  /** Bring the focus back to the column that was left. @param {number} node */
  focus(node) {
    const card = this.#cards.find((one) => one.number >= node) ?? this.#cards[0];
    card.root.querySelector("button")?.focus();
  }

  /** Put the columns that are shown into their places. */
  #arrange() {
    const { network, unfolded } = this.#store.state;
    const { columns, bands } = shown(network, unfolded);
    const spots = layout(columns);
    const lanes = Math.max(...spots.map((spot) => spot.lane)) + 1;
    const above = Math.max(0, ...bands.map((band) => band.level + 1));
    const left = this.#flow.scrollLeft;
    this.#cards = columns.map((column) => this.#card(column));
    for (const [at, { root }] of this.#cards.entries()) {
      const { depth, lane } = spots[at];
      const tall = columns[at].inputs.length === 0 && spots.filter((spot) => spot.depth === 0).length === 1;
      root.style.gridColumn = String(depth + 1);
      root.style.gridRow = tall ? `${above + 1} / span ${lanes}` : String(above + lane + 1);
      this.#cards[at].spread(lanes === 1);
    }
    const heads = bandsOver(groupsOf(network), bands, spots, (group) => this.#fold(group));
    this.#columns.classList.toggle("lanes", lanes > 1);
    this.#columns.replaceChildren(
      ...this.#cards.flatMap(({ root }, at) => [...heads.filter(({ from }) => from === at).map((h) => h.root), root]),
    );
    for (const { root } of this.#cards) this.#seen.observe(root);
    this.#flow.scrollLeft = left;
    this.#links.connect(this.#cards, edges(columns, spots));
    this.#fit();
  }

  /** The card of a column, made when it is first shown. @param {Column} column @returns {Card} */
  #card({ node, first, group }) {
    const name = `${node} ${group}`;
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const { network } = this.#store.state;
    const members = network.nodes.slice(first, node + 1);
    /** @param {"params" | "macs"} what */
    const sum = (what) => members.reduce((total, member) => total + (member[what] ?? 0), 0);
    const folded =
      group === null
        ? null
        : {
            title: network.groups[group].title,
            first,
            about: inWords(network.groups[group].parts, members.length),
            params: sum("params"),
            macs: sum("macs"),
            unfold: () => this.#unfold(group),
          };
    const choose = (/** @type {number} */ channel) => this.#open(node, channel);
    const card = new Card(network.nodes[node], node, this.#few, choose, () => this.#draw(), folded);
    this.#made.set(name, card);
    return card;
  }

  /** @param {number} group */
  #unfold(group) {
    const { network, unfolded } = this.#store.state;
    this.#journey.fold(unfold(unfolded, group));
    const head = /** @type {HTMLElement | null} */ (this.#columns.querySelector(`[data-group="${group}"] button`));
    head?.focus({ preventScroll: true });
    announce(`${network.groups[group].title} unfolded`);
  }

  /** @param {number} group */
  #fold(group) {
    const { network, unfolded } = this.#store.state;
    this.#journey.fold(fold(groupsOf(network), unfolded, group));
    this.focus(network.groups[group].last);
    announce(`${network.groups[group].title} folded`);
  }

  /** Tell each column's number on a scale that ends at the largest that is shown. @param {State} state */
  #compare(state) {
    const scale = scaleOf(state);
    const most = scale === null ? 0 : endOf(scale, shown(state.network, state.unfolded).columns);
    for (const card of this.#cards) {
      const value = scale === null ? null : ofColumn(scale, card.first, card.number);
      card.measure(scale === null || value === null ? null : scale.told(value), value ?? 0, most);
    }
    this.#links.redraw();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #look(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#visible.add(target);
      else this.#visible.delete(target);
    }
    this.#draw();
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
    const cards = this.#cards.filter((card) => this.#visible.has(card.root));
    const parts = cards.flatMap((card) => card.parts);
    try {
      if (cards.length === 0 || !(await this.#values.need(state, parts))) return;
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

/** What a folded stage holds. @param {number} parts @param {number} layers */
function inWords(parts, layers) {
  return parts > 0 ? `${parts} alike · ${counted(layers, "layer")}` : counted(layers, "layer");
}
