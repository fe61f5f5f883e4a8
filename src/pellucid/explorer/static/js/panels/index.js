// All panels, in the order of their buttons.

import { compare } from "./compare.js";
import { excites } from "./excites.js";
import { table } from "./table.js";
import { why } from "./why.js";

/** @type {((page: import("../page.js").Page) => void)[]} */
export const PANELS = [why, table, compare, excites];
