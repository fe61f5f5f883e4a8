// Where each column stands in the overview: as far right as what it reads allows, branches one below the other.

/**
 * @typedef {{depth: number, lane: number}} Spot
 * @typedef {{from: number, to: number, way: "straight" | "over"}} Edge numbers of columns; "over": others stand between
 */

/**
 * Give every column a depth (the longest way to it) and a lane (the first that is free there, its input's if it can).
 * @param {{inputs: number[]}[]} columns each with the columns that it reads, which come before it
 * @returns {Spot[]}
 */
export function layout(columns) {
  /** @type {Spot[]} */
  const spots = [];
  const taken = new Set();
  for (const { inputs } of columns) {
    const before = inputs.map((input) => spots[input]);
    const depth = Math.max(-1, ...before.map((spot) => spot.depth)) + 1;
    let lane = before.length > 0 ? Math.min(...before.map((spot) => spot.lane)) : 0;
    while (taken.has(`${depth} ${lane}`)) lane += 1;
    taken.add(`${depth} ${lane}`);
    spots.push({ depth, lane });
  }
  return spots;
}

/**
 * Say for each connection if it can go straight, or must go over the columns in between.
 * @param {{inputs: number[]}[]} columns
 * @param {Spot[]} spots
 * @returns {Edge[]}
 */
export function edges(columns, spots) {
  const taken = new Set(spots.map(({ depth, lane }) => `${depth} ${lane}`));
  /** @param {Spot} from @param {Spot} to @param {number} lane */
  const free = (from, to, lane) => {
    for (let depth = from.depth + 1; depth < to.depth; depth += 1) if (taken.has(`${depth} ${lane}`)) return false;
    return true;
  };
  return columns.flatMap(({ inputs }, to) =>
    [...new Set(inputs)].map((from) => ({
      from,
      to,
      way: /** @type {Edge["way"]} */ (free(spots[from], spots[to], spots[from].lane) ? "straight" : "over"),
    })),
  );
}
