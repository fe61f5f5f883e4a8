// The way of questions in a page without a server: it answers them itself, from what it carries.

import { Refusal } from "../../static/js/transport.js";
import { explained } from "./answers.js";
import { field } from "./field.js";
import { reach } from "./reach.js";

/**
 * @typedef {import("../../static/js/transport.js").Transport} Transport
 * @typedef {import("./library.js").Library} Library @typedef {{[name: string]: string}} Params
 */

/** What the page carries. @implements {Transport} */
export class EmbeddedTransport {
  #library;

  /** @param {Library} library */
  constructor(library) {
    this.#library = library;
  }

  /** @param {string} path @param {Params} params @returns {Promise<ArrayBuffer>} */
  async get(path, params) {
    const library = this.#library;
    if (path === "/api/network") return told(library.network);
    if (path === "/api/maps") return maps(library, params);
    if (["/api/explain", "/api/field", "/api/reached"].includes(path)) {
      const node = Number(params.layer);
      const index = params.index.split(",").map(Number);
      if (path === "/api/field") return told(field(library, node, index));
      if (path === "/api/reached") return told(reach(library, node, index));
      if (!library.explains(node)) throw absent(library.network.nodes[node].name);
      return told(explained(await library.run(runOf(params)), node, index));
    }
    const said = library.said[path];
    if (said !== undefined && Object.hasOwn(said, params.layer)) return told(said[params.layer]);
    throw away();
  }

  /** @param {string} path @param {object} body @returns {Promise<ArrayBuffer>} */
  async post(path, body) {
    const sample = path === "/api/run" && "sample" in body ? Number(body.sample) : -1;
    const run = this.#library.runs[sample];
    if (run === undefined) throw away();
    return told(run);
  }
}

/** Channels of layers, one after another. @param {Library} library @param {Params} params @returns {Promise<ArrayBuffer>} */
async function maps(library, params) {
  const run = await library.run(runOf(params));
  const pieces = params.parts.split(",").map((part) => {
    const [node, first, count] = part.split(":").map(Number);
    const { name, shape, absent: left } = library.network.nodes[node];
    if (left) throw absent(name);
    const each = shape.slice(1).reduce((product, size) => product * size, 1);
    return run.values(node).subarray(first * each, (first + count) * each);
  });
  const all = new Float32Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all.buffer;
}

/** @param {Params} params */
function runOf({ run }) {
  return Number(run.replace("sample-", ""));
}

/** JSON, as a server would send it: what it cannot hold becomes words. @param {object} value @returns {ArrayBuffer} */
function told(value) {
  const text = JSON.stringify(value, (_, one) => {
    if (typeof one !== "number" || Number.isFinite(one)) return one;
    return Number.isNaN(one) ? "nan" : one > 0 ? "inf" : "-inf";
  });
  return new TextEncoder().encode(text).buffer;
}

/** @param {string} layer */
function absent(layer) {
  const why = {
    where: layer,
    got: "a page without this layer's numbers",
    expected: "a layer whose numbers are in it",
    fix: "Open the network in the explorer, or make a page with this layer",
  };
  return new Refusal(why, 404);
}

function away() {
  const why = {
    where: "This page",
    got: "a question that takes the network itself",
    expected: "what the page carries",
    fix: "Open the network in the explorer",
  };
  return new Refusal(why, 400);
}
