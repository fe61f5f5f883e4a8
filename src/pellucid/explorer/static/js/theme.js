// Dark or light: as the system has it, until the user chooses.

import { useRamp } from "./colours.js";
import { byId } from "./dom.js";

const KEY = "pellucid-theme";

/** Colours of the page that are drawn on canvases too: asked for once, since each asking has the page laid out anew. */
export const tokens = { hatch: "", mark: "", halo: "" };

/** @returns {"light" | "dark"} */
export function currentTheme() {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
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
    localStorage.setItem(KEY, store.state.theme === "dark" ? "light" : "dark");
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
}
