// What is looked at, to take away: pictures of it, the table of the network, a link to the place.

import { byId, el } from "../dom.js";
import { address } from "../format.js";
import { fileName, png, save } from "../export/save.js";
import { drawn, written } from "../export/svg.js";
import { commaSeparated, latex, markdown } from "../export/tables.js";
import { complain } from "../journey.js";
import { addPanel } from "./panel.js";

/**
 * @typedef {import("../store.js").State} State
 * @typedef {{title: string, parts: string[], root: HTMLElement}} View something to draw: title: what it is called;
 *   parts: of the file's name
 */

const TABLES = [
  { title: "LaTeX", suffix: "tex", type: "application/x-tex", write: latex },
  { title: "Markdown", suffix: "md", type: "text/markdown", write: markdown },
  { title: "CSV", suffix: "csv", type: "text/csv", write: commaSeparated },
];

/** @param {import("../page.js").Page} page */
export function exporting(page) {
  const panel = addPanel(page, { name: "export", title: "Export", hint: "Pictures, tables and a link to take away" });
  panel.whileOpen(["network", "run", "depth", "node", "unit", "unfolded"], (state) => {
    panel.body.replaceChildren(
      el("dl", { class: "exports" }, ...views(state).flatMap(pictures), ...table(state), ...link()),
    );
  });
}

/** What can be drawn now. @param {Readonly<State>} state @returns {View[]} */
function views({ network, depth, node, unit, run }) {
  const sample = run === null || run.sample === null ? [] : [`sample-${run.sample}`];
  const found = [{ title: "The network", parts: [network.title, "network", ...sample], root: byId("flow") }];
  if (node === null || unit === null || depth === "overview") return found;
  const { name } = network.nodes[node];
  const column = document.querySelector(`#columns [data-node="${node}"]`);
  if (column instanceof HTMLElement) {
    found.push({ title: `The column ${name}`, parts: [network.title, name, "column", ...sample], root: column });
  }
  const place = address(name, unit);
  found.push({ title: `The layer at ${place}`, parts: [network.title, place, "layer", ...sample], root: byId("layer") });
  found.push({ title: `The number ${place}`, parts: [network.title, place, ...sample], root: byId("number") });
  return found;
}

/** @param {View} view */
function pictures({ title, parts, root }) {
  const draw = () => drawn(root, [title, ...parts].join(", "));
  const vector = () => save(fileName(parts, "svg"), new Blob([written(draw())], { type: "image/svg+xml" }));
  const pixels = async () => {
    const drawing = draw();
    const [width, height] = ["width", "height"].map((side) => Number(drawing.getAttribute(side)));
    save(fileName(parts, "png"), await png(written(drawing), width, height));
  };
  return row(title, button("SVG", title, vector), button("PNG", title, pixels));
}

/** @param {Readonly<State>} state */
function table({ network }) {
  const all = TABLES.map(({ title, suffix, type, write }) =>
    button(title, "the table of all layers", () =>
      save(fileName([network.title, "layers"], suffix), new Blob([write(network)], { type: `${type};charset=utf-8` })),
    ),
  );
  return row("The table of all layers", ...all);
}

function link() {
  const shown = el("code", { text: location.href });
  const said = el("span", { role: "status" });
  const copy = async () => {
    shown.textContent = location.href;
    getSelection()?.selectAllChildren(shown);
    try {
      await navigator.clipboard.writeText(location.href);
      said.textContent = "copied";
    } catch {
      said.textContent = "selected: press Ctrl+C";
    }
  };
  return row("A link to this place", shown, button("Copy", "the link", copy), said);
}

/** @param {string} title @param {...HTMLElement} controls */
function row(title, ...controls) {
  return [el("dt", { text: title }), el("dd", {}, ...controls)];
}

/** @param {string} text @param {string} what @param {() => void | Promise<void>} work */
function button(text, what, work) {
  const act = async () => {
    try {
      await work();
    } catch (problem) {
      complain(problem);
    }
  };
  return el("button", { type: "button", "aria-label": `${text}: ${what}`, text, on: { click: act } });
}
