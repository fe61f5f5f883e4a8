// What the places of a vector give, drawn where they lay on the feature maps before these were laid out as a vector.

import { colour, css } from "../colours.js";
import { afterPaint, el } from "../dom.js";
import { address, grouped } from "../format.js";

/** @typedef {import("../cells.js").Scene} Scene */

const MOST = 64; // maps that are drawn

/**
 * The maps behind a vector, coloured by the products, those with the largest first.
 * @param {Scene} scene
 * @param {number} end where the colour scale ends
 * @returns {HTMLElement[]}
 */
export function votes({ state, told }, end) {
  const { origins, terms } = told;
  if (origins === null) return [];
  const node = state.network.nodes[origins.node];
  /** @type {Map<number, number[]>} */
  const rows = new Map();
  for (const [row, [channel]] of origins.index.entries()) rows.set(channel, [...(rows.get(channel) ?? []), row]);
  const most = (/** @type {number[]} */ some) => Math.max(...some.map((row) => Math.abs(terms.product[row])));
  const order = [...rows].sort((a, b) => most(b[1]) - most(a[1])).slice(0, MOST);
  const maps = order.map(([channel, some]) => {
    const best = some.reduce((a, b) => (Math.abs(terms.product[b]) > Math.abs(terms.product[a]) ? b : a));
    const what = `${node.name}, channel ${channel}: what its places give`;
    return el(
      "button",
      { type: "button", "data-go": `${origins.node}:${origins.index[best]}`, "aria-label": what, title: what },
      drawn(
        node.shape,
        some.map((row) => ({ place: origins.index[row], amount: terms.product[row] })),
        end,
      ),
      el("small", { text: String(channel) }),
    );
  });
  const which = told.left_out
    ? `the ${grouped(terms.product.length)} places of ${node.name} that give most`
    : `the places of ${node.name}`;
  const caption = `What ${which} give, by channel`;
  return [el("figure", { class: "votes" }, el("figcaption", { text: caption }), el("div", {}, ...maps))];
}

/** Where a place of the vector lay on the maps. @param {Scene} scene @param {number} row @returns {HTMLElement[]} */
export function origin({ state, told }, row) {
  if (told.origins === null) return [];
  const name = state.network.nodes[told.origins.node].name;
  return [el("small", { text: address(name, told.origins.index[row]) })];
}

/**
 * @param {number[]} shape
 * @param {{place: number[], amount: number}[]} amounts
 * @param {number} end
 */
function drawn(shape, amounts, end) {
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { width: shape[2], height: shape[1] }));
  afterPaint(() => {
    const context = canvas.isConnected ? canvas.getContext("2d") : null;
    if (context === null) return;
    for (const { place, amount } of amounts) {
      context.fillStyle = css(colour(amount, end));
      context.fillRect(place[2], place[1], 1, 1);
    }
  });
  return canvas;
}
