// The small parts that arithmetic is drawn with: numbers on their colour, signs between them, bars.

import { colour, css, ink } from "./colours.js";
import { el } from "./dom.js";
import { address, allDigits, double, fitting, single, tiny } from "./format.js";

/**
 * @typedef {import("./store.js").State} State @typedef {import("./source.js").Told} Told
 * @typedef {{state: State, told: Told, inputs: number[], all: boolean, ordered: boolean, more: () => void}} Scene
 *   what a picture is drawn from. inputs: node numbers by source; all: show every part; ordered: in the order of the
 *   channels; more: asks for all.
 */

/**
 * A number that can be followed to where it came from, or the padding in its place.
 * @param {Scene} scene
 * @param {number} row which of the terms
 * @param {number} end where the colour scale ends
 * @param {(value: number) => string} [write]
 * @returns {HTMLElement}
 */
export function read({ state, told, inputs }, row, end, write = writer(1, single)) {
  const { terms } = told;
  if (!terms.inside[row]) {
    const cell = plain("pad", "cell padding");
    cell.title = "padding: there is no number here, it counts as 0";
    if (told.rule === "max") cell.title = "padding: it never wins";
    return cell;
  }
  const node = inputs[terms.source[row]];
  const cell = document.createElement("button");
  cell.type = "button";
  cell.className = "cell read";
  cell.textContent = write(terms.value[row]);
  cell.dataset.go = `${node}:${terms.index[row]}`;
  cell.dataset.value = String(terms.value[row]);
  const name = address(state.network.nodes[node].name, terms.index[row]);
  cell.setAttribute("aria-label", `${name} is ${cell.textContent}`);
  cell.title = `${name} = ${terms.value[row]}`;
  dye(cell, terms.value[row], end);
  return cell;
}

/**
 * A number that is only shown.
 * @param {number} value
 * @param {number} end
 * @param {string} kind "weight", "product", ...
 * @param {(value: number) => string} [write]
 * @returns {HTMLElement}
 */
export function cell(value, end, kind, write = writer(1, single)) {
  const node = plain(write(value), `cell ${kind}`);
  node.dataset.value = String(value);
  dye(node, value, end);
  return node;
}

/** @param {string} text @param {string} [kind] @returns {HTMLElement} */
export function plain(text, kind = "sign") {
  const node = document.createElement("span");
  node.className = kind;
  node.textContent = text;
  return node;
}

/** A result. @param {string} text @param {string} kind @param {number} value */
export function result(text, kind, value) {
  return el("span", { class: `result ${kind}`, "data-value": String(value), text });
}

/** @param {HTMLElement} node @param {number} value @param {number} end */
function dye(node, value, end) {
  const rgb = colour(value, end);
  node.style.background = css(rgb);
  node.style.color = ink(rgb);
}

/**
 * Numbers in rows and columns.
 * @param {HTMLElement[]} cells row by row
 * @param {number} columns
 * @param {string} name
 * @returns {HTMLElement}
 */
export function matrix(cells, columns, name) {
  const rows = [];
  for (let at = 0; at < cells.length; at += columns) {
    rows.push(el("div", { role: "row" }, ...cells.slice(at, at + columns).map(tabular)));
  }
  const node = el("div", { class: "matrix", role: "table", "aria-label": name }, ...rows);
  node.style.setProperty("--columns", String(columns));
  return node;
}

/** A number as a cell of a table: what can be pressed stays what it is. @param {HTMLElement} cell */
function tabular(cell) {
  if (cell instanceof HTMLButtonElement) return el("span", { role: "cell" }, cell);
  cell.setAttribute("role", "cell");
  return cell;
}

/** A bar from the middle: to the left below zero, to the right above. @param {number} value @param {number} end */
export function bar(value, end) {
  const share = end > 0 && Number.isFinite(value) ? Math.min(1, Math.abs(value) / end) : 0;
  const fill = el("i");
  fill.style.width = `${share * 50}%`;
  fill.style[value < 0 ? "right" : "left"] = "50%";
  fill.style.background = css(colour(value, end));
  return el("span", { class: "bar", "aria-hidden": "true" }, fill);
}

/** A bar from the left, of a share. @param {number} share */
export function shareBar(share) {
  const fill = el("i");
  fill.style.width = `${100 * (Number.isFinite(share) ? Math.max(0, Math.min(1, share)) : 0)}%`;
  return el("span", { class: "bar share", "aria-hidden": "true" }, fill);
}

/** How to write the numbers of a window so wide. @param {number} columns @param {(value: number) => string} write */
export function writer(columns, write) {
  if (allDigits()) return write;
  return columns > 5 ? tiny : fitting;
}

/** A button that shows what was left out so far. @param {number} count @param {string} what @param {() => void} show */
export function more(count, what, show) {
  return el("button", { class: "more", type: "button", text: `Show ${count} more ${what}`, on: { click: show } });
}

/**
 * @typedef {{line: HTMLElement[], parts: HTMLElement[]}} Picture the result in a line or two, and what it is made of
 */

/** A number's name and its value, to follow. @param {Scene} scene @param {number} row @param {number} end */
export function named(scene, row, end) {
  const node = scene.inputs[scene.told.terms.source[row]];
  const name = address(scene.state.network.nodes[node].name, scene.told.terms.index[row]);
  return el("span", { class: "named" }, el("small", { text: name }), read(scene, row, end));
}

/** What is added at the end of a sum, and what comes of it. @param {Scene} scene @param {string} sum what was summed */
export function total({ told }, sum) {
  const line = el("p", { class: "total" }, plain(sum, "words"));
  if (told.sum !== null && told.bias !== null) line.append(plain(double(told.sum), "whole"));
  if (told.bias !== null) {
    line.append(plain("+"), el("span", { class: "named" }, el("small", { text: "bias" }), cell(told.bias, 0, "bias")));
  }
  line.append(plain("="), result(double(told.total), "exact", told.total));
  return line;
}
