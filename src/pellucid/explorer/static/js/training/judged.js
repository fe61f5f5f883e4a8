// How well the network does on the test data: which classes it takes for which, and what it is most surely wrong about.

import { el } from "../dom.js";
import { percent } from "../format.js";
import { drawPicture } from "../heat.js";

/**
 * @typedef {import("../page.js").Page} Page
 * @typedef {{number: number, label: number, predicted: number, sure: number}} Mistake
 * @typedef {{version: number, of: number, in_all: number, accuracy: number, loss: number | null, classes: string[],
 *   confusion: number[][], mistakes: Mistake[], first: number}} Judged first: the sample that is the first test image
 */

const MOST = 20; // classes of a table; of more, the commonest confusions are listed
const COMMONEST = 15;

/** @param {Judged} judged @returns {HTMLElement} */
export function verdict({ accuracy, of, in_all: all, loss }) {
  const some = of === all ? `all ${of} test images` : `${of} of ${all} test images`;
  const words = `${percent(accuracy)} of ${some} right` + (loss === null ? "" : `, loss ${loss.toFixed(4)}`);
  return el("p", { class: "verdict", text: words, "data-accuracy": String(accuracy) });
}

/** @param {Judged} judged @returns {HTMLElement} */
export function confusions({ classes, confusion }) {
  return classes.length > MOST ? commonest(classes, confusion) : matrix(classes, confusion);
}

/** @param {string[]} classes @param {number[][]} confusion */
function matrix(classes, confusion) {
  const rows = confusion.map((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count, taken) => {
      const words = `${count} of ${classes[truth]} taken for ${classes[taken]}`;
      const cell = el("td", { text: count === 0 ? "·" : String(count), title: words });
      if (count > 0) cell.classList.add(truth === taken ? "right" : "wrong");
      cell.style.setProperty("--share", String(total > 0 ? count / total : 0));
      return cell;
    });
    return el("tr", {}, el("th", { scope: "row", text: classes[truth] }), ...cells);
  });
  const heads = classes.map((name) => el("th", { scope: "col", text: name }));
  return el(
    "table",
    { class: "confusion" },
    el("caption", { text: "Confusion matrix: a row for each true class, a column for what the network said" }),
    el("thead", {}, el("tr", {}, el("td", { text: "true \\ said" }), ...heads)),
    el("tbody", {}, ...rows),
  );
}

/** @param {string[]} classes @param {number[][]} confusion */
function commonest(classes, confusion) {
  const all = confusion.flatMap((row, truth) => row.map((count, taken) => ({ truth, taken, count })));
  const wrong = all.filter(({ truth, taken, count }) => truth !== taken && count > 0);
  wrong.sort((one, other) => other.count - one.count);
  const rows = wrong.slice(0, COMMONEST).map(({ truth, taken, count }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", text: classes[truth] }),
      el("td", { text: classes[taken] }),
      el("td", { text: String(count) }),
    ),
  );
  const heads = ["true class", "the network said", "images"].map((text) => el("th", { scope: "col", text }));
  return el(
    "table",
    { class: "confusion" },
    el("caption", { text: "The commonest confusions" }),
    el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...rows),
  );
}

/**
 * The worst mistakes, each a button that opens its image.
 * @param {Page} page
 * @param {Judged} judged
 * @returns {Promise<HTMLElement>}
 */
export async function worst(page, { mistakes, classes, first }) {
  if (mistakes.length === 0) return el("p", { class: "soft", text: "No mistakes." });
  const { shape } = page.network.nodes[0];
  const images = await page.source.images(mistakes.map(({ number }) => first + number));
  const each = images.length / mistakes.length;
  const list = el("ul", { class: "mistakes" });
  for (const [at, { number, label, predicted, sure }] of mistakes.entries()) {
    const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { width: 1, height: 1 }));
    thumbnail(canvas, images.subarray(at * each, (at + 1) * each), shape);
    const words = `${classes[label]}, taken for ${classes[predicted]} (${percent(sure)} sure)`;
    const open = () => page.journey.sample(first + number);
    list.append(
      el(
        "li",
        {},
        el("button", { type: "button", title: `Open it: ${words}`, on: { click: open } }, canvas, el("span", { text: words })),
      ),
    );
  }
  return list;
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array} values @param {number[]} shape */
function thumbnail(canvas, values, shape) {
  if (shape.length !== 3) return;
  const [channels, rows, columns] = shape;
  const size = rows * columns;
  const shown = channels === 3 ? [0, 1, 2] : [0];
  const maps = shown.map((channel) => values.subarray(channel * size, (channel + 1) * size));
  drawPicture(canvas, maps, rows, columns, [0, 1]);
}
