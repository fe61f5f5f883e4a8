// Which layers of a deep network are shown: stages that are folded stand as one column each, until they are unfolded.

/**
 * @typedef {import("./source.js").NetworkFacts} NetworkFacts
 * @typedef {import("./source.js").Group} Group
 * @typedef {{node: number, first: number, group: number | null, inputs: number[]}} Column node: whose values it shows;
 *   first: the first node that it stands for; group: the folded group that it is, or null for a layer; inputs: the
 *   columns that it reads
 * @typedef {{group: number, from: number, to: number, level: number}} Band an unfolded group over its columns, both
 *   ends counted; level 0 is the outermost
 */

const DEEP = 24; // nodes from which on a network is folded: fewer are seen at once

/** Whether there is anything to fold. @param {NetworkFacts} network */
function isDeep({ nodes, groups }) {
  return nodes.length > DEEP && groups.length > 0;
}

/** All groups, or none where nothing is folded. @param {NetworkFacts} network @returns {Group[]} */
export function groupsOf(network) {
  return isDeep(network) ? network.groups : [];
}

/**
 * The columns that are shown, in the order in which the data flows, and the bands over them.
 * @param {NetworkFacts} network
 * @param {number[]} unfolded
 * @returns {{columns: Column[], bands: Band[]}}
 */
export function shown(network, unfolded) {
  const groups = groupsOf(network);
  /** @type {Column[]} */
  const columns = [];
  /** @type {number[]} the column of each node */
  const place = [];
  /** @type {Band[]} */
  const bands = [];
  for (const [node, facts] of network.nodes.entries()) {
    const around = groupsAround(groups, node);
    const folded = around.find((group) => !unfolded.includes(group)) ?? null;
    const first = folded === null ? node : groups[folded].first;
    if (first === node) columns.push({ node, first, group: folded, inputs: [] });
    const column = columns[columns.length - 1];
    column.node = node;
    place[node] = columns.length - 1;
    const read = facts.inputs.map((input) => place[input]).filter((input) => input !== place[node]);
    column.inputs = [...new Set([...column.inputs, ...read])];
    for (const [level, group] of around.slice(0, folded === null ? undefined : around.indexOf(folded)).entries()) {
      const band = bands.find((one) => one.group === group);
      if (band === undefined) bands.push({ group, from: place[node], to: place[node], level });
      else band.to = place[node];
    }
  }
  return { columns, bands };
}

/** The groups that a node stands in, the outermost first. @param {Group[]} groups @param {number} node */
function groupsAround(groups, node) {
  return groups.flatMap(({ first, last }, group) => (first <= node && node <= last ? [group] : []));
}

/**
 * What must be unfolded besides, so that a node is seen; the last node of a folded group is, as the group's values.
 * @param {NetworkFacts} network
 * @param {number[]} unfolded
 * @param {number | null} node
 * @returns {number[]} the same array if nothing must be
 */
export function revealing(network, unfolded, node) {
  if (node === null || shown(network, unfolded).columns.some((column) => column.node === node)) return unfolded;
  return sorted([...unfolded, ...groupsAround(groupsOf(network), node)]);
}

/** @param {number[]} unfolded @param {number} group @returns {number[]} */
export function unfold(unfolded, group) {
  return sorted([...unfolded, group]);
}

/** Fold a group, and all that is unfolded in it. @param {Group[]} groups @param {number[]} unfolded @param {number} group */
export function fold(groups, unfolded, group) {
  return unfolded.filter((one) => one !== group && groups[one].parent !== group);
}

/** @param {number[]} numbers @returns {number[]} */
function sorted(numbers) {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
