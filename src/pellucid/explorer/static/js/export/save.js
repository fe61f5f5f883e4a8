// Files that the browser saves: named by what they show, made in the page.

const LARGEST = 8192; // pixels a side that browsers draw
const SHARP = 2; // pixels of a picture for one on the page

/** Have the browser save a file. @param {string} name @param {Blob} content */
export function save(name, content) {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // when it has surely been taken
}

/** A name of a file: of parts, with only signs that every system takes. @param {string[]} parts @param {string} suffix */
export function fileName(parts, suffix) {
  const plain = parts.map((part) => part.replaceAll(/[^A-Za-z0-9._]+/g, "-").replaceAll(/^[-.]+|[-.]+$/g, ""));
  const name = plain.filter((part) => part !== "").join("-").slice(0, 120);
  return `${name || "pellucid"}.${suffix}`;
}

/**
 * A drawing as a PNG.
 * @param {string} drawing an SVG file's text
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Blob>}
 */
export async function png(drawing, width, height) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
  await image.decode();
  const scale = Math.min(SHARP, LARGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob === null ? fail(new Error("The picture is too large to draw.")) : done(blob)), "image/png");
  });
}
