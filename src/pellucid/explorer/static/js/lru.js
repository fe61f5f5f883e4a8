// What was asked for lately, so that it need not be asked for again; never more than there is room for.

/** Remembers the answers of the last few keys. */
export class LRU {
  /** @type {Map<string, {answer: Promise<any>, size: number}>} */
  #kept = new Map();
  #room;
  #sizeOf;
  #filled = 0;

  /**
   * @param {number} room how much is kept
   * @param {(answer: any) => number} sizeOf how much of it an answer takes
   */
  constructor(room, sizeOf) {
    this.#room = room;
    this.#sizeOf = sizeOf;
  }

  /**
   * The answer that is there, or a new one. What failed is forgotten.
   * @param {string} key
   * @param {() => Promise<any>} make
   * @returns {Promise<any>}
   */
  get(key, make) {
    const found = this.#kept.get(key);
    if (found !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
      return found.answer;
    }
    const entry = { answer: make(), size: 0 };
    this.#kept.set(key, entry);
    entry.answer.then(
      (answer) => this.#weigh(key, entry, this.#sizeOf(answer)),
      () => this.#kept.delete(key),
    );
    return entry.answer;
  }

  /**
   * Count an answer that has come, and forget what was not asked for the longest time.
   * @param {string} key
   * @param {{size: number}} entry
   * @param {number} size
   */
  #weigh(key, entry, size) {
    if (this.#kept.get(key) !== entry) return;
    entry.size = size;
    this.#filled += size;
    for (const [oldest, { size: freed }] of this.#kept) {
      if (this.#filled <= this.#room || oldest === key) break;
      this.#kept.delete(oldest);
      this.#filled -= freed;
    }
  }
}
