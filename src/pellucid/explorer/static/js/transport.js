// How questions reach whoever answers: here the server that the page came from; other homes have other ways.

/**
 * @typedef {{get: (path: string, params: {[name: string]: string}) => Promise<ArrayBuffer>,
 *   post: (path: string, body: object) => Promise<ArrayBuffer>}} Transport what carries questions and answers; a
 *   refusal is thrown as a `Refusal`.
 * @typedef {{where: string, got: string, expected: string, fix: string}} Why
 */

/** What was refused, and why. */
export class Refusal extends Error {
  /** @param {Why} why @param {number} status as HTTP has it; 0 is no answer at all */
  constructor(why, status) {
    super(`${why.where}: got ${why.got}; expected ${why.expected}. ${why.fix}.`);
    this.why = why;
    this.status = status;
  }
}

/** The server. @implements {Transport} */
export class ServerTransport {
  /** @param {string} path @param {{[name: string]: string}} params */
  get(path, params) {
    const query = new URLSearchParams(params).toString();
    return reach(query === "" ? path : `${path}?${query}`);
  }

  /** @param {string} path @param {object} body */
  post(path, body) {
    const headers = { "content-type": "application/json" };
    return reach(path, { method: "POST", headers, body: JSON.stringify(body) });
  }
}

/** @param {string} address @param {RequestInit} [how] @returns {Promise<ArrayBuffer>} */
async function reach(address, how) {
  let answer;
  try {
    answer = await fetch(address, how);
  } catch {
    const why = {
      where: "The explorer",
      got: "no answer",
      expected: "the server behind this page",
      fix: "Start it again",
    };
    throw new Refusal(why, 0);
  }
  if (!answer.ok) throw new Refusal((await answer.json()).error, answer.status);
  return answer.arrayBuffer();
}
