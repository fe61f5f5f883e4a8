// What stands over the columns of an unfolded stage: its name, and the button that folds it again.

import { el } from "./dom.js";

/**
 * @param {import("./source.js").Group[]} groups
 * @param {import("./folding.js").Band[]} bands
 * @param {import("./graph.js").Spot[]} spots the place of each column
 * @param {(group: number) => void} fold
 * @returns {{from: number, root: HTMLElement}[]} from: the column before which it stands in the order of the page
 */
export function bandsOver(groups, bands, spots, fold) {
  return bands.map(({ group, from, to, level }) => {
    const depths = spots.slice(from, to + 1).map((spot) => spot.depth);
    const { title, parts } = groups[group];
    const root = el(
      "li",
      { class: "band", "data-group": group, "data-level": level },
      el(
        "button",
        { class: "fold", type: "button", "aria-expanded": "true", title: "Fold", on: { click: () => fold(group) } },
        el("span", { class: "name", text: title }),
        parts > 0 ? el("span", { class: "kind", text: `${parts} alike` }) : null,
      ),
    );
    root.style.gridColumn = `${Math.min(...depths) + 1} / ${Math.max(...depths) + 2}`;
    root.style.gridRow = String(level + 1);
    return { from, root };
  });
}
