// Dark or light: as the system has it, until the user chooses.

import { useRamp } from "./colours.js";
import { byId } from "./dom.js";

const KEY = "pellucid-theme";

/** Colours of the page that are drawn on canvases too: asked for once, since each asking has the page laid out anew. */
export const tokens = { hatch: "", mark: "", halo: "" };

let lately = ""; // what was chosen, where a page may not remember anything

/** @returns {"light" | "dark"} */
export function currentTheme() {
  const chosen = remembered();
  if (chosen === "light" || chosen === "dark") return chosen;
  const { system } = document.documentElement.dataset; // what the page stands in
  if (system === "light" || system === "dark") return system;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return lately;
  }
}

/** @param {"light" | "dark"} theme */
function remember(theme) {
  lately = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // in a frame that may remember nothing, the choice lasts as long as the page
  }
}

/** @param {import("./store.js").Store} store */
export function followTheme(store) {
  const apply = () => {
    const theme = currentTheme();
    document.documentElement.dataset.theme = theme;
    byId("theme").setAttribute("aria-pressed", String(theme === "dark"));
    useRamp(theme);
    const style = getComputedStyle(document.documentElement);
    for (const name of /** @type {(keyof typeof tokens)[]} */ (Object.keys(tokens))) {
      tokens[name] = style.getPropertyValue(`--${name}`);
    }
    store.set({ theme });
  };
  byId("theme").addEventListener("click", () => {
    remember(store.state.theme === "dark" ? "light" : "dark");
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
}
