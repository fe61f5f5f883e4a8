// Lines that the page itself draws as SVG, with what its styles say of them written on each.

import { svg } from "../dom.js";
import { bare } from "./ink.js";

const SHAPES = "path, line, rect, circle, polyline, polygon";
const KEPT = ["d", "x", "y", "x1", "y1", "x2", "y2", "width", "height", "cx", "cy", "r", "rx", "points", "transform"];

/**
 * @param {SVGSVGElement} drawing
 * @param {{x: number, y: number, width: number, height: number}} box where it lies
 * @param {number} opacity
 * @returns {SVGElement}
 */
export function lineArt(drawing, { x, y, width, height }, opacity) {
  const shapes = [...drawing.querySelectorAll(SHAPES)].filter((shape) => getComputedStyle(shape).display !== "none");
  const viewBox = drawing.getAttribute("viewBox");
  return svg(
    "svg",
    { x, y, width, height, viewBox, overflow: "visible", opacity: opacity < 1 ? opacity : null },
    ...shapes.map(copied),
  );
}

/** @param {Element} shape @returns {SVGElement} */
function copied(shape) {
  const style = getComputedStyle(shape);
  const fill = style.fill === "none" ? null : bare(style.fill);
  const stroke = style.stroke === "none" ? null : bare(style.stroke);
  const given = KEPT.filter((name) => shape.hasAttribute(name)).map((name) => [name, shape.getAttribute(name)]);
  return svg(shape.tagName, {
    ...Object.fromEntries(given),
    fill: fill?.colour ?? "none",
    "fill-opacity": fill === null || fill.opacity === 1 ? null : fill.opacity.toFixed(3),
    stroke: stroke?.colour ?? null,
    "stroke-opacity": stroke === null || stroke.opacity === 1 ? null : stroke.opacity.toFixed(3),
    "stroke-width": stroke === null ? null : style.strokeWidth,
    "stroke-linecap": stroke === null ? null : style.strokeLinecap,
    opacity: style.opacity === "1" ? null : style.opacity,
  });
}
