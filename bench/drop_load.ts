/**
 * Clients that leave drops at a relay, take them and look for them.
 *
 * Usage: `drop_load.ts PORT CLIENTS DROPS`. Each client leaves that many drops of three parts one
 * after the other, takes each at once and acknowledges it, and looks for 1024 topics between two.
 * Prints a {@linkcode DropTimes} as JSON.
 *
 * @module
 */

import { encodeTopics } from "../lib/relay_topics.ts";
import { PART_BYTES } from "../relay/drops/drop_row.ts";

/** Durations of requests in milliseconds, by kind. */
export interface DropTimes {
  put: number[];
  /** Parts that make a drop complete, so that all of it has to be on the disk. */
  putLast: number[];
  get: number[];
  delete: number[];
  /** Requests for 1024 topics. */
  topics: number[];
  /** Requests that touch neither drops nor the disk: what any request costs here. */
  bare: number[];
}

/** Sizes of the parts of a drop, in bytes. */
const PARTS = [PART_BYTES, PART_BYTES, PART_BYTES / 2];

/** Topics in one request. */
const TOPICS = 1024;

/** Longest life of the clients, in milliseconds. */
const LONGEST_MS = 100_000;

const random = (bytes: number) =>
  crypto.getRandomValues(new Uint8Array(bytes)).toHex();

/** One client, with a connection of its own. */
class DropClient {
  readonly #client = Deno.createHttpClient({});
  readonly #topics = Array.from({ length: TOPICS - 1 }, () => random(16));

  constructor(
    private readonly url: string,
    private readonly times: DropTimes,
  ) {}

  /** Leaves a drop, finds it, takes it and acknowledges it. */
  async run(): Promise<void> {
    const { times } = this;
    const path = `/drops/${random(16)}`;
    const sender = {
      "drop-delete": random(32),
      "drop-take": random(32),
      "drop-bytes": String(PARTS.reduce((sum, size) => sum + size)),
    };
    for (const [part, size] of PARTS.entries()) {
      const init = {
        method: "PUT",
        headers: sender,
        body: new Uint8Array(size),
      };
      const isLast = part === PARTS.length - 1;
      const kind = isLast ? times.putLast : times.put;
      await this.#ask(kind, `${path}/${part}`, init, 201);
    }
    await this.#ask(times.bare, "/drops", {}, 200);
    const body = encodeTopics([...this.#topics, path.slice(-32)]);
    await this.#ask(times.topics, "/topics", { method: "POST", body }, 200);
    const headers = {
      "drop-take": sender["drop-take"],
      "drop-taking": random(16),
    };
    for (const part of PARTS.keys()) {
      await this.#ask(times.get, `${path}/${part}`, { headers }, 200);
    }
    await this.#ask(times.delete, path, { method: "DELETE", headers }, 200);
  }

  async #ask(
    kind: number[],
    path: string,
    init: RequestInit,
    expected: number,
  ): Promise<void> {
    const start = performance.now();
    const options = { ...init, client: this.#client };
    const answer = await fetch(this.url + path, options);
    await answer.bytes();
    kind.push(performance.now() - start);
    if (answer.status !== expected) throw new Error(`${answer.status} ${path}`);
  }
}

if (import.meta.main) {
  setTimeout(() => Deno.exit(1), LONGEST_MS);
  const [port, clients, drops] = Deno.args.map(Number);
  const times: DropTimes = {
    put: [],
    putLast: [],
    get: [],
    delete: [],
    topics: [],
    bare: [],
  };
  const url = `http://127.0.0.1:${port}`;
  const work = async () => {
    const client = new DropClient(url, times);
    for (let count = 0; count < drops!; count++) await client.run();
  };
  await Promise.all(Array.from({ length: clients! }, work));
  console.log(JSON.stringify(times));
  Deno.exit(0);
}
