// What was asked for lately, so that it need not be asked for again.

/** Remembers the answers of the last few keys. */
export class LRU {
  /** @type {Map<string, Promise<any>>} */
  #kept = new Map();
  #room;

  /** @param {number} room how many answers are kept */
  constructor(room) {
    this.#room = room;
  }

  /**
   * The answer that is there, or a new one. What failed is forgotten.
   * @param {string} key
   * @param {() => Promise<any>} make
   * @returns {Promise<any>}
   */
  get(key, make) {
    const found = this.#kept.get(key);
    this.#kept.delete(key);
    const answer = found ?? make();
    this.#kept.set(key, answer);
    if (found === undefined) answer.catch(() => this.#kept.delete(key));
    if (this.#kept.size > this.#room) this.#kept.delete(this.#kept.keys().next().value ?? "");
    return answer;
  }
}
