// A part of the page as an SVG that opens by itself: boxes as boxes, text as text, pictures within.

import { svg } from "../dom.js";
import { bare } from "./ink.js";
import { lineArt } from "./lineart.js";
import { linesOf } from "./lines.js";
import { redrawn } from "./pen.js";

const LEFT_OUT = "button:not([data-go], .map, .head), input, select, summary, .unseen, [data-export=no]"; // controls
const EDGE = 12; // pixels around all
const SIDES = /** @type {const} */ (["Top", "Right", "Bottom", "Left"]);

/** @typedef {{left: number, top: number, right: number, bottom: number}} Extent */

/**
 * Draw an element as it looks now, what is scrolled out of sight in it included.
 * @param {HTMLElement} root
 * @param {string} title what the drawing is called
 * @returns {SVGElement}
 */
export function drawn(root, title) {
  const origin = root.getBoundingClientRect();
  /** @type {Extent} */
  const extent = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  const parts = [...walked(root, origin, extent, 1)];
  const x = extent.left - EDGE;
  const y = extent.top - EDGE;
  const width = Math.ceil(extent.right - extent.left + 2 * EDGE);
  const height = Math.ceil(extent.bottom - extent.top + 2 * EDGE);
  const ground = bare(getComputedStyle(document.body).backgroundColor);
  const box = [x, y, width, height].map(round).join(" ");
  return svg(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: box, role: "img" },
    svg("title", { text: title }),
    svg("rect", { x: round(x), y: round(y), width, height, fill: ground?.colour ?? "#ffffff" }),
    ...parts,
  );
}

/** The drawing as a file's text. @param {SVGElement} drawing @returns {string} */
export function written(drawing) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(drawing)}\n`;
}

/**
 * @param {Element} element
 * @param {DOMRect} origin
 * @param {Extent} extent grows to hold all that is drawn
 * @param {number} opacity of all that it is in
 * @returns {Generator<SVGElement>}
 */
function* walked(element, origin, extent, opacity) {
  const style = getComputedStyle(element);
  if (style.display === "none" || element.matches(LEFT_OUT)) return;
  const seen = opacity * Number(style.opacity);
  if (seen === 0) return;
  const rect = element.getBoundingClientRect();
  const box = { x: rect.left - origin.left, y: rect.top - origin.top, width: rect.width, height: rect.height };
  const visible = style.visibility === "visible";
  if (visible && box.width > 0 && box.height > 0) {
    const own = [...boxed(box, style, seen), ...pictured(element, box, style, seen)];
    if (own.length > 0) grow(extent, box);
    yield* own;
  }
  if (element instanceof SVGSVGElement) {
    if (visible && box.width > 0) grow(extent, box);
    yield lineArt(element, box, seen);
    return;
  }
  for (const child of element.childNodes) {
    if (child instanceof Element) yield* walked(child, origin, extent, seen);
    else if (child instanceof Text && visible) yield* worded(child, origin, extent, style, seen);
  }
}

/**
 * An element's ground and border.
 * @param {{x: number, y: number, width: number, height: number}} box
 * @param {CSSStyleDeclaration} style
 * @param {number} opacity
 * @returns {Generator<SVGElement>}
 */
function* boxed({ x, y, width, height }, style, opacity) {
  const ground = bare(style.backgroundColor);
  const radius = Math.min(Number.parseFloat(style.borderTopLeftRadius) || 0, width / 2, height / 2);
  const sides = SIDES.map((side) => ({
    width: style[`border${side}Style`] === "none" ? 0 : Number.parseFloat(style[`border${side}Width`]),
    ink: bare(style[`border${side}Color`]),
  }));
  const [first] = sides;
  const even = sides.every(({ width: wide, ink }) => wide === first.width && ink?.colour === first.ink?.colour);
  const stroke = even && first.width > 0 ? first.ink : null;
  const half = stroke === null ? 0 : first.width / 2;
  if (ground !== null || stroke !== null) {
    yield svg("rect", {
      x: round(x + half),
      y: round(y + half),
      width: round(width - 2 * half),
      height: round(height - 2 * half),
      rx: radius > 0 ? round(radius) : null,
      fill: ground?.colour ?? "none",
      "fill-opacity": share(ground, opacity),
      stroke: stroke?.colour,
      "stroke-width": stroke === null ? null : round(first.width),
      "stroke-opacity": share(stroke, opacity),
    });
  }
  const outline = style.outlineStyle === "none" ? null : bare(style.outlineColor);
  const wide = Number.parseFloat(style.outlineWidth);
  const off = Number.parseFloat(style.outlineOffset) + wide / 2;
  if (outline !== null && wide > 0) {
    yield svg("rect", {
      x: round(x - off),
      y: round(y - off),
      width: round(width + 2 * off),
      height: round(height + 2 * off),
      rx: radius > 0 ? round(radius) : null,
      fill: "none",
      stroke: outline.colour,
      "stroke-width": round(wide),
      "stroke-opacity": share(outline, opacity),
    });
  }
  if (even) return;
  const corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
  for (const [at, side] of sides.entries()) {
    if (side.width === 0 || side.ink === null) continue;
    const [[x1, y1], [x2, y2]] = [corners[at], corners[(at + 1) % 4]];
    const line = { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2) };
    const { colour } = side.ink;
    yield svg("line", { ...line, stroke: colour, "stroke-width": round(side.width), "stroke-opacity": share(side.ink, opacity) });
  }
}

/**
 * A picture that an element is.
 * @param {Element} element
 * @param {{x: number, y: number, width: number, height: number}} box
 * @param {CSSStyleDeclaration} style
 * @param {number} opacity
 * @returns {SVGElement[]}
 */
function pictured(element, box, style, opacity) {
  const anew = element instanceof HTMLCanvasElement ? redrawn(element, box) : null;
  if (anew !== null) return [anew];
  let href = null;
  if (element instanceof HTMLCanvasElement && element.width > 0) href = element.toDataURL();
  if (element instanceof HTMLImageElement && element.src.startsWith("data:")) href = element.src;
  if (href === null) return [];
  return [
    svg("image", {
      href,
      x: round(box.x),
      y: round(box.y),
      width: round(box.width),
      height: round(box.height),
      preserveAspectRatio: "none",
      opacity: opacity < 1 ? round(opacity) : null,
      style: { "image-rendering": style.imageRendering },
    }),
  ];
}

/**
 * @param {Text} text
 * @param {DOMRect} origin
 * @param {Extent} extent
 * @param {CSSStyleDeclaration} style
 * @param {number} opacity
 * @returns {Generator<SVGElement>}
 */
function* worded(text, origin, extent, style, opacity) {
  const ink = bare(style.color);
  if (ink === null) return;
  for (const { words, left, top, width, height } of linesOf(text)) {
    const box = { x: left - origin.left, y: top - origin.top, width, height };
    grow(extent, box);
    yield svg("text", {
      x: round(box.x),
      y: round(box.y + height / 2),
      "dominant-baseline": "central",
      textLength: round(width),
      lengthAdjust: "spacingAndGlyphs",
      fill: ink.colour,
      "fill-opacity": share(ink, opacity),
      "font-family": style.fontFamily,
      "font-size": style.fontSize,
      "font-weight": style.fontWeight === "400" ? null : style.fontWeight,
      "font-style": style.fontStyle === "normal" ? null : style.fontStyle,
      text: words,
    });
  }
}

/** @param {Extent} extent @param {{x: number, y: number, width: number, height: number}} box */
function grow(extent, { x, y, width, height }) {
  extent.left = Math.min(extent.left, x);
  extent.top = Math.min(extent.top, y);
  extent.right = Math.max(extent.right, x + width);
  extent.bottom = Math.max(extent.bottom, y + height);
}

/** @param {import("./ink.js").Ink | null} ink @param {number} opacity @returns {number | null} */
function share(ink, opacity) {
  const all = (ink?.opacity ?? 1) * opacity;
  return ink === null || all === 1 ? null : round(all);
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}
