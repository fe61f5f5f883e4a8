// What to do first: shown while nothing is open.

import { byId, el } from "./dom.js";
import { scoreOf } from "./prediction.js";

/**
 * @param {import("./store.js").Store} store
 * @param {import("./journey.js").Journey} journey
 * @param {() => void} enter puts the focus on the number that was chosen
 */
export function welcome(store, journey, enter) {
  store.on(["run", "depth"], (state) => {
    const root = byId("welcome");
    root.hidden = state.depth !== "overview";
    if (root.hidden || state.run === null) return;
    const { network, run } = state;
    /** @type {HTMLElement[]} */
    const doors = [];
    const add = (/** @type {string} */ text, /** @type {() => void} */ go) =>
      doors.push(el("button", { type: "button", text, on: { click: go } }));
    if (run.scores !== null) {
      const best = run.scores.indexOf(Math.max(...run.scores));
      add(`Why “${network.classes[best]}”? Take the winning score apart`, () => {
        journey.number(network.outputs[0], scoreOf(network, best));
        enter();
      });
    }
    const first = network.nodes.findIndex((node) => node.inputs.length > 0);
    add(`Watch ${network.nodes[first].name} slide over the input`, () => {
      journey.layer(
        first,
        network.nodes[first].shape.map((size) => Math.floor(size / 2)),
      );
      byId("layer-map").focus();
    });
    if (network.draws) {
      add("Draw something for the network", () => /** @type {HTMLElement} */ (document.querySelector(".draw")).click());
    }
    byId("doors").replaceChildren(...doors);
  });
}
