// The lines between the columns: how the data flows, and for the shown unit what each map it reads gives to its sum.

import { afterPaint, svg } from "./dom.js";
import { colour, css, largest } from "./colours.js";

/**
 * @typedef {import("./graph.js").Edge} Edge
 * @typedef {import("./card.js").Card} Card
 * @typedef {{left: number, right: number, top: number, bottom: number}} Rect
 */

const HEADROOM = 10; // pixels above a column where lines pass over it

/** The lines. */
export class Links {
  #flow;
  /** @type {Card[]} */
  #cards = [];
  /** @type {Map<number, Card>} by the node whose values they show */
  #shown = new Map();
  /** @type {Edge[]} */
  #edges = [];
  #drawing = svg("svg", { class: "links", "aria-hidden": "true" });
  #streams = svg("g", { class: "streams" });
  #threads = svg("g", { class: "threads" });
  /** @type {() => void} */
  #rethread = () => {};
  #due = false;

  /** @param {HTMLElement} flow what scrolls */
  constructor(flow) {
    this.#flow = flow;
    this.#drawing.append(this.#streams, this.#threads);
    flow.prepend(this.#drawing);
    new ResizeObserver(() => this.redraw()).observe(/** @type {Element} */ (flow.lastElementChild));
  }

  /** Draw lines between these from now on. @param {Card[]} cards @param {Edge[]} edges between places among the cards */
  connect(cards, edges) {
    this.#cards = cards;
    this.#shown = new Map(cards.map((card) => [card.number, card]));
    this.#edges = edges;
    this.redraw();
  }

  /** Draw anew before the next frame: something moved. */
  redraw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#drawStreams();
      this.#rethread();
    });
  }

  /**
   * Draw a thread from every map that the shown unit reads to the unit's own map, coloured by what it gives.
   * @param {import("./store.js").State} state
   * @param {import("./source.js").Told | null} told
   */
  highlight(state, told) {
    this.#rethread = () => {
      this.#threads.replaceChildren();
      if (told === null || state.node === null) return;
      const target = this.#mapRect(state.node, told.index.length === 1 ? 0 : told.index[0]);
      const given = gifts(told);
      const most = largest(given.map((gift) => gift.amount));
      for (const { source, channel, amount } of given) {
        const from = this.#mapRect(state.network.nodes[state.node].inputs[source], channel);
        if (from === null || target === null) continue;
        const share = most > 0 ? Math.min(1, Math.abs(amount) / most) : 0;
        this.#threads.append(
          svg("path", {
            d: curve(from.right, (from.top + from.bottom) / 2, target.left, (target.top + target.bottom) / 2),
            style: {
              stroke: css(colour(amount, most)),
              "stroke-width": `${1 + 3 * share}px`,
              opacity: String(0.45 + 0.55 * share),
            },
          }),
        );
      }
    };
    const mine = this.#rethread;
    afterPaint(() => mine === this.#rethread && mine());
  }

  #drawStreams() {
    const { scrollWidth, scrollHeight } = /** @type {HTMLElement} */ (this.#flow.lastElementChild);
    this.#drawing.setAttribute("width", String(scrollWidth));
    this.#drawing.setAttribute("height", String(scrollHeight));
    const over = this.#edges.filter((edge) => edge.way === "over");
    this.#streams.replaceChildren(
      ...this.#edges.map((edge) => (edge.way === "over" ? this.#bridge(edge, over.indexOf(edge)) : this.#stream(edge))),
    );
  }

  /** A band as high as the maps at both of its ends. @param {Edge} edge */
  #stream({ from, to }) {
    const a = this.#blockRect(from);
    const b = this.#blockRect(to);
    const middle = (a.right + b.left) / 2;
    const band = `M${a.right},${a.top} C${middle},${a.top} ${middle},${b.top} ${b.left},${b.top} V${b.bottom}
      C${middle},${b.bottom} ${middle},${a.bottom} ${a.right},${a.bottom} Z`;
    return svg("path", { class: "stream", d: band });
  }

  /**
   * A line that leaves at the top, passes over what stands in between, and comes down.
   * @param {Edge} edge
   * @param {number} n
   */
  #bridge({ from, to }, n) {
    const a = this.#cardRect(from);
    const b = this.#cardRect(to);
    const y = Math.min(a.top, b.top) - HEADROOM - (n % 3) * 4;
    const path = `M${a.right - 16},${a.top} C${a.right - 16},${y} ${a.right - 6},${y} ${a.right + 8},${y}
      H${b.left - 8} C${b.left + 6},${y} ${b.left + 16},${y} ${b.left + 16},${b.top}`;
    return svg("path", { class: "bridge", d: path });
  }

  /** A map, or the button behind which it is. @param {number} node @param {number} channel @returns {Rect | null} */
  #mapRect(node, channel) {
    const card = this.#shown.get(node);
    if (card === undefined) return null; // it is in a folded stage
    const { maps, more } = card;
    const map = maps.get(channel) ?? more;
    return map.hidden ? null : this.#within(map);
  }

  /** @param {number} card @returns {Rect} */
  #blockRect(card) {
    return this.#within(/** @type {HTMLElement} */ (this.#cards[card].root.querySelector(".maps")));
  }

  /** @param {number} card @returns {Rect} */
  #cardRect(card) {
    return this.#within(this.#cards[card].root);
  }

  /** @param {HTMLElement} element @returns {Rect} */
  #within(element) {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const ground = this.#drawing.getBoundingClientRect();
    return { left: left - ground.left, right: right - ground.left, top: top - ground.top, bottom: bottom - ground.top };
  }
}

/**
 * What each map gives to the unit: its part of a sum, or what of it is used.
 * @param {import("./source.js").Told} told
 * @returns {{source: number, channel: number, amount: number}[]}
 */
function gifts(told) {
  if (told.parts.length > 0) return told.parts.map((part) => ({ ...part, amount: part.sum }));
  /** @type {Map<string, {source: number, channel: number, amount: number}>} */
  const found = new Map();
  for (const [row, source] of told.terms.source.entries()) {
    const place = told.terms.index[row];
    const channel = place.length === 1 ? 0 : place[0];
    if (told.terms.used[row]) found.set(`${source} ${channel}`, { source, channel, amount: told.value });
  }
  return [...found.values()];
}

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
function curve(x1, y1, x2, y2) {
  const middle = (x1 + x2) / 2;
  return `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
}
