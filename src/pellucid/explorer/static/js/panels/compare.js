// Two networks, or two engines, on the image that is shown: where they first differ, by how much, and by which rule.

import { announce, el } from "../dom.js";
import { address, counted } from "../format.js";
import { addPanel } from "./panel.js";

/**
 * @typedef {{a: string, b: string, kind: string, largest: number | string, relative: number | string, verdict: string,
 *   made: boolean, place: number[] | null}} Apart
 * @typedef {{layer: Apart, engine: string | null, findings: {rule: string, words: string}[], words: string}} Difference
 * @typedef {{same: boolean, sentence: string, a: string, b: string, told: string, nodes: number[],
 *   trials: {name: string, verdict: string, layers: Apart[]}[], differences: Difference[],
 *   alone: {side: string, name: string, what: string, why: string}[],
 *   stated: {a: string, b: string, what: string, words: string, shown: boolean}[]}} Comparison
 * @typedef {{other: string | null, engines: {name: string, unavailable: string | null}[]}} Sides
 * @typedef {{against: HTMLSelectElement, a: HTMLSelectElement, b: HTMLSelectElement}} Chosen
 * @typedef {import("../page.js").Page} Page
 */

const SLOW = 20e6; // multiply-adds of an image from which on it is compared only when that is asked for
const LEAST = -9; // the power of ten at which a bar begins: float32 cannot tell less of a number

/** @param {Page} page */
export function compare(page) {
  const panel = addPanel(page, { name: "compare", title: "Compare", hint: "Two networks or two engines, layer by layer" });
  const { store, source } = page;
  const found = el("div", { class: "comparison" });
  /** @type {Chosen | null} */
  let chosen = null;
  /** @type {Comparison | null} */
  let last = null;
  let busy = false;
  let again = false; // asked for while another comparison is on its way

  const run = async () => {
    again = busy;
    if (busy || chosen === null) return;
    busy = true;
    found.setAttribute("aria-busy", "true");
    await once(chosen);
    found.removeAttribute("aria-busy");
    busy = false;
    if (again) await run();
  };

  /** @param {Chosen} sides */
  const once = async ({ against, a, b }) => {
    const { state } = store;
    if (state.run === null) return;
    const question = { run: state.run.run, against: against.value, a: a.value, b: b.value };
    try {
      /** @type {Comparison} */
      const comparison = await source.ask("/api/compare", question);
      found.replaceChildren(...drawn(page, comparison));
      last = comparison;
      announce(comparison.sentence);
    } catch (problem) {
      found.replaceChildren(el("p", { class: "refused", text: problem instanceof Error ? problem.message : "" }));
      last = null;
    }
    mark(panel.open ? last : null);
  };

  const open = async () => {
    if (chosen === null) {
      /** @type {Sides} */
      const sides = await source.ask("/api/compare/sides");
      chosen = choices(sides, store.state.run?.engine ?? "reference");
      panel.body.replaceChildren(form(chosen, store.state.network.title, run), found);
    }
    if (store.state.network.macs < SLOW || found.childElementCount === 0) await run();
  };
  panel.whileOpen(["run"], open);
  store.on(["panel", "unfolded"], () => mark(panel.open ? last : null));
}

/** @param {Sides} sides @param {string} engine the one that the page runs on @returns {Chosen} */
function choices(sides, engine) {
  const engines = sides.engines.map(({ name, unavailable }) => ({ name, text: name, off: unavailable !== null }));
  const against = [{ name: "same", text: "the same network", off: false }];
  if (sides.other !== null) against.unshift({ name: "other", text: sides.other, off: false });
  const reference = sides.other === null ? "reference" : engine;
  return {
    against: select("B", against, against[0].name),
    a: select("engine of A", engines, engine),
    b: select("engine of B", engines, reference),
  };
}

/** @param {string} name @param {{name: string, text: string, off: boolean}[]} options @param {string} value */
function select(name, options, value) {
  const made = /** @type {HTMLSelectElement} */ (
    el(
      "select",
      { "aria-label": name },
      ...options.map((one) => el("option", { value: one.name, text: one.text, disabled: one.off })),
    )
  );
  made.value = value;
  return made;
}

/** @param {Chosen} chosen @param {string} title @param {() => void} run */
function form(chosen, title, run) {
  for (const choice of Object.values(chosen)) choice.addEventListener("change", run);
  return el(
    "div",
    { class: "sides" },
    el("span", {}, el("b", { text: "A" }), ` ${title} on `, chosen.a),
    el("span", {}, el("b", { text: "B" }), " ", chosen.against, " on ", chosen.b),
    el("button", { type: "button", text: "compare", on: { click: run } }),
  );
}

/** @param {Page} page @param {Comparison} found @returns {HTMLElement[]} */
function drawn(page, found) {
  const told = found.trials.find(({ name }) => name === found.told) ?? found.trials[0];
  const first = found.differences[0]?.layer.a;
  const lines = told.layers.map((layer, at) => line(page, layer, found.nodes[at], layer.a === first));
  const heads = ["layer of A", "layer of B", "", "largest difference", "verdict"];
  return [
    el("p", { class: `verdict ${found.same ? "same" : "differs"}`, text: verdict(found) }),
    ...found.differences.map(why),
    el(
      "div",
      { class: "scroll" },
      el(
        "table",
        { class: "layers apart" },
        el("thead", {}, el("tr", {}, ...heads.map((text) => head(text)))),
        el("tbody", {}, ...lines),
      ),
    ),
    ...listed("Layers without a partner", found.alone.map(({ side, name, why: reason }) => `${side}'s ${name} ${reason}`)),
    ...listed(
      "Written differently",
      found.stated.map(({ a, words, shown }) => `${a}: ${words}${shown ? "" : " (this image does not show it)"}`),
    ),
  ];
}

/** @param {string} text */
function head(text) {
  return text === "" ? el("td") : el("th", { scope: "col", text });
}

/** @param {Comparison} found */
function verdict(found) {
  if (!found.same) return `They differ: ${counted(found.differences.length, "layer")} computes something else.`;
  return `On this image they are ${found.sentence}.`;
}

/** @param {Difference} one @param {number} at @returns {HTMLElement} */
function why({ layer, engine, findings, words }, at) {
  const where = `${at === 0 ? "First" : "Then"}: ${layer.a}${layer.b === layer.a ? "" : ` and ${layer.b}`}`;
  const reasons = findings.length === 0 ? [words] : findings.map((finding) => finding.words);
  const by = engine === null ? "" : ` The engine ${engine} does not follow the definition of ${layer.kind}.`;
  return el(
    "div",
    { class: "why" },
    el("h3", { text: `${where}, by ${size(layer.largest)}` }),
    by === "" ? null : el("p", { text: by.trim() }),
    ...reasons.map((text) => el("p", { text })),
  );
}

/** @param {Page} page @param {Apart} layer @param {number} node @param {boolean} first @returns {HTMLElement} */
function line({ journey, network, store }, layer, node, first) {
  const shape = store.state.network.nodes[node]?.shape ?? network.nodes[node].shape;
  const unit = layer.place ?? shape.map(() => 0);
  const open = () => journey.number(node, unit);
  const row = el(
    "tr",
    {},
    el("th", { scope: "row" }, el("button", { type: "button", title: address(layer.a, unit), text: layer.a, on: { click: open } })),
    el("td", { text: layer.b }),
    el("td", { class: "wide" }, bar(layer)),
    el("td", { text: size(layer.largest) }),
    el("td", { text: `${layer.verdict}${layer.made ? ", made here" : layer.verdict === "differs" ? ", passed on" : ""}` }),
  );
  row.classList.toggle("first", first);
  row.dataset.verdict = layer.verdict;
  return row;
}

/** @param {Apart} layer @returns {HTMLElement} */
function bar(layer) {
  const made = el("span", { class: `apart-bar ${layer.verdict}` });
  made.style.setProperty("--share", String(share(layer)));
  return made;
}

/** How long a bar is, from 0 to 1: the powers of ten of the difference as a share of the largest value. @param {Apart} layer */
function share({ largest, relative }) {
  if (largest === 0) return 0;
  if (typeof relative === "string") return 1; // infinite
  return Math.min(1, Math.max(0.04, (Math.log10(relative) - LEAST) / -LEAST));
}

/** @param {number | string} value @returns {string} */
function size(value) {
  if (typeof value === "string") return "∞";
  return value === 0 ? "none" : value.toPrecision(3).replace("e-", "e−");
}

/** @param {string} title @param {string[]} texts @returns {HTMLElement[]} */
function listed(title, texts) {
  if (texts.length === 0) return [];
  return [el("h3", { text: title }), el("ul", {}, ...texts.map((text) => el("li", { text })))];
}

/** Mark the columns by how far apart their layers are; null takes the marks away. @param {Comparison | null} found */
function mark(found) {
  const told = found?.trials.find(({ name }) => name === found.told) ?? found?.trials[0];
  for (const card of document.querySelectorAll("#columns .card")) {
    if (!(card instanceof HTMLElement)) continue;
    const at = found?.nodes.indexOf(Number(card.dataset.node)) ?? -1;
    const layer = at < 0 ? undefined : told?.layers[at];
    card.querySelector(".apart-mark")?.remove();
    if (layer === undefined) continue;
    const made = el("span", { class: `apart-mark ${layer.verdict}`, "aria-hidden": "true" }, bar(layer));
    card.prepend(made);
  }
}
