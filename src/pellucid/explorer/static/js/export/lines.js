// Where the lines of a text lie on the page: a drawing knows no line breaks of its own.

/** @typedef {{words: string, left: number, top: number, width: number, height: number}} Line */

/** The lines of a text, as they are broken now; what is not shown has none. @param {Text} text @returns {Line[]} */
export function linesOf(text) {
  /** @type {Line[]} */
  const lines = [];
  const range = document.createRange();
  for (const { index, 0: word } of text.data.matchAll(/\S+/g)) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const rects = [...range.getClientRects()].filter((rect) => rect.width > 0);
    if (rects.length === 1) add(lines, word, rects[0]);
    else if (rects.length > 1) for (const [at, sign] of [...word].entries()) addSign(lines, text, index, word, at, sign);
  }
  return lines;
}

/** @param {Line[]} lines @param {string} word @param {DOMRect} rect */
function add(lines, word, rect) {
  const last = lines.at(-1);
  if (last !== undefined && Math.abs(last.top - rect.top) < rect.height / 2 && rect.left >= last.left + last.width - 1) {
    const apart = rect.left - last.left - last.width > 0.5;
    last.words += (apart ? " " : "") + word;
    last.width = rect.right - last.left;
  } else {
    lines.push({ words: word, left: rect.left, top: rect.top, width: rect.width, height: rect.height });
  }
}

/**
 * Add one sign of a word that is broken within.
 * @param {Line[]} lines
 * @param {Text} text
 * @param {number} index where the word begins
 * @param {string} word
 * @param {number} at which of its signs
 * @param {string} sign
 */
function addSign(lines, text, index, word, at, sign) {
  const before = [...word].slice(0, at).join("").length;
  const range = document.createRange();
  range.setStart(text, index + before);
  range.setEnd(text, index + before + sign.length);
  const [rect] = range.getClientRects();
  if (rect !== undefined && rect.width > 0) add(lines, sign, rect);
}
