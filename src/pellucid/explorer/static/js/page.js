// What the parts of the page hand one another.

/**
 * @typedef {{
 *   network: import("./source.js").NetworkFacts,
 *   store: import("./store.js").Store,
 *   source: import("./source.js").Source,
 *   values: import("./values.js").Values,
 *   journey: import("./journey.js").Journey,
 *   overview: import("./overview.js").Overview,
 *   enter: () => void,
 * }} Page network: as it was when the page began; enter: puts the focus on the number that was chosen.
 */

export {};
