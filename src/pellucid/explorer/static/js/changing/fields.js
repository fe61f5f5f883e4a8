// The controls of a layer's parameters: one kind of control for each form that a parameter can have.

import { el } from "../dom.js";

/**
 * @typedef {{name: string, value: any, form: string, limits: string, optional: boolean, names: string[]}} Parameter
 * @typedef {{controls: HTMLElement[], show: (value: any) => void, read: () => any}} Field controls: what the user works
 *   on; show: puts a value in; read: what stands there, as the server takes it
 */

const SIDES = ["top", "bottom", "left", "right"];

/** Make the controls of a parameter. @param {Parameter} parameter @returns {Field} */
export function field(parameter) {
  const make = FORMS[parameter.form] ?? list;
  const made = make(parameter);
  made.show(parameter.value);
  return made;
}

/** @type {{[form: string]: (parameter: Parameter) => Field}} */
const FORMS = { whole, real, pair, reals: pair, sides, choice, flag };

/** @param {Parameter} parameter @returns {Field} */
function whole(parameter) {
  const input = number(parameter.name, "1", parameter.optional);
  return single(input, () => numeric(input));
}

/** @param {Parameter} parameter @returns {Field} */
function real(parameter) {
  const input = number(parameter.name, "any", parameter.optional);
  return single(input, () => numeric(input));
}

/** @param {HTMLInputElement} input @param {() => any} read @returns {Field} */
function single(input, read) {
  return { controls: [input], read, show: (value) => (input.value = value === null ? "" : String(value)) };
}

/** Two numbers; while they are the same, the second follows the first. @param {Parameter} parameter @returns {Field} */
function pair(parameter) {
  const step = parameter.form === "reals" ? "any" : "1";
  const names = parameter.name === "channels" ? ["before", "after"] : ["height", "width"];
  const inputs = names.map((side) => number(`${parameter.name}, ${side}`, step, parameter.optional));
  return several(inputs, {
    show: (value) => inputs.forEach((input, at) => (input.value = value === null ? "" : String(value[at]))),
    read: () => (inputs.every((input) => input.value === "") ? null : inputs.map(numeric)),
  });
}

/** Four numbers, or a word in their place. @param {Parameter} parameter @returns {Field} */
function sides(parameter) {
  const inputs = SIDES.map((side) => number(`${parameter.name}, ${side}`, "1", false));
  const words = select(`${parameter.name}, how`, ["in numbers", ...parameter.names]);
  const made = several(inputs, {
    show: (value) => {
      const word = typeof value === "string";
      words.value = word ? value : "in numbers";
      for (const [at, input] of inputs.entries()) {
        input.hidden = word;
        input.value = word ? "0" : String(value[at >> 1][at & 1]);
      }
    },
    read: () => {
      if (words.value !== "in numbers") return words.value;
      const [top, bottom, left, right] = inputs.map(numeric);
      return [
        [top, bottom],
        [left, right],
      ];
    },
  });
  return { ...made, controls: parameter.names.length > 0 ? [words, ...inputs] : inputs };
}

/**
 * Numbers that stay the same as the first, as long as they are.
 * @param {HTMLInputElement[]} inputs
 * @param {{show: (value: any) => void, read: () => any}} how
 * @returns {Field}
 */
function several(inputs, { show, read }) {
  let alike = true;
  const compare = () => (alike = inputs.every((input) => input.value === inputs[0].value));
  inputs[0].addEventListener("input", () => {
    if (alike) for (const input of inputs.slice(1)) input.value = inputs[0].value;
  });
  for (const input of inputs.slice(1)) input.addEventListener("input", compare);
  return {
    controls: inputs,
    read,
    show: (value) => {
      show(value);
      compare();
    },
  };
}

/** @param {Parameter} parameter @returns {Field} */
function choice(parameter) {
  const box = select(parameter.name, parameter.names);
  return { controls: [box], read: () => box.value, show: (value) => (box.value = value) };
}

/** @param {Parameter} parameter @returns {Field} */
function flag(parameter) {
  const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", "aria-label": parameter.name }));
  return { controls: [box], read: () => box.checked, show: (value) => (box.checked = value === true) };
}

/** @param {Parameter} parameter @returns {Field} */
function list(parameter) {
  const hint = parameter.optional ? "none" : "";
  const input = /** @type {HTMLInputElement} */ (
    el("input", { type: "text", "aria-label": parameter.name, placeholder: hint, autocomplete: "off" })
  );
  return {
    controls: [input],
    show: (value) => (input.value = value === null ? "" : value.join(", ")),
    read: () => {
      const text = input.value.trim();
      if (text === "") return parameter.optional ? null : [];
      return text.split(/[\s,]+/).map((part) => (/^-?\d{1,9}$/.test(part) ? Number(part) : part));
    },
  };
}

/** @param {string} label @param {string} step @param {boolean} optional @returns {HTMLInputElement} */
function number(label, step, optional) {
  const hint = optional ? "none" : null;
  return /** @type {HTMLInputElement} */ (
    el("input", { type: "number", step, "aria-label": label, title: label, placeholder: hint, autocomplete: "off" })
  );
}

/** @param {string} label @param {string[]} names @returns {HTMLSelectElement} */
export function select(label, names) {
  const box = el("select", { "aria-label": label }, ...names.map((name) => el("option", { value: name, text: name })));
  return /** @type {HTMLSelectElement} */ (box);
}

/** A number as it was typed; nothing is null. @param {HTMLInputElement} input @returns {number | null} */
function numeric(input) {
  return input.value === "" ? null : Number(input.value);
}
