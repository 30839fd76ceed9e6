/**
 * Discovery of shares on the local network, by multicast DNS.
 *
 * `browse()` finds the shares that an `Announcer` announces. Both can run beside a system
 * responder (avahi, mDNSResponder), but do not need one. Nothing here is secret or
 * authenticated: anyone on the network can read an announcement and forge one, and only the
 * handshake shows which one is real. See docs/protocol.md, section 7.
 *
 * @module
 */

import type { Question } from "multicast-dns/typed";
import { SpreadError } from "../errors.ts";
import { type Candidate, CandidateTable } from "./candidates.ts";
import { ask, SERVICE_TYPE } from "./dns_records.ts";
import type { InterfaceWatch } from "./interface_watch.ts";
import { SocketPool } from "./socket_pool.ts";
import type { MulticastSocket } from "./sockets.ts";

export type { Candidate } from "./candidates.ts";
export { InterfaceWatch } from "./interface_watch.ts";
export type { InterfaceAddress } from "./interfaces.ts";
export { type Announcement, nameInstance } from "./dns_records.ts";

/**
 * Pauses after the first queries, in milliseconds. The first is shorter than the second that
 * RFC 6762, 5.2 asks for, which a lost packet would cost the user.
 */
const PAUSES_MS = [250, 1000, 2000];

/**
 * Pause between all later queries, in milliseconds. RFC 6762, 5.2 asks for ever longer ones;
 * but a search is short, and a link may come back without a change of addresses: then this is
 * the longest delay.
 */
const LAST_PAUSE_MS = 4000;

/**
 * Finds shares on the interfaces of `watch`, later ones included, until `signal` aborts or
 * the caller leaves the loop. Without a network it waits for one.
 *
 * Yields a candidate as soon as it has an address, and again (same `instance`) whenever
 * something about it has changed. A candidate that changes while the caller is busy is
 * yielded once, as it is then; one that is withdrawn meanwhile is not yielded.
 *
 * @param options `onNoNetwork` is called if no interface can be used at the start.
 * @throws {SpreadError} `CANNOT_LISTEN` when the port cannot be had at the start; that or
 *   `NO_NETWORK` when `signal` aborts before any interface could be used.
 */
export async function* browse({ watch, signal, onNoNetwork }: {
  watch: InterfaceWatch;
  signal: AbortSignal;
  onNoNetwork?: () => void;
}): AsyncIterable<Candidate> {
  if (signal.aborted) return;
  await using opened = new AsyncDisposableStack();
  const table = new CandidateTable();
  let wake = () => {};
  const onEvent = () => wake();
  const querier = opened.use(new Querier(table, onEvent));
  const pool = opened.use(await SocketPool.open(watch, querier));
  if (pool.failure?.code === "CANNOT_LISTEN") throw pool.failure;
  if (pool.failure !== null) onNoNetwork?.();
  signal.addEventListener("abort", onEvent);
  opened.defer(() => signal.removeEventListener("abort", onEvent));
  while (!signal.aborted) {
    const candidate = table.take();
    if (candidate !== null) yield candidate;
    else await new Promise<void>((resolve) => wake = resolve);
  }
  if (pool.failure !== null && !querier.hasAsked) throw pool.failure;
}

/** Time to wait for the names of other shares, in milliseconds: they answer at once. */
const LISTEN_MS = 100;

/**
 * Collects the names of the shares that answer within 100 ms.
 *
 * @returns No name when multicast DNS cannot be used.
 * @throws The reason of `signal` when that aborts first.
 */
export async function hearNames({ watch, signal }: {
  watch: InterfaceWatch;
  signal: AbortSignal;
}): Promise<Set<string>> {
  const names = new Set<string>();
  const until = AbortSignal.any([signal, AbortSignal.timeout(LISTEN_MS)]);
  try {
    for await (const { name } of browse({ watch, signal: until })) {
      if (name !== undefined) names.add(name);
    }
  } catch (error) {
    if (!SpreadError.is(error, "CANNOT_LISTEN", "NO_NETWORK")) throw error;
  }
  signal.throwIfAborted();
  return names;
}

/**
 * Sends queries for shares, again and again, on sockets that come and go; passes every
 * response to `table`, then calls `onResponse`.
 */
class Querier implements Disposable {
  readonly #sockets = new Set<MulticastSocket>();
  readonly #table: CandidateTable;
  readonly #onResponse: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasAsked = false;
  #isOver = false;

  constructor(table: CandidateTable, onResponse: () => void) {
    this.#table = table;
    this.#onResponse = onResponse;
  }

  /** Whether there has been an interface to ask on. */
  get hasAsked(): boolean {
    return this.#hasAsked;
  }

  /** Starts again with short pauses, because nobody on these links has been asked yet. */
  opened(sockets: MulticastSocket[]): void {
    this.#hasAsked = true;
    for (const socket of sockets) {
      this.#sockets.add(socket);
      socket.onResponse((response) => this.#hear(response, socket.link));
    }
    this.#queryAll(0);
  }

  gone(socket: MulticastSocket): void {
    this.#sockets.delete(socket);
  }

  #hear(...heard: Parameters<CandidateTable["hear"]>): void {
    this.#table.hear(...heard);
    const questions = this.#table.newQuestions();
    if (questions.length > 0) this.#ask(questions);
    this.#onResponse();
  }

  /** Asks for all shares now, and again after each pause. */
  #queryAll(round: number): void {
    if (this.#isOver) return;
    this.#ask([ask(SERVICE_TYPE, "PTR"), ...this.#table.openQuestions()]);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#queryAll(round + 1),
      PAUSES_MS[round] ?? LAST_PAUSE_MS,
    );
  }

  #ask(questions: Question[]): void {
    for (const socket of this.#sockets) socket.ask(questions);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
