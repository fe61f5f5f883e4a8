// What becomes of the open map on its way: before the bias, with it, and after the activation or norm that follows.

import { byId, el } from "./dom.js";
import { double, typeset } from "./format.js";
import { complain } from "./journey.js";
import { isVector, placeOf } from "./shapes.js";
import { toldHere } from "./teller.js";
import { drawSmall, scaleEnd } from "./values.js";

/** @typedef {import("./store.js").State} State @typedef {import("./source.js").Told} Told */

/** The maps in a row. */
export class Stages {
  #store;
  #values;
  #journey;
  #drawn = "";

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./values.js").Values} values
   * @param {import("./journey.js").Journey} journey
   */
  constructor(store, values, journey) {
    this.#store = store;
    this.#values = values;
    this.#journey = journey;
    store.on(["told", "scale", "theme"], () => this.#show());
  }

  async #show() {
    const { state } = this.#store;
    const told = toldHere(state);
    const after = told === null || state.node === null ? [] : following(state, told);
    const kernels = told?.terms.weight_index?.[0]?.length === 4; // whose bias is the same all over a map
    const before = kernels && told !== null && told.bias !== null;
    byId("stages").hidden = told === null || !(before || after.length > 0);
    if (told === null || state.node === null || byId("stages").hidden) return;
    const { channel } = placeOf(state.network.nodes[state.node].shape, told.index);
    const name = `${state.run?.run} ${state.node} ${channel} ${state.scale} ${state.theme}`;
    if (name === this.#drawn) return; // another unit of the same map
    const parts = [state.node, ...after.map(({ node }) => node)].map((node) => ({ node, first: channel, count: 1 }));
    try {
      if (!(await this.#values.need(state, parts)) || toldHere(this.#store.state) !== told) return;
    } catch (problem) {
      complain(problem);
      return;
    }
    this.#drawn = name;
    const values = this.#values.get(state.node, channel);
    if (values === null) return;
    const bias = told.bias ?? 0;
    const row = before ? [this.#map(state.node, values.map((value) => value - bias), "before the bias", null)] : [];
    if (before) row.push(sign(`+ ${double(bias)}`));
    row.push(this.#map(state.node, values, told.layer, null));
    for (const { node, formula } of after) {
      const next = this.#values.get(node, channel);
      if (next === null) break;
      row.push(sign(typeset(formula)), this.#map(node, next, state.network.nodes[node].name, node));
    }
    byId("stages").replaceChildren(...row);
  }

  /**
   * One map, small; that of another layer is a way to it.
   * @param {number} node
   * @param {Float32Array} values
   * @param {string} caption
   * @param {number | null} way
   */
  #map(node, values, caption, way) {
    const { state } = this.#store;
    const canvas = /** @type {HTMLCanvasElement} */ (el("canvas"));
    drawSmall(canvas, values, state.network.nodes[node].shape, scaleEnd(state, node, values));
    const label = el("small", { text: caption });
    if (way === null) return el("span", { class: "stage-map" }, canvas, label);
    const open = () => this.#journey.layer(way, this.#store.state.unit ?? []);
    return el("button", { type: "button", class: "stage-map", on: { click: open } }, canvas, label);
  }
}

/** @param {string} text */
function sign(text) {
  return el("code", { text });
}

/**
 * The layers that follow number by number, in maps of the same shape.
 * @param {State} state
 * @param {Told} told
 * @returns {{node: number, formula: string}[]}
 */
function following({ network, node }, told) {
  const shape = String(network.nodes[node ?? 0].shape);
  if (isVector(network.nodes[node ?? 0].shape)) return [];
  const found = [];
  for (const step of told.onward) {
    const at = network.nodes.findIndex(({ name }) => name === step.layer);
    if (step.rule !== "function" || at < 0 || String(network.nodes[at].shape) !== shape) break;
    found.push({ node: at, formula: step.formula });
  }
  return found;
}
