// The network's summary written for other programs, as Python's `Summary` writes it: LaTeX, Markdown, CSV.

/**
 * @typedef {import("../source.js").NetworkFacts} NetworkFacts
 * @typedef {import("../source.js").NodeFacts} NodeFacts
 */

const HEADINGS = ["layer", "what", "output", "params", "MACs", "field", "step"];
const COLUMNS = [
  "layer", "kind", "what", "reads", "output", "params", "untrained", "macs",
  "field_height", "field_width", "field_status", "step_height", "step_width",
];
/** @type {{[sign: string]: string}} */
const LATEX = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "`": "\\textasciigrave{}",
  "*": "{*}",
  ...Object.fromEntries([..."{}$&#_%"].map((sign) => [sign, `\\${sign}`])),
};

/** @param {NetworkFacts} network @returns {string} */
export function markdown(network) {
  const lines = [
    HEADINGS,
    ["---", "---", "---", "---:", "---:", "---:", "---:"],
    ...rows(network).map((row) => row.map(inMarkdown)),
  ];
  return [...lines.map((line) => `| ${line.join(" | ")} |`), "", inMarkdown(totals(network)), ""].join("\n");
}

/** @param {NetworkFacts} network @returns {string} */
export function latex(network) {
  return [
    "\\begin{tabular}{lllrrrr}",
    "\\hline",
    `${HEADINGS.join(" & ")} \\\\`,
    "\\hline",
    ...rows(network).map((row) => `${row.map(inLatex).join(" & ")} \\\\`),
    "\\hline",
    `\\multicolumn{${HEADINGS.length}}{l}{${inLatex(totals(network))}} \\\\`,
    "\\hline",
    "\\end{tabular}",
    "",
  ].join("\n");
}

/** @param {NetworkFacts} network @returns {string} */
export function commaSeparated({ nodes }) {
  const lines = nodes.filter(isLayer).map((node) => [
    node.name, node.kind, node.description, reads(node, nodes).join(" "), node.shape.join("x"),
    node.params ?? 0, node.untrained ?? 0, node.macs ?? 0, ...(node.receptive_field ?? []), node.status ?? "",
    ...(node.jump ?? []),
  ]);
  return [COLUMNS, ...lines].map((line) => `${line.map(inACell).join(",")}\r\n`).join("");
}

/** A row of texts for each input and each layer. @param {NetworkFacts} network @returns {string[][]} */
function rows({ nodes }) {
  let before = "";
  return nodes.map((node) => {
    const told = isLayer(node) ? layerRow(node, nodes, before) : inputRow(node);
    before = node.name;
    return told;
  });
}

/** @param {NodeFacts} node */
function inputRow(node) {
  return [node.name, "input", node.shape.join(" x "), "", "", "1", "1"];
}

/** @param {NodeFacts} node @param {NodeFacts[]} nodes @param {string} before */
function layerRow(node, nodes, before) {
  const read = reads(node, nodes);
  const what = read.length === 1 && read[0] === before ? node.description : `${node.description} of ${read.join(", ")}`;
  const whole = node.status === "whole input";
  const field = (node.status === "upper bound" ? "<= " : "") + span(node.receptive_field ?? []);
  return [
    node.name, what, node.shape.join(" x "), grouped(node.params), grouped(node.macs),
    whole ? "all" : field, whole ? "-" : span(node.jump ?? []),
  ];
}

/** @param {NetworkFacts} network */
function totals({ nodes, params, macs }) {
  const untrained = nodes.reduce((sum, node) => sum + (node.untrained ?? 0), 0);
  const kept = untrained ? ` (and ${grouped(untrained)} kept but not trained)` : "";
  return `${params.toLocaleString("en-US")} parameters${kept}, ${macs.toLocaleString("en-US")} MACs an image`;
}

/** @param {NodeFacts} node @param {NodeFacts[]} nodes */
function reads(node, nodes) {
  return node.inputs.map((number) => nodes[number].name);
}

/** @param {NodeFacts} node */
function isLayer(node) {
  return node.status !== undefined;
}

/** @param {number} [many] */
function grouped(many) {
  return many ? many.toLocaleString("en-US") : "-";
}

/** @param {number[]} sizes */
function span([height, width]) {
  return height === width ? brief(height) : `${brief(height)} x ${brief(width)}`;
}

/** A number with at most six digits. @param {number} value */
function brief(value) {
  return String(Number(value.toPrecision(6)));
}

/** @param {string} text */
function inMarkdown(text) {
  return text.replaceAll(/[\\`*_[\]<>|&~#$]/g, "\\$&");
}

/** @param {string} text */
function inLatex(text) {
  return [...text]
    .map((sign) => LATEX[sign] ?? sign)
    .join("")
    .replaceAll("--", "-{}-")
    .replaceAll(/(?<=[\d.]) x (?=\d)/g, " $\\times$ ")
    .replace(/^\\textless\{\}= /, "$\\le$ ");
}

/** A cell of CSV; what a spreadsheet would take for a formula has an apostrophe before it. @param {string | number} fact */
function inACell(fact) {
  if (typeof fact === "number") return String(Number(fact.toPrecision(15)));
  const plain = /^[=+\-@]/.test(fact) ? `'${fact}` : fact;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
