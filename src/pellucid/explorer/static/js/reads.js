// What the shown unit reads: an input map with the window on it, the kernel, and the other maps it reads, small.

import { Grid, NO_MARKS, NO_PADS } from "./grid.js";
import { byId, el } from "./dom.js";
import { double } from "./format.js";
import { complain } from "./journey.js";
import { frame, isVector, kernelColumns, mapCount, placeOf, unitAt } from "./shapes.js";
import { largest } from "./colours.js";
import { toldHere } from "./teller.js";
import { drawSmall, scaleEnd } from "./values.js";

/**
 * @typedef {import("./store.js").State} State @typedef {import("./source.js").Told} Told
 * @typedef {{source: number, channel: number, sum: number | null}} Read one map that the unit reads
 */

const MOST = 24; // maps that are shown small

/** The left half of the layer. */
export class Reads {
  #store;
  #values;
  #grid = new Grid(byId("reads-map"), 300);
  #kernel = new Grid(byId("kernel-map"), 110);
  /** @type {Read | null} the map that the user chose; null: the one that gives most */
  #chosen = null;
  /** @type {Read | null} the map that is shown */
  #shown = null;
  #layer = "";

  /** @param {import("./store.js").Store} store @param {import("./values.js").Values} values */
  constructor(store, values) {
    this.#store = store;
    this.#values = values;
    store.on(["told", "scale", "theme"], () => this.#show());
    const map = byId("reads-map");
    map.addEventListener("pointermove", (event) => this.#point(event));
    map.addEventListener("pointerdown", (event) => this.#point(event));
    map.addEventListener("pointerleave", () => this.#store.set({ from: null }));
    store.on(["node", "unit"], () => this.#store.set({ from: null }));
  }

  /** Ask what the number under the pointer reaches. @param {PointerEvent} event */
  #point(event) {
    const cell = this.#grid.at(event);
    const { node, network, from } = this.#store.state;
    if (cell === null || node === null || this.#shown === null) return;
    const input = network.nodes[node].inputs[this.#shown.source];
    const unit = unitAt(network.nodes[input].shape, { channel: this.#shown.channel, ...cell });
    if (unit === null || (from?.node === input && String(from.unit) === String(unit))) return;
    this.#store.set({ from: { node: input, unit } });
  }

  async #show() {
    const { state } = this.#store;
    const told = toldHere(state);
    byId("reads").hidden = told === null;
    byId("kernel").hidden =
      told === null || told.terms.weight_index === null || told.terms.weight_index[0]?.length !== 4;
    if (told === null || state.node === null) return;
    if (told.layer !== this.#layer) this.#chosen = null;
    this.#layer = told.layer;
    const { inputs } = state.network.nodes[state.node];
    const maps = inputs.map((input) => mapCount(state.network.nodes[input].shape));
    const reads = readBy(told, maps).slice(0, MOST);
    byId("reads").hidden = reads.length === 0; // a map that is nothing but padding reads none
    if (reads.length === 0) return;
    const parts = reads.map(({ source, channel }) => ({ node: inputs[source], first: channel, count: 1 }));
    try {
      if (!(await this.#values.need(state, parts)) || toldHere(this.#store.state) !== told) return;
    } catch (problem) {
      complain(problem);
      return;
    }
    const chosen = this.#chosen;
    const here = reads.find((read) => read.source === chosen?.source && read.channel === chosen.channel) ?? reads[0];
    this.#shown = here;
    this.#draw(state, told, here);
    this.#drawKernel(told, here);
    this.#drawStrip(state, reads, here);
  }

  /** @param {State} state @param {Told} told @param {Read} here */
  #draw(state, told, here) {
    const node = state.network.nodes[state.node ?? 0];
    const input = node.inputs[here.source];
    const sizes = state.network.nodes[input].shape;
    const values = this.#values.get(input, here.channel);
    if (values === null) return;
    const name = state.network.nodes[input].name;
    byId("reads-title").textContent = isVector(sizes)
      ? `it reads ${name}`
      : `it reads ${name}, channel ${here.channel}`;
    const pads = node.pads
      ? { top: node.pads[0][0], bottom: node.pads[0][1], left: node.pads[1][0], right: node.pads[1][1] }
      : NO_PADS;
    const cells = rowsOf(told, here).map((row) => ({
      ...placeOf(sizes, told.terms.index[row]),
      used: told.terms.used[row],
    }));
    const some = told.rule === "max";
    const end = scaleEnd(state, input, values);
    this.#grid.show(
      { values, ...frame(sizes), length: values.length, end, pads },
      { ...NO_MARKS, window: cells, used: some ? cells.filter((cell) => cell.used) : [] },
    );
  }

  /** @param {Told} told @param {Read} here */
  #drawKernel(told, here) {
    const { weight, weight_index: places } = told.terms;
    if (weight === null || places === null || places[0].length !== 4) return;
    const rows = rowsOf(told, here);
    const columns = kernelColumns(places, rows);
    const size = { rows: rows.length / columns, columns };
    const values = Float32Array.from(rows, (row) => weight[row]);
    this.#kernel.show({ values, ...size, length: values.length, end: largest(weight), pads: NO_PADS }, NO_MARKS);
    byId("kernel-title").textContent = `kernel ${told.index[0]}, for channel ${here.channel}`;
  }

  /** @param {State} state @param {Read[]} reads @param {Read} here */
  #drawStrip(state, reads, here) {
    const strip = byId("reads-strip");
    const { inputs } = state.network.nodes[state.node ?? 0];
    strip.hidden = reads.length < 2;
    strip.replaceChildren();
    if (reads.length < 2) return;
    for (const read of [...reads].sort((a, b) => a.source - b.source || a.channel - b.channel)) {
      const input = inputs[read.source];
      const { name, shape } = state.network.nodes[input];
      const values = this.#values.get(input, read.channel);
      const canvas = /** @type {HTMLCanvasElement} */ (el("canvas"));
      if (values !== null) drawSmall(canvas, values, shape, scaleEnd(state, input, values));
      const gives = read.sum === null ? "" : `, gives ${double(read.sum)}`;
      strip.append(
        el(
          "button",
          {
            type: "button",
            "aria-pressed": String(read === here),
            "aria-label": `${name}, channel ${read.channel}${gives}`,
            title: `${name}, channel ${read.channel}${gives}`,
            on: { click: () => this.#choose(read) },
          },
          canvas,
        ),
      );
    }
  }

  /** @param {Read} read */
  #choose(read) {
    this.#chosen = read;
    this.#show();
  }
}

/**
 * The maps that a unit reads, those that give most first.
 * @param {Told} told
 * @param {number[]} maps how many each input has: padding may lie in front of the first or behind the last
 * @returns {Read[]}
 */
function readBy(told, maps) {
  if (told.parts.length > 0) {
    const read = told.parts.map(({ source, channel, sum }) => ({ source, channel, sum }));
    return read.sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  }
  const found = new Map();
  for (const [row, source] of told.terms.source.entries()) {
    const place = told.terms.index[row];
    const channel = place.length === 1 ? 0 : place[0];
    if (channel < 0 || channel >= maps[source]) continue;
    found.set(`${source} ${channel}`, { source, channel, sum: null });
  }
  return [...found.values()];
}

/** The terms that come from one map. @param {Told} told @param {Read} read @returns {number[]} */
function rowsOf(told, read) {
  const rows = [];
  for (const [row, source] of told.terms.source.entries()) {
    const place = told.terms.index[row];
    if (source === read.source && (place.length === 1 || place[0] === read.channel)) rows.push(row);
  }
  return rows;
}
