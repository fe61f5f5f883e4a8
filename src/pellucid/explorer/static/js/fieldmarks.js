// What the shown unit depends on, outlined on the maps of every earlier layer down to the image; and what depends on it,
// dashed, on the maps of every later one.

import { paint } from "./dom.js";
import { stacked } from "./heat.js";
import { frame, isVector } from "./shapes.js";

/** @typedef {import("./source.js").Box} Box @typedef {{rows: number, columns: number}} Size */

/**
 * @param {import("./store.js").State} state
 * @param {import("./card.js").Card[]} cards
 */
export function markField(state, cards) {
  const shown = state.node !== null;
  const from = state.from?.node ?? state.node ?? 0;
  for (const card of cards) {
    const later = card.number > from;
    const box = (later ? (shown ? state.reached : null) : shown ? state.field : null)?.[card.number];
    for (const [channel, map] of card.maps) {
      const inside = box !== undefined && (box.channels === undefined || box.channels.includes(channel));
      mark(map, inside ? box : undefined, card.node.shape, later);
    }
    if (card.picture !== null) mark(card.picture, box, card.node.shape, later);
  }
}

/** @param {HTMLElement} map @param {Box | undefined} box @param {number[]} shape @param {boolean} later */
function mark(map, box, shape, later) {
  const mark = /** @type {HTMLElement} */ (map.querySelector(".field"));
  mark.hidden = box === undefined;
  if (box === undefined) return;
  const { rows, columns, size } = isVector(shape) ? inVector(box, shape[0]) : { ...box, size: frame(shape) };
  const share = (/** @type {number} */ part, /** @type {number} */ of) => `${(100 * part) / of}%`;
  mark.classList.toggle("reached", later);
  mark.classList.toggle("whole", rows[1] - rows[0] === size.rows && columns[1] - columns[0] === size.columns);
  paint(mark, {
    top: share(rows[0], size.rows),
    left: share(columns[0], size.columns),
    height: share(rows[1] - rows[0], size.rows),
    width: share(columns[1] - columns[0], size.columns),
  });
}

/**
 * Where a single place of a vector lies on its picture, or all of it.
 * @param {Box} box
 * @param {number} length
 * @returns {{rows: number[], columns: number[], size: Size}}
 */
function inVector(box, length) {
  const size = stacked(length);
  const at = box.columns[0];
  if (box.columns[1] - at > 1) return { rows: [0, size.rows], columns: [0, size.columns], size };
  const row = at % size.rows;
  const column = Math.floor(at / size.rows);
  return { rows: [row, row + 1], columns: [column, column + 1], size };
}
