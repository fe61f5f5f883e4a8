// Training: how to, the curves while it goes on, and how well the network does then.

import { select } from "../changing/fields.js";
import { reason } from "../changing/form.js";
import { el } from "../dom.js";
import { grouped, percent } from "../format.js";
import { curves } from "../training/curves.js";
import { confusions, verdict, worst } from "../training/judged.js";
import { Watch } from "../training/watch.js";
import { addPanel } from "./panel.js";

/** @typedef {import("../page.js").Page} Page @typedef {import("../training/watch.js").Point} Point */

/** @type {{[words: string]: number}} */
const PACES = { "20 epochs a second, to watch": 0.04, "2 epochs a second, to look closely": 0.5, "as fast as it can": 0 };
/** @type {{[words: string]: boolean}} */
const BEGINNINGS = { "the weights of now": false, "first values": true };

/** @type {{[state: string]: string}} */
const WORDS = {
  ready: "Not trained here yet.",
  running: "Training…",
  stopped: "Stopped; Continue goes on exactly from here.",
  finished: "Trained.",
  ended: "Ended by a change.",
};

const REST = 400; // milliseconds between two judgements while a training goes on: it has the machine first

/** @param {Page} page */
export function train(page) {
  new Train(page);
}

class Train {
  #page;
  #panel;
  #watch;
  #epochs = number("epochs", "20", "1", "1", "1000");
  #batch = number("batch", "32", "1", "1", "65536");
  #rate = number("learning rate", "0.1", "any", "0", "");
  #seed = number("seed", "0", "1", "0", "");
  #optimizer = select("optimizer", []);
  #schedule = select("schedule", []);
  #begin = select("begin with", Object.keys(BEGINNINGS));
  #pace = select("pace", Object.keys(PACES));
  #start = el("button", { type: "button", class: "go", text: "Train", on: { click: () => this.#train() } });
  #stop = el("button", { type: "button", text: "Stop", on: { click: () => this.#tell({ do: "stop" }) } });
  #goOn = el("button", { type: "button", text: "Continue", on: { click: () => this.#tell({ do: "continue" }) } });
  #said = el("p", { class: "said", role: "status" });
  #curves = el("div", { class: "curve-pair" });
  #verdict = el("div", {});
  #judged = 0;
  #judging = false;

  /** @param {Page} page */
  constructor(page) {
    this.#page = page;
    this.#panel = addPanel(page, { name: "train", title: "Train", hint: "Train the network, and see how well it does" });
    this.#watch = new Watch(page, () => this.#show());
    const labelled = [
      ["epochs", this.#epochs],
      ["batch", this.#batch],
      ["learning rate", this.#rate],
      ["optimizer", this.#optimizer],
      ["schedule", this.#schedule],
      ["seed", this.#seed],
      ["begin with", this.#begin],
      ["pace", this.#pace],
    ];
    const fields = labelled.map(([name, control]) => el("label", {}, `${name} `, control));
    this.#panel.body.append(
      el("div", { class: "row" }, ...fields),
      el("div", { class: "row" }, this.#start, this.#stop, this.#goOn, this.#said),
      this.#curves,
      this.#verdict,
    );
    this.#panel.whileOpen(["run"], () => {
      if (this.#watch.told === null) this.#watch.follow();
      this.#judge();
    });
    page.store.on(["network"], ({ network }) => {
      if (network.version !== this.#watch.told?.version && this.#watch.told !== null) this.#watch.follow();
    });
  }

  async #train() {
    await this.#tell({
      do: "start",
      epochs: Number(this.#epochs.value),
      batch_size: Number(this.#batch.value),
      rate: Number(this.#rate.value),
      seed: Number(this.#seed.value),
      optimizer: this.#optimizer.value,
      schedule: this.#schedule.value,
      anew: BEGINNINGS[this.#begin.value],
      pace: PACES[this.#pace.value],
    });
  }

  /** @param {object} wanted */
  async #tell(wanted) {
    try {
      await this.#watch.tell(wanted);
    } catch (problem) {
      this.#said.textContent = reason(problem);
      this.#said.classList.add("wrong");
    }
  }

  /** Show what is known of the training. */
  #show() {
    const { told, points } = this.#watch;
    if (told === null) return;
    const { state } = told;
    const none = state === "no data";
    for (const control of this.#panel.body.querySelectorAll("input, select")) control.toggleAttribute("disabled", none);
    this.#start.toggleAttribute("disabled", none);
    this.#stop.hidden = state !== "running";
    this.#goOn.hidden = state !== "stopped";
    fill(this.#optimizer, told.optimizers ?? [], "SGD with momentum");
    fill(this.#schedule, told.schedules ?? [], "cosine");
    this.#said.classList.toggle("wrong", state === "failed");
    this.#said.dataset.state = state;
    this.#said.textContent = none
      ? "There is nothing to train on. Start the explorer with data: pellucid explore MODEL --data DATA, or " +
        "net.explore(data=(train, test)) in Python."
      : state === "failed"
        ? `It cannot go on: ${told.problem}`
        : `${WORDS[state]} ${state === "ready" ? `${grouped(told.train ?? 0)} images of ${told.data} to train on.` : progress(points, told.epochs ?? 1)}`;
    if (points.length > 0) this.#draw(points, told.epochs ?? 1);
    if (!none && this.#panel.open) this.#judge();
  }

  /** @param {Point[]} points @param {number} epochs */
  #draw(points, epochs) {
    const short = (/** @type {number} */ value) => value.toPrecision(3);
    const whole = (/** @type {number} */ value) => percent(value);
    this.#curves.replaceChildren(
      curves(
        "Loss",
        points,
        epochs,
        [
          { name: "training", kind: "train", value: (point) => point.loss },
          { name: "test", kind: "test", value: (point) => point.test_loss },
        ],
        { low: 0, high: null, say: short },
      ),
      curves(
        "Accuracy",
        points,
        epochs,
        [
          { name: "training", kind: "train", value: (point) => point.accuracy },
          { name: "test", kind: "test", value: (point) => point.test_accuracy },
        ],
        { low: 0, high: 1, say: whole },
      ),
    );
  }

  /** Say how well the network does: one question at a time, and always about the newest version. */
  async #judge() {
    const { told } = this.#watch;
    if (this.#judging || told === null || told.state === "no data") return;
    this.#judging = true;
    try {
      while (this.#panel.open && this.#page.store.state.run !== null && this.#judged !== this.#page.store.state.run.version) {
        /** @type {import("../training/judged.js").Judged} */
        const judged = await this.#page.source.ask("/api/judged");
        const wrong = await worst(this.#page, judged);
        this.#verdict.replaceChildren(
          verdict(judged),
          confusions(judged),
          el("h3", { text: "The worst mistakes: click one to open it" }),
          wrong,
        );
        this.#judged = judged.version;
        if (this.#watch.told?.state === "running") await new Promise((resolve) => setTimeout(resolve, REST));
        if (judged.version !== this.#page.store.state.run.version) break; // the page follows, and asks again
      }
    } catch (problem) {
      this.#verdict.replaceChildren(el("p", { class: "soft", text: reason(problem) }));
    } finally {
      this.#judging = false;
    }
  }
}

/** @param {Point[]} points @param {number} epochs @returns {string} */
function progress(points, epochs) {
  const at = points.at(-1)?.at ?? 0;
  return `Epoch ${Math.min(Math.floor(at) + (at % 1 > 0 ? 1 : 0), epochs)} of ${epochs}.`;
}

/** @param {HTMLSelectElement} box @param {string[]} names @param {string} usual */
function fill(box, names, usual) {
  if (box.options.length > 0) return;
  box.replaceChildren(...names.map((name) => el("option", { value: name, text: name })));
  if (names.includes(usual)) box.value = usual;
}

/**
 * @param {string} label
 * @param {string} value
 * @param {string} step
 * @param {string} min
 * @param {string} max
 */
function number(label, value, step, min, max) {
  const limits = { min: min || null, max: max || null };
  const made = el("input", { type: "number", "aria-label": label, value, step, ...limits, autocomplete: "off" });
  return /** @type {HTMLInputElement} */ (made);
}
