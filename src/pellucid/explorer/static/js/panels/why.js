// Why this class? Which pixels count for a class, or for the number that is open, by a method that one chooses.

import { gradient, largest } from "../colours.js";
import { announce, el } from "../dom.js";
import { address, percent, single } from "../format.js";
import { endOf } from "../overlay.js";
import { WeighedImage, signed } from "../weighed.js";
import { addPanel } from "./panel.js";

/**
 * @typedef {import("../store.js").State} State
 * @typedef {{methods: {name: string, about: string}[], first: string}} Methods first: the one to begin with
 * @typedef {import("../source.js").Why} Why
 */

const ASKER = Math.random().toString(36).slice(2); // of several pages, each asks for itself
const PATIENCE = 300; // milliseconds until it is told how far a question is
const FEW = 12; // classes that are offered first
const OPEN = "open"; // the choice of the number that is open, beside numbers of classes

/** @param {import("../page.js").Page} page */
export function why(page) {
  const hint = "Which pixels count for a class";
  const panel = addPanel(page, { name: "why", title: "Why this class?", hint });
  const asking = new Asking(page, panel.body);
  panel.whileOpen(["run", "node", "unit", "theme"], (state) => asking.follow(state));
}

/** What is asked, and what is shown of the answer. */
class Asking {
  #page;
  #body;
  /** @type {Methods | null} */
  #methods = null;
  #target = "";
  #method = "";
  #asked = "";
  #turn = 0;
  #strength = 85;
  #target_choice = /** @type {HTMLSelectElement} */ (el("select", { id: "why-target" }));
  #method_choice = /** @type {HTMLSelectElement} */ (el("select", { id: "why-method" }));
  #about = el("p", { class: "about" });
  #wait = el("p", { class: "wait", hidden: true });
  #answer = el("div", { class: "answer", hidden: true });
  #said = el("p", { class: "said" });
  #ramp = el("i", { class: "ramp" });
  #low = el("span");
  #high = el("span");
  #strongest = el("ol", { class: "strongest" });
  #under = el("output", { class: "under" });
  #image = new WeighedImage((words) => (this.#under.textContent = words));

  /** @param {import("../page.js").Page} page @param {HTMLElement} body */
  constructor(page, body) {
    this.#page = page;
    this.#body = body;
    this.#body.classList.add("why");
    this.#target_choice.addEventListener("change", () => this.#choose({ target: this.#target_choice.value }));
    this.#method_choice.addEventListener("change", () => this.#choose({ method: this.#method_choice.value }));
  }

  /** @param {State} state */
  async follow(state) {
    try {
      if (this.#methods === null) {
        this.#methods = /** @type {Methods} */ (await this.#page.source.ask("/api/why/methods"));
        this.#method = this.#methods.first;
        this.#lay(this.#methods);
      }
      await this.#ask(state);
    } catch (problem) {
      this.#told(problem instanceof Error ? problem.message : String(problem));
    }
  }

  /** @param {{target?: string, method?: string}} choice */
  #choose({ target = this.#target, method = this.#method }) {
    this.#target = target;
    this.#method = method;
    this.follow(this.#page.store.state);
  }

  /** @param {Methods} methods */
  #lay({ methods }) {
    this.#method_choice.replaceChildren(...methods.map(({ name }) => el("option", { value: name, text: name })));
    this.#method_choice.value = this.#method;
    const strength = /** @type {HTMLInputElement} */ (
      el("input", { type: "range", min: "0", max: "100", id: "why-strength", value: String(this.#strength) })
    );
    const follow = () => this.#image.root.style.setProperty("--strength", String(Number(strength.value) / 100));
    strength.addEventListener("input", follow);
    follow();
    this.#answer.append(
      el(
        "figure",
        {},
        this.#image.root,
        el("figcaption", {}, this.#under),
        el("div", { class: "scale" }, this.#low, this.#ramp, this.#high),
        el("p", { class: "meaning" }, el("span", { text: "against it" }), el("span", { text: "for it" })),
        el("label", { for: "why-strength", text: "colours over the image" }),
        strength,
      ),
      el("div", {}, this.#said, el("h3", { text: "What counts most" }), this.#strongest),
    );
    this.#body.replaceChildren(
      el(
        "div",
        { class: "choices" },
        el("label", { for: "why-target", text: "Why" }),
        this.#target_choice,
        el("label", { for: "why-method", text: "by" }),
        this.#method_choice,
      ),
      this.#about,
      this.#wait,
      this.#answer,
    );
  }

  /** @param {State} state */
  async #ask(state) {
    if (state.run === null) return;
    this.#offer(state);
    this.#about.textContent = this.#methods?.methods.find(({ name }) => name === this.#method)?.about ?? "";
    const about = this.#subject(state);
    if (about === null) {
      this.#asked = "";
      this.#turn += 1;
      this.#told("Open a number of a layer, and this panel tells which pixels count for it.");
      return;
    }
    const { run } = state.run;
    const question = { method: this.#method, ...about };
    const key = `${run} ${JSON.stringify(question)} ${state.theme}`;
    if (key === this.#asked) return;
    this.#asked = key;
    this.#turn += 1;
    const turn = this.#turn;
    const timer = setInterval(() => this.#watch(turn), PATIENCE);
    try {
      const found = await this.#page.source.why(run, { ...question, asker: ASKER });
      if (found === null) return;
      const { shape } = state.network.nodes[found.node];
      const there = await this.#page.values.need(state, [{ node: found.node, first: 0, count: shape[0] }]);
      if (turn === this.#turn && there) this.#show(state, found);
    } catch (problem) {
      if (turn !== this.#turn) return; // given up for the question that came after it
      this.#asked = "";
      throw problem;
    } finally {
      clearInterval(timer);
    }
  }

  /** What is asked about, as the server has it; null where no number is open. @param {State} state */
  #subject({ node, unit, network }) {
    if (this.#target !== OPEN) return this.#target === "" ? {} : { class: this.#target };
    if (node === null || unit === null || network.nodes[node].inputs.length === 0) return null;
    return { layer: node, index: unit.join(",") };
  }

  /** Tell how far a question is. @param {number} turn */
  async #watch(turn) {
    try {
      const { done, total } = await this.#page.source.ask("/api/why/progress", { asker: ASKER });
      if (turn !== this.#turn || this.#answer.dataset.turn === String(turn)) return;
      this.#told(total === 0 ? "Asking the network…" : `Asking the network: ${done} of ${total} images`);
    } catch {
      // whoever waits for the answer itself is told what is wrong
    }
  }

  /** @param {string} words instead of an answer */
  #told(words) {
    this.#wait.textContent = words;
    this.#wait.hidden = false;
    this.#answer.hidden = true;
    this.#answer.dataset.turn = "";
    announce(words);
  }

  /** Offer the classes, the likeliest first, and the number that is open. @param {State} state */
  #offer(state) {
    const { run, network } = state;
    const scores = run?.scores ?? null;
    const options = [];
    if (scores !== null) {
      const order = scores.map((_, at) => at).sort((a, b) => scores[b] - scores[a]);
      const option = (/** @type {number} */ at) =>
        el("option", { value: String(at), text: `${network.classes[at]} (${percent(scores[at])})` });
      options.push(el("option", { value: "", text: `${network.classes[order[0]]}, as the network says` }));
      const first = order.slice(0, FEW).map(option);
      const rest = order.slice(FEW).sort((a, b) => a - b);
      options.push(el("optgroup", { label: "The likeliest" }, ...first));
      if (rest.length > 0) options.push(el("optgroup", { label: "All others" }, ...rest.map(option)));
    }
    const { node, unit } = state;
    const name = node === null || unit === null ? "" : `: ${address(network.nodes[node].name, unit)}`;
    options.push(el("option", { value: OPEN, text: `the number that is open${name}` }));
    this.#target_choice.replaceChildren(...options);
    this.#target_choice.value = this.#target;
    if (this.#target_choice.selectedIndex < 0) this.#target_choice.selectedIndex = 0; // a class that is no longer there
    this.#target = this.#target_choice.value;
  }

  /** @param {State} state @param {Why} found */
  #show(state, found) {
    const [rows, columns] = found.shape;
    const { map } = found;
    const count = state.network.nodes[found.node].shape[0];
    const channels = Array.from({ length: count }, (_, at) => this.#page.values.get(found.node, at)).filter(
      (channel) => channel !== null,
    );
    const range = state.run?.ranges[found.node] ?? [0, 1];
    const end = endOf(map);
    this.#image.show({ map, end, rows, columns, channels, range });
    this.#ramp.style.background = gradient();
    const beyond = end < largest(map);
    this.#low.textContent = `${beyond ? "≤ " : ""}−${single(end)}`;
    this.#high.textContent = `${beyond ? "≥ " : ""}+${single(end)}`;
    const words = story(found);
    this.#said.replaceChildren(...words.map((line) => el("span", { text: line })));
    this.#strongest.replaceChildren(...found.strongest.map((place) => this.#strong(place)));
    this.#answer.hidden = false;
    this.#answer.dataset.turn = String(this.#turn);
    this.#answer.dataset.method = found.method;
    this.#answer.dataset.target = String(found.target);
    this.#wait.hidden = true;
    const [row, column] = found.strongest[0] ?? [0, 0];
    this.#image.go(row, column);
    announce([...words, ...found.strongest.map(inWords)].join(" "));
  }

  /** @param {[number, number, number]} place */
  #strong(place) {
    const [row, column, value] = place;
    const go = () => this.#image.go(row, column);
    const button = el("button", { type: "button", "data-value": String(value), text: inWords(place), on: { click: go } });
    return el("li", {}, button);
  }
}

/** @param {[number, number, number]} place @returns {string} */
function inWords([row, column, value]) {
  return `row ${row}, column ${column}: ${signed(value)}`;
}

/** What was found, in sentences. @param {Why} found @returns {string[]} */
function story(found) {
  const who = found.label === null ? found.address : `The score of ${found.label}, ${found.address},`;
  const lines = [`${who} is ${single(found.score)}.`];
  if (found.layer !== null) lines.push(`The maps are those of ${found.layer}.`);
  if (found.reference !== null && found.error !== null) {
    const left = `the pixels make up the difference, but for ${single(found.error)}.`;
    lines.push(`An image of zeros has ${single(found.reference)}; ${left}`);
  }
  if (found.strongest.length === 0) lines.push("No pixel counts for it.");
  return lines;
}
