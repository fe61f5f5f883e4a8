// What the network decided: a bar for each class, and whether that is right.

import { byId, el } from "./dom.js";
import { percent } from "./format.js";

/** @typedef {import("./store.js").State} State */

const LONG = 4; // letters, from which on names stand in a column of their own
const FEW = 12; // classes that are shown; of more, the most probable

/** The bars. */
export class Prediction {
  #journey;
  #enter;

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./journey.js").Journey} journey
   * @param {() => void} enter puts the focus on the number that was chosen
   */
  constructor(store, journey, enter) {
    this.#journey = journey;
    this.#enter = enter;
    store.on(["run"], (state) => this.#show(state));
  }

  /** @param {State} state */
  #show({ run, network }) {
    const scores = run?.scores ?? null;
    byId("prediction").hidden = scores === null;
    if (run === null || scores === null) return;
    const order = scores.map((_, at) => at);
    order.sort((a, b) => scores[b] - scores[a]);
    const best = order[0];
    const shown = scores.length > FEW ? order.slice(0, FEW) : scores.map((_, at) => at);
    byId("verdict-of-network").replaceChildren(...decision(network, run.label, best, scores[best]));
    byId("bars").classList.toggle("named", network.classes.some((name) => name.length > LONG));
    byId("bars").replaceChildren(
      ...shown.map((at) => {
        const fill = el("i");
        fill.style.width = `${100 * (Number.isFinite(scores[at]) ? scores[at] : 0)}%`;
        const name = network.classes[at];
        return el(
          "li",
          { class: at === best ? "best" : null },
          el(
            "button",
            {
              type: "button",
              "data-class": at,
              title: `Take the score of ${name} apart`,
              on: { click: () => this.#open(network, at) },
            },
            el("span", { class: "class", title: name, text: name.split(",")[0] }),
            el("span", { class: "track" }, fill),
            el("span", { class: "share", text: percent(scores[at]), "data-value": String(scores[at]) }),
          ),
        );
      }),
    );
  }

  /** @param {import("./source.js").NetworkFacts} network @param {number} at */
  #open(network, at) {
    this.#journey.number(network.outputs[0], scoreOf(network, at));
    this.#enter();
  }
}

/**
 * Where the score of a class is: in a vector, or in maps of a single place.
 * @param {import("./source.js").NetworkFacts} network
 * @param {number} at
 * @returns {number[]}
 */
export function scoreOf(network, at) {
  return network.nodes[network.outputs[0]].shape.map((_, axis) => (axis === 0 ? at : 0));
}

/**
 * @param {import("./source.js").NetworkFacts} network
 * @param {number | null} label
 * @param {number} best
 * @param {number} score
 * @returns {(HTMLElement | string)[]}
 */
function decision(network, label, best, score) {
  const name = network.classes[best];
  const said = [el("strong", { text: name.split(",")[0], title: name }), el("span", { text: percent(score) })];
  if (network.untrained) said.push(el("small", { text: "untrained: its weights are first values" }));
  if (label === null) return said;
  const right = label === best;
  const truth = right ? "right" : `it is ${network.classes[label] ?? label}`;
  return [...said, el("em", { class: right ? "right" : "wrong", text: `${right ? "✓" : "✗"} ${truth}` })];
}
