// A panel: something that can be opened beside the network by a button in the bar, one at a time.

import { byId, el } from "../dom.js";

/** @typedef {import("../page.js").Page} Page @typedef {import("../store.js").State} State */

/** A panel's place on the page. */
class Panel {
  /** @type {HTMLElement} what the panel shows goes in here */
  body = el("div", { class: "body" });
  #store;
  #name;

  /** @param {Page} page @param {string} name */
  constructor(page, name) {
    this.#store = page.store;
    this.#name = name;
  }

  /** Whether it is open. @returns {boolean} */
  get open() {
    return this.#store.state.panel === this.#name;
  }

  /**
   * Call a listener when the panel opens, and while it is open, whenever one of these changes.
   * @param {(keyof State)[]} keys
   * @param {(state: State) => void} listener
   */
  whileOpen(keys, listener) {
    this.#store.on(["panel", ...keys], (state) => {
      if (this.open) listener(state);
    });
  }
}

/**
 * Add a panel to the page.
 * @param {Page} page
 * @param {{name: string, title: string, hint: string}} what name: a word, as the address bar has it (panel=name);
 *   title: on the button and above the panel; hint: what one finds in it
 * @returns {Panel}
 */
export function addPanel(page, { name, title, hint }) {
  const { store, journey } = page;
  const panel = new Panel(page, name);
  const toggle = () => journey.show(panel.open ? null : name);
  const button = el("button", { type: "button", title: hint, "aria-expanded": "false", text: title });
  button.setAttribute("aria-controls", `panel-${name}`);
  button.dataset.panel = name;
  button.addEventListener("click", toggle);
  const close = el("button", { type: "button", "aria-label": `Close: ${title}`, text: "✕", on: { click: toggle } });
  const root = el(
    "section",
    { class: "panel tool", id: `panel-${name}`, "aria-labelledby": `panel-${name}-title`, hidden: true },
    el("header", {}, el("h2", { id: `panel-${name}-title`, text: title }), close),
    panel.body,
  );
  byId("tools").append(button);
  byId("tools").hidden = false;
  byId("panels").append(root);
  store.on(["panel"], () => {
    const was = !root.hidden;
    root.hidden = !panel.open;
    button.setAttribute("aria-expanded", String(panel.open));
    if (was && !panel.open && (document.activeElement === document.body || root.contains(document.activeElement))) {
      button.focus();
    }
    if (panel.open && !was) root.scrollIntoView({ block: "nearest" });
  });
  return panel;
}
