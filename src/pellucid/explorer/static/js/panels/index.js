// All panels, in the order of their buttons.

import { table } from "./table.js";

/** @type {((page: import("../page.js").Page) => void)[]} */
export const PANELS = [table];
