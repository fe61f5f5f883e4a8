// All panels, in the order of their buttons.

import { change } from "./change.js";
import { compare } from "./compare.js";
import { excites } from "./excites.js";
import { exporting } from "./export.js";
import { table } from "./table.js";
import { train } from "./train.js";
import { why } from "./why.js";
import { words } from "./words.js";

/** @typedef {((page: import("../page.js").Page) => void)[]} Panels */

/** @type {Panels} */
export const PANELS = [why, change, train, table, compare, excites, exporting, words];

/** @type {Panels} those for which nobody must be there who runs or changes the network: a page by itself has these */
export const PANELS_ALONE = [table, exporting, words];
