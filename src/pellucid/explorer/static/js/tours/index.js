// All tours, in the order in which one learns.

import { activation } from "./activation.js";
import { connected } from "./connected.js";
import { convolution } from "./convolution.js";
import { dropout } from "./dropout.js";
import { network } from "./network.js";
import { pooling } from "./pooling.js";

/** @type {import("./guide.js").Tour[]} */
export const TOURS = [convolution, activation, pooling, connected, dropout, network];
