// The page within a widget: its questions go to the notebook, which passes them on to Python.

import { complain } from "../static/js/journey.js";
import { start } from "../static/js/start.js";
import { Refusal } from "../static/js/transport.js";

/**
 * @typedef {import("../static/js/transport.js").Transport} Transport
 * @typedef {{id: string, status: number, content: ArrayBuffer}} Answer
 * @typedef {{resolve: (content: ArrayBuffer) => void, reject: (why: Refusal) => void}} Waiting
 */

/** A notebook's widget. @implements {Transport} */
class WidgetTransport {
  #port;
  /** @type {Map<string, Waiting>} */
  #waiting = new Map();
  #asked = 0;

  /** @param {MessagePort} port */
  constructor(port) {
    this.#port = port;
    port.onmessage = (event) => this.#hear(event.data);
  }

  /** @param {string} path @param {{[name: string]: string}} params */
  get(path, params) {
    return this.#ask({ method: "GET", path, params, body: "" });
  }

  /** @param {string} path @param {object} body */
  post(path, body) {
    return this.#ask({ method: "POST", path, params: {}, body: JSON.stringify(body) });
  }

  /** @param {object} question @returns {Promise<ArrayBuffer>} */
  #ask(question) {
    this.#asked += 1;
    const id = String(this.#asked);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ ...question, id });
    });
  }

  /** @param {Answer} answer */
  #hear({ id, status, content }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (status === 200) waiting?.resolve(content);
    else waiting?.reject(new Refusal(JSON.parse(new TextDecoder().decode(content)).error, status));
  }
}

addEventListener(
  "message",
  (event) => {
    if (event.source !== parent) return;
    document.documentElement.dataset.system = event.data.theme;
    start(new WidgetTransport(event.ports[0])).catch(complain);
  },
  { once: true },
);
