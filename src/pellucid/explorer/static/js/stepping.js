// Plays the arithmetic of a number: one multiply-add at a time, with what the sum is so far. Space pauses; where motion is
// not wanted, every press is one step.

import { announce, byId, el } from "./dom.js";
import { double } from "./format.js";
import { toldHere } from "./teller.js";

/**
 * @typedef {import("./source.js").Told} Told
 * @typedef {{cells: Element[], words: string, so: number}} Step cells: what it is about; words: what is done; so: the
 *   result so far
 */

const LONGEST = 9000; // milliseconds that a whole sum takes
const SLOWEST = 450; // and a step at most
const FASTEST = 25;

/** The player. */
export class Stepping {
  #store;
  /** @type {Step[]} */
  #steps = [];
  #at = -1;
  #timer = 0;
  #button = byId("step");
  #line = byId("step-line");

  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.#store = store;
    this.#button.addEventListener("click", () => this.toggle());
    byId("step-one").addEventListener("click", () => this.#once());
    byId("order").addEventListener("click", () => this.#stop());
    store.on(["told", "node", "unit", "digits", "theme", "scale", "depth"], () => this.#stop());
    document.addEventListener("keydown", (event) => {
      if (event.key !== " " || this.#timer === 0) return;
      event.preventDefault();
      this.#pause();
    });
  }

  /** Play on, or pause; without motion, do one step. */
  toggle() {
    if (this.#button.hidden) return;
    if (this.#timer !== 0) this.#pause();
    else if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.#once();
    else this.#play();
  }

  #play() {
    if (!this.#begin()) return;
    const pace = Math.min(SLOWEST, Math.max(FASTEST, LONGEST / this.#steps.length));
    this.#timer = window.setInterval(() => this.#next(), pace);
    this.#button.textContent = "pause";
    this.#next();
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#button.textContent = this.#at < this.#steps.length - 1 ? "go on" : "step";
    announce(this.#line.textContent ?? "");
  }

  /** One step, and no more. */
  #once() {
    if (this.#timer !== 0) this.#pause();
    if (!this.#begin()) return;
    this.#next();
    announce(this.#line.textContent ?? "");
  }

  /** Make ready, if that is not done; say whether there is something to play. */
  #begin() {
    if (this.#at >= this.#steps.length - 1) this.#stop();
    if (this.#steps.length > 0) return true;
    const told = toldHere(this.#store.state);
    const more = byId("parts").querySelector(".more");
    if (more instanceof HTMLElement) more.click(); // all of it is played, so all of it is shown
    this.#steps = told === null ? [] : stepsOf(told);
    byId("number").classList.toggle("stepping", this.#steps.length > 0);
    byId("step-one").hidden = this.#steps.length === 0;
    return this.#steps.length > 0;
  }

  #next() {
    for (const cell of this.#steps[this.#at]?.cells ?? []) cell.classList.remove("now");
    this.#at += 1;
    const { cells, words, so } = this.#steps[this.#at];
    for (const cell of cells) cell.classList.add("now", "done");
    const what = `${this.#at + 1} of ${this.#steps.length}: ${words}`;
    this.#line.replaceChildren(el("span", { text: what }), el("b", { text: double(so), "data-value": String(so) }));
    if (this.#at === this.#steps.length - 1 && this.#timer !== 0) this.#pause();
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#at = -1;
    this.#steps = [];
    byId("number").classList.remove("stepping");
    for (const cell of byId("number").querySelectorAll(".now, .done")) cell.classList.remove("now", "done");
    this.#line.replaceChildren();
    byId("step-one").hidden = true;
    this.#button.textContent = "step";
    this.#button.hidden = !playable(toldHere(this.#store.state));
  }
}

/** Whether there is more than one step to a number. @param {Told | null} told @returns {boolean} */
function playable(told) {
  if (told === null || told.terms.value.length < 2) return false;
  return told.terms.weight !== null || ["max", "mean", "sum"].includes(told.rule);
}

/** @param {Told} told @returns {Step[]} */
function stepsOf(told) {
  return told.terms.weight === null ? ofValues(told) : ofProducts(told);
}

/** A product after the other, as they stand on the screen; then what is not shown, and the bias. @param {Told} told */
function ofProducts(told) {
  /** @type {Step[]} */
  const steps = [];
  let so = 0;
  for (const group of byId("parts").querySelectorAll(".part, tbody tr")) {
    const reads = group.querySelectorAll(".cell.read, .cell.padding");
    const weights = group.querySelectorAll(".cell.weight");
    for (const [at, product] of group.querySelectorAll(".cell.product").entries()) {
      so += valueOf(product);
      const words = `${double(valueOf(reads[at]))} × ${double(valueOf(weights[at]))} = ${double(valueOf(product))}; so far `;
      steps.push({ cells: [reads[at], weights[at], product], words, so });
    }
  }
  if (told.left_out !== null) {
    so += told.left_out.sum;
    steps.push({ cells: [], words: `${told.left_out.count} smaller products, ${double(told.left_out.sum)}; so far `, so });
  }
  if (told.bias !== null) {
    const words = `the bias, ${double(told.bias)}; in all `;
    steps.push({ cells: [...byId("line").querySelectorAll(".cell.bias")], words, so: told.total });
  }
  return steps;
}

/** A number of a window, or of the branches, after the other. @param {Told} told */
function ofValues(told) {
  /** @type {Step[]} */
  const steps = [];
  const most = told.rule === "max";
  let so = most ? -Infinity : 0;
  for (const cell of byId("line").querySelectorAll(".cell.read, .cell.padding")) {
    const value = valueOf(cell);
    const padding = cell.classList.contains("padding");
    const before = so;
    if (most) so = padding ? so : Math.max(so, value);
    else so += value;
    const said = padding ? "padding" : double(value);
    const words = most ? `${said}${so > before ? " is larger" : " is not larger"}; largest so far ` : `${said}; so far `;
    steps.push({ cells: [cell], words, so });
  }
  if (told.divisor !== null) {
    const cells = [...byId("line").querySelectorAll(".divisor")];
    steps.push({ cells, words: `divided by ${told.divisor}; in all `, so: told.total });
  }
  return steps;
}

/** A cell's exact number; padding is 0. @param {Element | undefined} cell @returns {number} */
function valueOf(cell) {
  return Number((cell instanceof HTMLElement && cell.dataset.value) || 0);
}
