// A sheet to draw on, with a mouse, a finger or the arrow keys; the network follows every stroke.

import { el } from "./dom.js";

const SIZE = 96; // rows and columns of the drawing that is sent
const PEN = 9; // the pen's width on it
const KEY_STEP = 4;

/** @type {{[key: string]: [number, number]}} */
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** The sheet. */
export class Pad {
  #journey;
  #canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { width: SIZE, height: SIZE }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { willReadFrequently: true }));
  #pen = { x: SIZE / 2, y: SIZE / 4 };
  #cursor = el("i", { class: "pen", hidden: true });
  #down = false;
  #busy = false;
  #waiting = false;
  #root;
  #toggle;
  #column;

  /** @param {HTMLElement} column the input's @param {import("./journey.js").Journey} journey @param {string} hint */
  constructor(column, journey, hint) {
    this.#journey = journey;
    const sheet = el(
      "div",
      {
        class: "sheet",
        tabindex: 0,
        role: "application",
        "aria-label": "Sheet to draw on: arrow keys move the pen, space lowers and lifts it, Delete wipes the sheet",
      },
      this.#canvas,
      this.#cursor,
    );
    const clear = el("button", { type: "button", text: "Wipe", on: { click: () => this.clear() } });
    this.#root = el("div", { class: "pad", hidden: true }, sheet, clear, ...(hint ? [el("small", { text: hint })] : []));
    this.#toggle = el("button", {
      class: "draw",
      type: "button",
      "aria-pressed": "false",
      text: "Draw",
      on: { click: () => this.toggle() },
    });
    this.#column = column;
    this.move(column);
    this.#listen(sheet);
  }

  /** Stand in another column. @param {HTMLElement} column the input's */
  move(column) {
    this.#column = column;
    column.querySelector(".head")?.after(this.#root);
    column.querySelector(".maps")?.after(this.#toggle);
    column.classList.toggle("drawing", !this.#root.hidden);
  }

  /** Bring the sheet out, or put it away. @param {boolean} [out] */
  toggle(out = this.#root.hidden === true) {
    this.#root.hidden = !out;
    this.#column.classList.toggle("drawing", out);
    this.#toggle.setAttribute("aria-pressed", String(out));
    if (out) {
      this.clear();
      /** @type {HTMLElement} */ (this.#root.firstElementChild).focus();
    }
  }

  /** Wipe the sheet. */
  clear() {
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, SIZE, SIZE);
    this.#send();
  }

  /** @param {HTMLElement} sheet */
  #listen(sheet) {
    sheet.addEventListener("pointerdown", (event) => {
      sheet.setPointerCapture(event.pointerId);
      this.#down = true;
      this.#cursor.hidden = true;
      this.#pen = this.#at(event);
      this.#stroke(this.#pen);
    });
    sheet.addEventListener("pointermove", (event) => {
      if (this.#down && event.buttons > 0) for (const each of coalesced(event)) this.#stroke(this.#at(each));
    });
    for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => (this.#down = false));
    sheet.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = STEPS[event.key];
    if (step !== undefined) {
      const to = { x: this.#pen.x + step[0] * KEY_STEP, y: this.#pen.y + step[1] * KEY_STEP };
      to.x = Math.max(2, Math.min(SIZE - 2, to.x));
      to.y = Math.max(2, Math.min(SIZE - 2, to.y));
      if (this.#down) this.#stroke(to);
      this.#pen = to;
    } else if (event.key === " ") {
      this.#down = !this.#down;
      if (this.#down) this.#stroke(this.#pen);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return;
    }
    this.#cursor.hidden = false;
    this.#cursor.classList.toggle("down", this.#down);
    this.#cursor.style.left = `${(100 * this.#pen.x) / SIZE}%`;
    this.#cursor.style.top = `${(100 * this.#pen.y) / SIZE}%`;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {MouseEvent} event */
  #at(event) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * SIZE, y: ((event.clientY - top) / height) * SIZE };
  }

  /** @param {{x: number, y: number}} to */
  #stroke(to) {
    const context = this.#context;
    context.strokeStyle = "#fff";
    context.lineWidth = PEN;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(this.#pen.x, this.#pen.y);
    context.lineTo(to.x, to.y + 0.01);
    context.stroke();
    this.#pen = to;
    this.#send();
  }

  /** Have the network look at the sheet: one question at a time, and then the newest. */
  async #send() {
    if (this.#busy) {
      this.#waiting = true;
      return;
    }
    this.#busy = true;
    do {
      this.#waiting = false;
      const { data } = this.#context.getImageData(0, 0, SIZE, SIZE);
      await this.#journey.drawing(
        SIZE,
        SIZE,
        Uint8Array.from({ length: SIZE * SIZE }, (_, at) => data[4 * at]),
      );
    } while (this.#waiting);
    this.#busy = false;
  }
}

/** All the places that a pointer passed since the last event. @param {PointerEvent} event @returns {PointerEvent[]} */
function coalesced(event) {
  const all = event.getCoalescedEvents?.() ?? [];
  return all.length > 0 ? all : [event];
}
