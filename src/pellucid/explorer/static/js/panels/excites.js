// What excites a channel: the images where the open layer's channel has its largest values, and the way to each.

import { decodeNumber } from "../decode.js";
import { announce, el } from "../dom.js";
import { address, briefly, counted, span } from "../format.js";
import { complain } from "../journey.js";
import { addPanel } from "./panel.js";

/**
 * @typedef {import("../store.js").State} State
 * @typedef {import("../page.js").Page} Page
 * @typedef {"samples" | "training"} Over
 * @typedef {{image: number, place: number[], value: number, rows: number[], columns: number[], status: string,
 *   class: string | null, size: number[], whole: string, part: string | null}} Found rows, columns: the receptive field
 *   in the image, first and behind the last; whole, part: pictures of the image and of the field
 * @typedef {{layer: string, channel: number, over: Over, groups: {[over in Over]?: number}, images: number,
 *   found: Found[]}} Answer images: how many were looked at
 */

const NAMES = { samples: "samples", training: "training images" };

/** @param {Page} page */
export function excites(page) {
  const hint = "The images where a channel has its largest values";
  const panel = addPanel(page, { name: "excites", title: "What excites it", hint });
  const choice = el("span", { class: "choices", role: "radiogroup", "aria-label": "Look through", hidden: true });
  const about = el("p", { class: "about" });
  const list = el("ol", { class: "excitations" });
  panel.body.append(about, choice, list);
  /** @type {Over} */
  let over = "samples";
  /** @type {unknown[]} what was asked last */
  let last = [];

  /** @param {Readonly<State>} state */
  async function look(state) {
    const { network, node, unit } = state;
    const wanted = [network, node, node === null || unit === null ? null : unit[0], over];
    if (wanted.every((part, at) => part === last[at])) return;
    last = wanted;
    const mine = wanted;
    if (node === null || unit === null) {
      about.textContent = "Open a layer, and choose one of its channels.";
      list.replaceChildren();
      choice.hidden = true;
      return;
    }
    list.setAttribute("aria-busy", "true");
    try {
      const answer = await page.source.ask("/api/excites", { layer: node, channel: unit[0], over });
      if (mine === last) show(decoded(answer), node);
    } catch (problem) {
      last = [];
      complain(problem);
    }
    list.removeAttribute("aria-busy");
  }

  /** @param {Answer} answer @param {number} node */
  function show(answer, node) {
    about.textContent = told(answer);
    announce(about.textContent);
    list.replaceChildren(...answer.found.map((one) => item(one, answer, () => open(one, node))));
    choose(answer);
  }

  /** @param {Answer} answer */
  function choose({ groups }) {
    const names = /** @type {Over[]} */ (Object.keys(groups));
    choice.hidden = names.length < 2;
    if (choice.childElementCount > 0) return;
    choice.append(...names.map((name) => radio(name, name === over, () => {
      over = name;
      look(page.store.state);
    })));
  }

  /** Show an image, and the layer at the place where it excites the channel. @param {Found} one @param {number} node */
  async function open(one, node) {
    if (over === "samples") await page.journey.sample(one.image);
    else await page.journey.image(() => page.source.training(one.image));
    page.journey.layer(node, one.place);
  }

  panel.whileOpen(["network", "node", "unit"], look);
}

/** @param {Over} name @param {boolean} chosen @param {() => void} choose @returns {HTMLElement} */
function radio(name, chosen, choose) {
  const input = el("input", { type: "radio", name: "excites-over", value: name, checked: chosen, on: { change: choose } });
  return el("label", {}, input, el("span", { text: NAMES[name] }));
}

/** @param {Answer} answer @returns {string} */
function told({ layer, channel, over, groups, images, found }) {
  const all = groups[over] ?? images;
  const of = images < all ? `the first ${images} of ${counted(all, NAMES[over], NAMES[over])}` : `${all} ${NAMES[over]}`;
  const what = `${layer}, channel ${channel}`;
  if (found.length === 0) return `${what}: nothing but NaN in ${of}.`;
  const never = found[0].value <= 0 ? " It is never above 0." : "";
  return `${what}: where its largest value is greatest, in ${of}.${never}`;
}

/** @param {Found} one @param {Answer} answer @param {() => void} open @returns {HTMLElement} */
function item(one, { layer, over }, open) {
  const named = over === "samples" ? `sample ${one.image}` : `training image ${one.image}`;
  const sort = one.class === null ? "" : `, ${one.class}`;
  const at = one.rows[1] > one.rows[0] && one.columns[1] > one.columns[0];
  const field = at ? `rows ${span(one.rows[0], one.rows[1])}, columns ${span(one.columns[0], one.columns[1])}` : "padding";
  const words = `${named}${sort}: ${address(layer, one.place)} is ${briefly(one.value)}, from ${field}`;
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", title: words, "aria-label": words, on: { click: open } },
      el("span", { class: "pictures" }, whole(one, at), part(one)),
      el("span", { class: "value", text: briefly(one.value) }),
      el("small", { text: one.class === null ? `#${one.image}` : `${one.class} #${one.image}` }),
    ),
  );
}

/** The whole image with the receptive field marked in it. @param {Found} one @param {boolean} marked */
function whole(one, marked) {
  const [height, width] = one.size;
  const share = (/** @type {number} */ part, /** @type {number} */ all) => `${(100 * part) / all}%`;
  const mark = el("i", {
    style: {
      top: share(one.rows[0], height),
      left: share(one.columns[0], width),
      height: share(one.rows[1] - one.rows[0], height),
      width: share(one.columns[1] - one.columns[0], width),
    },
  });
  const box = el("span", { class: "whole", style: { "aspect-ratio": `${width} / ${height}` } });
  box.append(el("img", { src: one.whole, alt: "" }), ...(marked ? [mark] : []));
  return box;
}

/** @param {Found} one */
function part(one) {
  return one.part === null ? el("span", { class: "none", text: "padding" }) : el("img", { src: one.part, alt: "" });
}

/** @param {any} answer @returns {Answer} */
function decoded(answer) {
  return {
    ...answer,
    found: answer.found.map((/** @type {any} */ one) => ({ ...one, value: decodeNumber(one.value) })),
  };
}
