// Keys that work everywhere on the page.

import { byId } from "./dom.js";

/**
 * @param {import("./store.js").Store} store
 * @param {import("./journey.js").Journey} journey
 * @param {import("./samples.js").Samples} samples
 * @param {import("./overview.js").Overview} overview
 */
export function listenToKeys(store, journey, samples, overview) {
  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  const showHelp = () => help.showModal();
  byId("help-open").addEventListener("click", showHelp);
  byId("help-close").addEventListener("click", () => help.close());
  byId("back").addEventListener("click", () => goBack(store, journey, overview));

  /** @type {{[key: string]: () => void}} */
  const actions = {
    "?": showHelp,
    Escape: () => goBack(store, journey, overview),
    n: () => samples.step(1),
    p: () => samples.step(-1),
    d: () => byId("digits").click(),
    t: () => byId("theme").click(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "number";
    const action = actions[event.key];
    if (action === undefined || help.open || event.ctrlKey || event.altKey || event.metaKey) return;
    if (typing && event.key !== "Escape") return;
    event.preventDefault();
    action();
  });
}

/**
 * @param {import("./store.js").Store} store
 * @param {import("./journey.js").Journey} journey
 * @param {import("./overview.js").Overview} overview
 */
function goBack(store, journey, overview) {
  const { depth, node } = store.state;
  journey.back();
  const now = store.state.depth;
  if (now === "overview" && depth !== "overview" && node !== null) overview.focus(node);
  else if (now === "layer") byId("layer-map").focus();
  else if (now === "number") byId("number-title").focus();
}
