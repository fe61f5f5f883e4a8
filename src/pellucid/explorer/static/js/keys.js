// Keys that work everywhere on the page.

import { byId } from "./dom.js";

/**
 * @param {import("./store.js").Store} store
 * @param {import("./journey.js").Journey} journey
 * @param {import("./samples.js").Samples} samples
 * @param {(left: import("./store.js").State) => void} refocus puts the focus where the user came back to
 */
export function listenToKeys(store, journey, samples, refocus) {
  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  const showHelp = () => help.showModal();
  byId("help-open").addEventListener("click", showHelp);
  byId("help-close").addEventListener("click", () => help.close());
  const goBack = () => {
    const left = store.state;
    journey.back();
    refocus(left);
  };
  byId("back").addEventListener("click", goBack);

  /** @type {{[key: string]: () => void}} */
  const actions = {
    "?": showHelp,
    Escape: () => (store.state.tour === null ? goBack() : journey.tour(null)),
    n: () => samples.step(1),
    p: () => samples.step(-1),
    d: () => byId("digits").click(),
    s: () => byId("step").click(),
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
