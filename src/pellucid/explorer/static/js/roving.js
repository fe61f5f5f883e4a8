// One Tab stop for a whole region: arrow keys go to the nearest control in their direction.

/** @type {{[key: string]: [number, number]}} */
const DIRECTIONS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * @param {HTMLElement} region
 * @param {string} controls a selector of what can be gone to
 */
export function rove(region, controls) {
  region.addEventListener("keydown", (event) => {
    const direction = DIRECTIONS[event.key];
    const from = event.target;
    if (direction === undefined || !(from instanceof HTMLElement) || !from.matches(controls)) return;
    const next = nearest(from, [...region.querySelectorAll(controls)], direction);
    event.preventDefault();
    next?.focus();
  });
  region.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLElement && event.target.matches(controls)) keep(region, controls, event.target);
  });
  new MutationObserver(() => keep(region, controls, null)).observe(region, { childList: true, subtree: true });
  keep(region, controls, null);
}

/** Leave one control to Tab. @param {HTMLElement} region @param {string} controls @param {HTMLElement | null} chosen */
function keep(region, controls, chosen) {
  const all = /** @type {HTMLElement[]} */ ([...region.querySelectorAll(controls)]);
  const stop =
    chosen ?? all.find((one) => one === document.activeElement) ?? all.find((one) => one.tabIndex === 0) ?? all[0];
  for (const one of all) if (one.tabIndex !== (one === stop ? 0 : -1)) one.tabIndex = one === stop ? 0 : -1;
}

/**
 * @param {HTMLElement} from
 * @param {Element[]} all
 * @param {[number, number]} direction
 * @returns {HTMLElement | null}
 */
function nearest(from, all, [dx, dy]) {
  const start = middle(from);
  let best = null;
  let least = Infinity;
  for (const one of all) {
    if (one === from || !(one instanceof HTMLElement) || one.offsetParent === null) continue;
    const at = middle(one);
    const along = (at.x - start.x) * dx + (at.y - start.y) * dy;
    const aside = Math.abs((at.x - start.x) * dy) + Math.abs((at.y - start.y) * dx);
    const distance = along + 3 * aside;
    if (along > 2 && aside < 4 * along && distance < least) {
      best = one;
      least = distance;
    }
  }
  return best;
}

/** @param {HTMLElement} node */
function middle(node) {
  const { left, top, width, height } = node.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}
