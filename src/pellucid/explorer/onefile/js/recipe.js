// What a number reads, and with which weights: looked up in a few tables that hold all of a layer's arithmetic.

/**
 * @typedef {import("./unpack.js").Reference} Reference
 * @typedef {{axes: number[], which: Reference, starts: Reference, lists: Reference}} TableFacts
 * @typedef {{[name: string]: TableFacts}} ToldFacts
 * @typedef {{blocks: {columns: number[], table: TableFacts}[], rank: number, weight: number[] | null, first: number,
 *   used: "all" | "inside" | "winner", kinds: string[][], told: ToldFacts, retold?: ToldFacts[], inputs: number[],
 *   explained: boolean, origins: {node: number, index: Reference} | null, kernel?: Reference,
 *   dropped?: {said: import("../../static/js/source.js").Dropped, factors: Reference}}} LayerFacts
 * @typedef {{source: Int32Array, index: Int32Array[], taps: Int32Array | null}} Reads which input each number comes
 *   from, its place there axis by axis, and the place of its weight
 */

/** Lists of numbers that depend on some axes of a place. */
export class Table {
  axes;
  which;
  #starts;
  #lists;
  #shape;

  /** @param {TableFacts} facts @param {import("./unpack.js").Pack} pack @param {number[]} shape of the layer */
  constructor(facts, pack, shape) {
    this.axes = facts.axes;
    this.which = pack.array(facts.which);
    this.#starts = pack.array(facts.starts);
    this.#lists = pack.array(facts.lists);
    this.#shape = shape;
  }

  /** How many different lists there are. */
  get count() {
    return this.#starts.length - 1;
  }

  /** One of the different lists. @param {number} number */
  list(number) {
    return this.#lists.subarray(this.#starts[number], this.#starts[number + 1]);
  }

  /** The list at a place of the layer. @param {number[]} index */
  at(index) {
    return this.list(this.which[flat(index, this.#shape, this.axes)]);
  }
}

/** A layer's arithmetic. */
export class Recipe {
  facts;
  /** @type {{columns: number[], table: Table}[]} */
  blocks;
  shape;
  shapes;
  #told;
  #retold;

  /**
   * @param {LayerFacts} facts
   * @param {import("./unpack.js").Pack} pack
   * @param {number[]} shape of what the layer gives
   * @param {number[][]} shapes of what it reads
   */
  constructor(facts, pack, shape, shapes) {
    const tables = (/** @type {ToldFacts} */ told) =>
      new Map(Object.entries(told).map(([name, table]) => [name, new Table(table, pack, shape)]));
    this.facts = facts;
    this.blocks = facts.blocks.map(({ columns, table }) => ({ columns, table: new Table(table, pack, shape) }));
    this.shape = shape;
    this.shapes = shapes;
    this.#told = tables(facts.told);
    this.#retold = (facts.retold ?? []).map(tables);
  }

  /** Whether numbers are multiplied with weights. */
  get weighs() {
    return this.facts.weight !== null || this.#told.has("weight");
  }

  /**
   * What neither values nor weights tell of a number.
   * @param {string} name
   * @param {number[]} index
   * @param {number} run
   * @returns {import("./unpack.js").Numbers} empty if it is computed
   */
  told(name, index, run) {
    const table = this.#retold[run - 1]?.get(name) ?? this.#told.get(name);
    return table === undefined ? new Float64Array(0) : table.at(index);
  }

  /** Whether one place of an input stands for all places along an axis. @param {number} source @param {number} axis */
  spreads(source, axis) {
    return this.shapes.length > 1 && this.shapes[source].length === this.shape.length && this.spreading(source, axis);
  }

  /** @param {number} source @param {number} axis */
  spreading(source, axis) {
    return this.shapes[source][axis] < this.shape[axis] && this.facts.kinds.every(([rule]) => rule !== "pick");
  }

  /** What a number reads: every combination of one entry a block. @param {number[]} index @returns {Reads} */
  reads(index) {
    const lists = this.blocks.map(({ columns, table }) => {
      const list = table.at(index);
      return { columns, list, count: list.length / (columns.length + 1) };
    });
    const total = lists.reduce((product, { count }) => product * count, 1);
    const places = Array.from({ length: this.facts.rank + 1 }, () => new Int32Array(total));
    const taps = new Int32Array(total).fill(this.facts.first);
    let each = total; // how long one entry of the block lasts
    for (const { columns, list, count } of lists) {
      each /= count;
      for (let at = 0; at < total; at += 1) {
        const entry = Math.floor(at / each) % count;
        for (let column = 0; column < columns.length; column += 1) {
          places[columns[column]][at] = list[column * count + entry];
        }
        taps[at] += list[columns.length * count + entry];
      }
    }
    const [source, ...axes] = places;
    for (let axis = 0; axis < axes.length; axis += 1) {
      const spread = this.shapes.map((_, input) => this.spreads(input, axis));
      if (spread.includes(true)) {
        for (let at = 0; at < total; at += 1) if (spread[source[at]]) axes[axis][at] = 0;
      }
    }
    return { source, index: axes, taps: this.facts.weight === null ? null : taps };
  }
}

/**
 * A place's number among all places, row by row.
 * @param {ArrayLike<number>} index
 * @param {number[]} shape
 * @param {number[]} [axes] those that count
 */
export function flat(index, shape, axes = shape.map((_, axis) => axis)) {
  let number = 0;
  for (const axis of axes) number = number * shape[axis] + index[axis];
  return number;
}

/** The place of that number. @param {number} number @param {number[]} shape @returns {number[]} */
export function placed(number, shape) {
  const index = shape.map(() => 0);
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    index[axis] = number % shape[axis];
    number = Math.floor(number / shape[axis]);
  }
  return index;
}
