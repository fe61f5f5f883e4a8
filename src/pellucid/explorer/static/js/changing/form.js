// The form of one layer: every parameter with its controls, and under it what fits, or why a value cannot be.

import { el } from "../dom.js";
import { Refusal } from "../transport.js";
import { field } from "./fields.js";

/** @typedef {import("./fields.js").Parameter} Parameter @typedef {import("./fields.js").Field} Field */

const PATIENCE = 350; // milliseconds after the last key, before a number counts as typed

/** A layer's form. */
export class Form {
  root = el("div", { class: "parameters" });
  /** @type {Map<string, Row>} */
  #rows = new Map();
  #key = "";
  #change;
  #fits;

  /**
   * @param {(name: string, value: any) => Promise<void>} change carries out an edit; what it throws is shown
   * @param {(name: string) => Promise<string>} fits says what fits in a parameter
   */
  constructor(change, fits) {
    this.#change = change;
    this.#fits = fits;
  }

  /** Show a layer's parameters; those that are shown already keep their controls. @param {string} layer @param {Parameter[]} parameters */
  show(layer, parameters) {
    const key = JSON.stringify([layer, parameters.map(({ name, form }) => [name, form])]);
    if (key !== this.#key) {
      this.#key = key;
      this.#rows = new Map(parameters.map((one) => [one.name, new Row(one, this.#change, this.#fits)]));
      this.root.replaceChildren(...[...this.#rows.values()].map((row) => row.root));
      if (parameters.length === 0) this.root.append(el("p", { class: "soft", text: "It has no parameters." }));
    }
    for (const one of parameters) this.#rows.get(one.name)?.show(one.value);
  }
}

let count = 0;

/** One parameter. */
class Row {
  root;
  #field;
  #note;
  #limits;
  #name;
  #change;
  #fits;
  #waiting = 0;
  #wrong = false;
  /** what was last asked for, as text: leaving a field does not ask again */
  #sent = "";

  /**
   * @param {Parameter} parameter
   * @param {(name: string, value: any) => Promise<void>} change
   * @param {(name: string) => Promise<string>} fits
   */
  constructor(parameter, change, fits) {
    this.#name = parameter.name;
    this.#limits = parameter.limits;
    this.#change = change;
    this.#fits = fits;
    this.#field = field(parameter);
    count += 1;
    this.#note = el("p", { class: "note", id: `parameter-note-${count}`, role: "status" });
    for (const control of this.#field.controls) {
      control.setAttribute("aria-describedby", this.#note.id);
      control.addEventListener("input", () => this.#soon(control instanceof HTMLInputElement && control.type !== "checkbox"));
      control.addEventListener("change", () => this.#soon(false));
      control.addEventListener("focus", () => this.#tell());
    }
    this.root = el(
      "div",
      { class: "parameter", role: "group", "aria-label": parameter.name, "data-parameter": parameter.name },
      el("span", { class: "name", "aria-hidden": "true", text: parameter.name.replaceAll("_", " ") }),
      el("span", { class: "controls" }, ...this.#field.controls),
      this.#note,
    );
  }

  /** @param {any} value */
  show(value) {
    if (JSON.stringify(this.#field.read()) !== JSON.stringify(value)) this.#field.show(value);
    this.#sent = JSON.stringify(value);
    this.#mark(false);
    if (!this.root.contains(document.activeElement)) this.#note.textContent = "";
  }

  /** Edit when the user has stopped typing, or at once. @param {boolean} typing */
  #soon(typing) {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#send(), typing ? PATIENCE : 0);
  }

  async #send() {
    const value = this.#field.read();
    if (JSON.stringify(value) === this.#sent) return;
    this.#sent = JSON.stringify(value);
    try {
      await this.#change(this.#name, value);
      this.#mark(false);
      await this.#tell();
    } catch (problem) {
      this.#mark(true);
      this.#note.textContent = reason(problem);
    }
  }

  /** Say what fits here. */
  async #tell() {
    if (this.#wrong) return;
    try {
      const words = await this.#fits(this.#name);
      if (!this.#wrong) this.#note.textContent = `${this.#limits}; fits here: ${words}`;
    } catch {
      this.#note.textContent = this.#limits; // the layer may be gone by now
    }
  }

  /** @param {boolean} wrong */
  #mark(wrong) {
    this.#wrong = wrong;
    this.root.classList.toggle("wrong", wrong);
    for (const control of this.#field.controls) control.setAttribute("aria-invalid", String(wrong));
  }
}

/** Why something cannot be, in sentences. @param {unknown} problem @returns {string} */
export function reason(problem) {
  if (!(problem instanceof Refusal)) return String(problem);
  const { got, expected, fix } = problem.why;
  return `Not possible: ${got}. Expected: ${expected}. To fix it, ${fix}.`;
}
