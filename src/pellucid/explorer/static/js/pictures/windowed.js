// A pool's number: the window with its winner, with what its mean is divided by, or with the root of its powers.

import { matrix, more, plain, read, result, writer } from "../cells.js";
import { el } from "../dom.js";
import { counted, double, single } from "../format.js";
import { scaleEnd } from "../values.js";

/** @typedef {import("../cells.js").Scene} Scene @typedef {import("../source.js").Told} Told */

const FEW = 64; // places of a window that are shown at first

/** @param {Scene} scene @returns {import("../cells.js").Picture} */
export function windowed(scene) {
  const { told } = scene;
  const { index, used } = told.terms;
  const columns = index.filter((place) => place.at(-2) === index[0].at(-2)).length;
  const rows = index.map((_, row) => row);
  const few = scene.all ? rows.length : Math.max(1, Math.floor(FEW / columns)) * columns;
  const end = scaleEnd(scene.state, scene.inputs[0], null);
  const cells = rows.slice(0, few).map((row) => {
    const cell = read(scene, row, end, writer(columns, single));
    if (told.rule === "max" && used[row]) cell.classList.add("winner");
    if (told.rule === "max" && used[row])
      cell.setAttribute("aria-label", `${cell.getAttribute("aria-label")}, the largest`);
    return cell;
  });
  const equation = el("div", { class: columns > 5 ? "equation narrow" : "equation" });
  equation.append(matrix(cells, columns, "window"));
  if (told.rule === "mean") equation.append(plain("Σ"), plain(`÷ ${told.divisor}`, "sign divisor"));
  if (told.rule === "root") {
    const power = plain(double(told.numbers.p), "cell symbol");
    equation.append(plain("Σ |x| ^ p"), el("span", { class: "named" }, el("small", { text: "p" }), power), plain("p√"));
  }
  equation.append(plain(told.rule === "max" ? "largest" : "="), result(double(told.total), "exact", told.total));
  const words = el("p", { class: "words", text: inWords(told) });
  const drawn = [];
  if (few < rows.length) drawn.push(el("p", { class: "rest" }, more(rows.length - few, "places", scene.more)));
  return { line: [equation, ...drawn, words], parts: [] };
}

/** @param {Told} told @returns {string} */
function inWords(told) {
  if (told.rule === "max") return whoWins(told);
  if (told.rule === "mean") return whatCounts(told);
  const { terms, left_out } = told;
  const padding = terms.inside.includes(false) ? " Padding counts as zeros." : "";
  const count = counted(terms.value.length + (left_out?.count ?? 0), "number");
  return `The sizes of ${count} to the power p are added; the p-th root of the sum is their length.${padding}`;
}

/** @param {Told} told @returns {string} */
function whoWins({ terms, left_out }) {
  const best = terms.value[terms.used.indexOf(true)];
  const equals = terms.value.filter((value, row) => terms.inside[row] && value === best).length;
  const padded = terms.inside.includes(false) ? " Padding never wins." : "";
  const tie = equals > 1 ? ` ${equals} places hold it; the first one wins.` : "";
  const inside = terms.inside.filter(Boolean).length + (left_out?.count ?? 0);
  return `The largest of ${counted(inside, "number")} passes.${tie}${padded}`;
}

/** @param {Told} told @returns {string} */
function whatCounts({ terms, divisor, left_out }) {
  if (left_out) return `The sum of ${counted(terms.value.length + left_out.count, "number")}, divided by ${divisor}.`;
  const inside = terms.inside.filter(Boolean).length;
  const all = terms.value.length;
  if (inside === all) return `The sum of ${counted(all, "number")}, divided by ${divisor}.`;
  if (divisor === inside)
    return `Divided by ${divisor}: padding does not count, only the ${inside} places of the map do.`;
  if (divisor === all) return `Divided by ${divisor}: the ${all - inside} places of padding count, as zeros.`;
  return `Divided by ${divisor}: padding counts, as zeros; what hangs over beyond the padding does not.`;
}
