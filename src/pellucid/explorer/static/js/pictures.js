// Pictures of the user's own: chosen, taken, dropped or pasted. The browser decodes them; what arrives is pixels.

import { el } from "./dom.js";
import { complain } from "./journey.js";

const LARGEST = 1 << 21; // pixels that are sent; larger pictures are scaled down first
const CHUNK = 1 << 15; // bytes that become text at once

/** Takes pictures, and has the network look at them. */
export class Pictures {
  #journey;
  #file = /** @type {HTMLInputElement} */ (
    el("input", { type: "file", accept: "image/*", class: "unseen", tabindex: -1, "aria-label": "Picture" })
  );
  #invert = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox" }));
  #root;
  /** @type {Blob | null} */
  #last = null;

  /**
   * @param {HTMLElement} column the input's
   * @param {import("./journey.js").Journey} journey
   * @param {import("./source.js").NetworkFacts} network
   */
  constructor(column, journey, network) {
    this.#journey = journey;
    const choose = el("button", {
      type: "button",
      title: "Choose a picture, take one, drop one on the page, or paste one",
      text: "Picture…",
      on: { click: () => this.#file.click() },
    });
    const grey = network.nodes[0].shape[0] === 1;
    const turned = el("label", { hidden: !grey }, this.#invert, " dark ink on bright paper");
    this.#root = el("div", { class: "pictures" }, choose, this.#file, turned);
    this.move(column);
    this.#file.addEventListener("change", () => this.#take(this.#file.files?.[0] ?? null));
    this.#invert.addEventListener("change", () => this.#take(this.#last));
    this.#listen();
  }

  /** Stand in another column. @param {HTMLElement} column the input's */
  move(column) {
    column.querySelector(".facts")?.before(this.#root);
  }

  #listen() {
    addEventListener("paste", (event) => this.#take(pictureIn(event.clipboardData)));
    addEventListener("dragover", (event) => {
      event.preventDefault(); // else the browser would leave the page for the file
      document.body.classList.add("dropping");
    });
    for (const end of ["dragleave", "drop"]) {
      addEventListener(end, () => document.body.classList.remove("dropping"));
    }
    addEventListener("drop", (event) => {
      event.preventDefault();
      this.#take(pictureIn(event.dataTransfer));
    });
  }

  /** @param {Blob | null} picture */
  async #take(picture) {
    if (picture === null) return;
    this.#last = picture;
    try {
      const { width, height, pixels } = await decoded(picture);
      await this.#journey.picture(width, height, base64(pixels), this.#invert.checked);
    } catch (problem) {
      complain(problem);
    }
    this.#file.value = ""; // so that the same file can be chosen again
  }
}

/** The first picture among what was dropped or pasted. @param {DataTransfer | null} given @returns {File | null} */
function pictureIn(given) {
  return [...(given?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;
}

/**
 * The pixels of a picture, upright, their colours as they are in the file.
 * @param {Blob} picture
 * @returns {Promise<{width: number, height: number, pixels: Uint8ClampedArray}>}
 */
async function decoded(picture) {
  let image;
  try {
    image = await createImageBitmap(picture, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new Error("The explorer: got a file that this browser cannot show; expected a picture. Save it as PNG or JPEG.");
  }
  const scale = Math.min(1, Math.sqrt(LARGEST / (image.width * image.height)));
  const width = Math.max(1, Math.floor(image.width * scale));
  const height = Math.max(1, Math.floor(image.height * scale));
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { width, height }));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  image.close();
  return { width, height, pixels: context.getImageData(0, 0, width, height).data };
}

/** @param {Uint8ClampedArray} bytes @returns {string} */
function base64(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += CHUNK) parts.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)));
  return btoa(parts.join(""));
}
