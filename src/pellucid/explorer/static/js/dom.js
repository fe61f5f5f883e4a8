// Making elements. What comes from a network or a file becomes text, never markup.

/** @typedef {{[name: string]: unknown}} Props */

/**
 * Make an element.
 * @param {string} tag
 * @param {Props} [props] "class", "text", "on" ({event: listener}), "style" ({property: value}), else attributes;
 *   true is an empty attribute, false and null are none.
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  dress(node, props);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/**
 * Make an element of a drawing.
 * @param {string} tag
 * @param {Props} [props]
 * @param {...(Node | string)} children
 * @returns {SVGElement}
 */
export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(node, props);
  node.append(...children);
  return node;
}

/** @param {HTMLElement | SVGElement} node @param {Props} props */
function dress(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.setAttribute("class", String(value));
    else if (name === "text") node.textContent = String(value);
    else if (name === "on") listen(node, /** @type {{[event: string]: EventListener}} */ (value));
    else if (name === "style") paint(node, /** @type {{[property: string]: string}} */ (value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {EventTarget} node @param {{[event: string]: EventListener}} listeners */
function listen(node, listeners) {
  for (const [event, listener] of Object.entries(listeners)) node.addEventListener(event, listener);
}

/** @param {HTMLElement | SVGElement} node @param {{[property: string]: string}} properties */
export function paint(node, properties) {
  for (const [property, value] of Object.entries(properties)) node.style.setProperty(property, value);
}

/**
 * Find an element that the page itself holds.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no ${id}`);
  return node;
}

let waiting = 0;

/**
 * Have a screen reader say something, once it has stopped changing.
 * @param {string} words
 */
export function announce(words) {
  clearTimeout(waiting);
  waiting = setTimeout(() => (byId("live").textContent = words), 150);
}

/**
 * Do something when what has changed so far is on the screen: it can wait, a person's eye cannot.
 * @param {() => void} work
 */
export function afterPaint(work) {
  requestAnimationFrame(() => setTimeout(work));
}
