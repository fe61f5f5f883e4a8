// The second depth: one feature map large, what it is made of beside it, and the window that slides with the walk.

import { Grid, NO_PADS } from "./grid.js";
import { byId, el } from "./dom.js";
import { counted, grouped, shape, single } from "./format.js";
import { complain } from "./journey.js";
import { Reads } from "./reads.js";
import { frame, isVector, mapCount, placeInWords, placeOf, sizeRules, unitAt } from "./shapes.js";
import { scaleEnd } from "./values.js";

/** @typedef {import("./store.js").State} State */

/** @type {{[key: string]: [number, number]}} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** The layer that is open. */
export class Layer {
  #store;
  #values;
  #journey;
  #enter;
  #map = byId("layer-map");
  #grid = new Grid(this.#map, 300);
  #title = "";

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./values.js").Values} values
   * @param {import("./journey.js").Journey} journey
   * @param {() => void} enter puts the focus on the number that was chosen
   */
  constructor(store, values, journey, enter) {
    this.#store = store;
    this.#values = values;
    this.#journey = journey;
    this.#enter = enter;
    new Reads(store, values);
    store.on(["run", "node", "unit", "pointed", "depth", "scale", "theme"], (state) => this.#show(state));
    store.on(["from", "reached"], (state) => this.#draw(state));
    byId("channel-back").addEventListener("click", () => this.#turn(-1));
    byId("channel-on").addEventListener("click", () => this.#turn(1));
    this.#listen();
  }

  #listen() {
    const unitUnder = (/** @type {MouseEvent} */ event) => {
      const cell = this.#grid.at(event);
      return cell === null ? null : this.#unit(cell.row, cell.column);
    };
    this.#map.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") this.#journey.point(unitUnder(event));
    });
    this.#map.addEventListener("pointerleave", () => this.#journey.point(null));
    this.#map.addEventListener("click", (event) => {
      const unit = unitUnder(event);
      const { node } = this.#store.state;
      if (unit !== null && node !== null) this.#journey.number(node, unit);
    });
    this.#map.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { node, unit, network } = this.#store.state;
    if (node === null || unit === null || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = STEPS[event.key];
    if (step !== undefined) {
      const place = placeOf(network.nodes[node].shape, unit);
      const next = this.#unit(place.row + step[0], place.column + step[1]);
      if (next !== null) this.#journey.move(next);
    } else if (event.key === "Home" || event.key === "End") {
      this.#journey.move(this.#endOfRow(unit, event.key === "End"));
    } else if (event.key === "PageUp" || event.key === "PageDown") {
      this.#turn(event.key === "PageUp" ? -1 : 1);
    } else if (event.key === "Enter") {
      this.#journey.number(node, unit);
      this.#enter();
    } else {
      return;
    }
    event.preventDefault();
  }

  /**
   * The unit of the open map at a row and a column, or null beside the map.
   * @param {number} row
   * @param {number} column
   */
  #unit(row, column) {
    const { node, unit, network } = this.#store.state;
    if (node === null || unit === null) return null;
    const sizes = network.nodes[node].shape;
    const { rows, columns } = frame(sizes);
    if (row < 0 || column < 0 || row >= rows || column >= columns) return null;
    return unitAt(sizes, { channel: placeOf(sizes, unit).channel, row, column });
  }

  /** The first or the last unit of the row that a unit is in. @param {number[]} unit @param {boolean} last */
  #endOfRow(unit, last) {
    const { node, network } = this.#store.state;
    const sizes = network.nodes[node ?? 0].shape;
    const { row } = placeOf(sizes, unit);
    const { columns } = frame(sizes);
    const end = isVector(sizes) ? Math.min(columns, sizes[0] - row * columns) : columns;
    return this.#unit(row, last ? end - 1 : 0) ?? unit;
  }

  /** Go to the same place of a neighbouring map. @param {number} by */
  #turn(by) {
    const { node, unit, network } = this.#store.state;
    if (node === null || unit === null || isVector(network.nodes[node].shape)) return;
    const count = mapCount(network.nodes[node].shape);
    this.#journey.move([(unit[0] + by + count) % count, ...unit.slice(1)]);
  }

  /** @param {State} state */
  async #show(state) {
    byId("depths").hidden = state.depth === "overview";
    if (state.node === null || state.unit === null || state.depth === "overview") return;
    const node = state.network.nodes[state.node];
    this.#describe(state, node);
    const { channel } = placeOf(node.shape, state.unit);
    try {
      if (!(await this.#values.need(state, [{ node: state.node, first: channel, count: 1 }]))) return;
    } catch (problem) {
      complain(problem);
      return;
    }
    this.#draw(this.#store.state);
  }

  /** @param {State} state */
  #draw(state) {
    if (state.node === null || state.unit === null) return;
    const { shape: sizes } = state.network.nodes[state.node];
    const place = placeOf(sizes, state.unit);
    const values = this.#values.get(state.node, place.channel);
    if (values === null) return;
    const end = scaleEnd(state, state.node, values);
    const picture = { values, ...frame(sizes), length: values.length, end, pads: NO_PADS };
    const cursor = state.pointed === null ? null : placeOf(sizes, state.pointed);
    this.#grid.show(picture, { window: reachedCells(state, place.channel), used: [], cursor, pinned: place });
    this.#say(state.unit, sizes, values[place.row * picture.columns + place.column]);
  }

  /**
   * Have a screen reader find the selected unit in the map, which is drawn and not written.
   * @param {number[]} unit
   * @param {number[]} sizes
   * @param {number} value
   */
  #say(unit, sizes, value) {
    const { rows, columns } = frame(sizes);
    const { row, column } = placeOf(sizes, unit);
    this.#map.setAttribute("aria-rowcount", String(rows));
    this.#map.setAttribute("aria-colcount", String(columns));
    byId("layer-row").setAttribute("aria-rowindex", String(row + 1));
    byId("layer-cell").setAttribute("aria-colindex", String(column + 1));
    byId("layer-cell").textContent = `${placeInWords(sizes, unit)}: ${single(value)}`;
  }

  /** @param {State} state @param {import("./source.js").NodeFacts} node */
  #describe(state, node) {
    const channel = placeOf(node.shape, state.unit ?? []).channel;
    const maps = mapCount(node.shape);
    const vector = isVector(node.shape);
    byId("channel-turn").hidden = vector || maps === 1;
    byId("channel-name").textContent = vector ? "" : `channel ${channel} of ${maps}`;
    byId("gives-title").textContent = vector ? `${node.name} gives` : `${node.name} gives, channel ${channel}`;
    this.#map.setAttribute(
      "aria-label",
      `${node.name}, ${vector ? "all values" : `channel ${channel}`}: arrow keys walk`,
    );
    const title = `${state.network.structure} ${node.name}`;
    if (this.#title === title) return;
    this.#title = title;
    byId("layer-title").replaceChildren(el("span", { text: node.name }), el("code", { text: node.description }));
    byId("layer-about").textContent = node.about.replaceAll("`", "");
    byId("layer-facts").replaceChildren(...facts(state, node).map((fact) => el("li", { text: fact })));
  }
}

/**
 * The cells of the open map that read the number under the pointer, where it is on a map that this layer reads.
 * @param {State} state
 * @param {number} channel
 */
function reachedCells({ from, reached, node, network }, channel) {
  const box = from === null || node === null ? undefined : reached?.[node];
  if (box === undefined || node === null || (box.channels !== undefined && !box.channels.includes(channel))) return [];
  const { shape: sizes } = network.nodes[node];
  const [first, end] = box.columns;
  if (isVector(sizes)) return Array.from({ length: end - first }, (_, at) => placeOf(sizes, [first + at]));
  const cells = [];
  for (let row = box.rows[0]; row < box.rows[1]; row += 1) {
    for (let column = first; column < end; column += 1) cells.push({ row, column });
  }
  return cells;
}

/** @param {State} state @param {import("./source.js").NodeFacts} node @returns {string[]} */
function facts(state, node) {
  const said = [`shape ${shape(node.shape)}`];
  for (const [which, rule] of sizeRules(node)) said.push(`${which}: ${rule}`);
  if (node.params) {
    const share = ((100 * node.params) / state.network.params).toFixed(1);
    said.push(`${counted(node.params, "parameter")} (${share} % of ${grouped(state.network.params)})`);
  }
  if (node.macs) said.push(counted(node.macs, "multiply-add"));
  if (node.receptive_field && node.status) {
    const field = node.receptive_field.join(" × ");
    said.push(node.status === "whole input" ? "sees the whole input" : `sees ${field} of the input (${node.status})`);
  }
  return said;
}
