// The explorer's widget in a notebook: the page in a frame of its own, and the way of its questions to Python.

/**
 * @typedef {{send: (content: object) => void, on: (event: string, listener: Listener) => void,
 *   off: (event: string, listener: Listener) => void}} Model what a notebook gives a widget
 * @typedef {(content: {id: string, status: number}, buffers: DataView[]) => void} Listener
 * @typedef {{id: string, method: string, path: string, params: object, body: string}} Question
 */

const PATIENCE = 4000; // milliseconds without an answer after which something is said
const HEIGHT = "46rem";
const WAITING =
  "No answer from Python yet. If it is busy with a cell, the answer follows. If it was started anew, this explorer shows " +
  "what it knew last: run its cell again.";

let views = 0;

/** @param {{model: Model, el: HTMLElement}} widget */
function render({ model, el }) {
  views += 1;
  const view = `${Date.now()}-${views}`;
  const notice = document.createElement("p");
  Object.assign(notice.style, { margin: "0", padding: "6px 10px", background: "#fff3cd", color: "#4a3800" });
  notice.setAttribute("role", "status");
  notice.textContent = WAITING;
  notice.hidden = true;
  const frame = document.createElement("iframe");
  frame.title = "Pellucid";
  // What a file's layers are called cannot reach the notebook, whatever it is; pictures can be saved and code copied.
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.allow = "clipboard-write";
  Object.assign(frame.style, { display: "block", width: "100%", height: "100%", border: "0" });
  const room = document.createElement("div");
  Object.assign(room.style, { height: HEIGHT, minHeight: "20rem", resize: "vertical", overflow: "hidden" });
  room.append(frame);
  el.append(notice, room);

  const { port1: port, port2: inside } = new MessageChannel();
  const waiting = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const watch = () => {
    clearTimeout(timer);
    if (waiting.size === 0) notice.hidden = true;
    else timer = setTimeout(() => (notice.hidden = false), PATIENCE);
  };
  const ask = (/** @type {Question} */ question) => {
    waiting.add(question.id);
    watch();
    try {
      model.send({ ...question, id: `${view} ${question.id}` });
    } catch {
      notice.hidden = false; // whoever made this widget is gone
    }
  };
  /** @type {Listener} */
  const hear = ({ id, status }, buffers) => {
    const [whose, number] = String(id).split(" ");
    if (whose !== view) return;
    waiting.delete(number);
    watch();
    const { buffer, byteOffset, byteLength } = buffers[0];
    const content = buffer.slice(byteOffset, byteOffset + byteLength);
    if (number === "page") frame.srcdoc = new TextDecoder().decode(content);
    else port.postMessage({ id: number, status, content });
  };
  model.on("msg:custom", hear);
  port.onmessage = (/** @type {MessageEvent<Question>} */ event) => ask(event.data);
  const open = () => {
    if (frame.srcdoc !== "") frame.contentWindow?.postMessage({ theme: themeOf(el) }, "*", [inside]);
  };
  frame.addEventListener("load", open);
  ask({ id: "page", method: "GET", path: "page", params: {}, body: "" });
  return () => {
    clearTimeout(timer);
    model.off("msg:custom", hear);
    port.close();
  };
}

/** Dark or light, as the notebook is where the widget stands. @param {HTMLElement} el @returns {"dark" | "light"} */
function themeOf(el) {
  for (let at = /** @type {HTMLElement | null} */ (el); at !== null; at = at.parentElement) {
    const [red, green, blue, alpha = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (blue !== undefined && alpha > 0) return 0.3 * red + 0.6 * green + 0.1 * blue < 128 ? "dark" : "light";
  }
  return "light";
}

export default { render };
