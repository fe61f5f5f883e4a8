// Opens what the page carries: letters in the page, behind them compressed bytes, in these JSON and arrays of numbers.

/**
 * @typedef {Float32Array | Float64Array | Int32Array} Numbers
 * @typedef {["i" | "f" | "d", number, number]} Reference a type's letter, its first byte, its length
 */

const KINDS = { i: Int32Array, f: Float32Array, d: Float64Array };
const HEAD = 8; // bytes before the JSON
const ALIGNED = 8;

/** What one piece holds: `told` is its JSON. */
export class Pack {
  told;
  #buffer;
  #base;

  /** @param {ArrayBuffer} buffer */
  constructor(buffer) {
    const [length] = new Uint32Array(buffer, 0, 1);
    this.told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, HEAD, length)));
    this.#buffer = buffer;
    this.#base = Math.ceil((HEAD + length) / ALIGNED) * ALIGNED;
  }

  /** @param {Reference} reference @returns {Numbers} */
  array([kind, at, length]) {
    return new KINDS[kind](this.#buffer, this.#base + at, length);
  }
}

/** @param {string} text base64 of gzip @returns {Promise<Pack>} */
export async function unpack(text) {
  if (!("DecompressionStream" in globalThis)) throw new Error("This page needs a browser of 2023 or later.");
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = letters.charCodeAt(at);
  const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Pack(await new Response(opened).arrayBuffer());
}
