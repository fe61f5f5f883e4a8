// The receptive field of the shown unit, outlined on the maps of every earlier layer down to the image.

import { paint } from "./dom.js";
import { stacked } from "./heat.js";
import { frame, isVector } from "./shapes.js";

/**
 * @param {import("./store.js").State} state
 * @param {import("./card.js").Card[]} cards
 */
export function markField(state, cards) {
  const field = state.node === null ? null : state.field;
  for (const card of cards) {
    const box = field?.[card.number];
    for (const [channel, map] of card.maps.entries()) {
      const mark = /** @type {HTMLElement} */ (map.querySelector(".field"));
      const inside = box !== undefined && (box.channels === undefined || box.channels.includes(channel));
      mark.hidden = !inside;
      if (inside) place(mark, box, card.node.shape);
    }
  }
}

/** @param {HTMLElement} mark @param {import("./source.js").Box} box @param {number[]} shape */
function place(mark, box, shape) {
  const whole = isVector(shape) && box.columns[1] - box.columns[0] > 1;
  const [rows, columns, size] = isVector(shape) ? inVector(box, shape[0]) : [box.rows, box.columns, frame(shape)];
  const share = (/** @type {number} */ part, /** @type {number} */ of) => `${(100 * part) / of}%`;
  paint(mark, {
    top: whole ? "0%" : share(rows[0], size.rows),
    left: whole ? "0%" : share(columns[0], size.columns),
    height: whole ? "100%" : share(rows[1] - rows[0], size.rows),
    width: whole ? "100%" : share(columns[1] - columns[0], size.columns),
  });
}

/**
 * Where a single place of a vector lies on its picture.
 * @param {import("./source.js").Box} box
 * @param {number} length
 * @returns {[number[], number[], {rows: number, columns: number}]}
 */
function inVector(box, length) {
  const size = stacked(length);
  const at = box.columns[0];
  const row = at % size.rows;
  const column = Math.floor(at / size.rows);
  return [[row, row + 1], [column, column + 1], size];
}
