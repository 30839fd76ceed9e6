/**
 * Multicast DNS service discovery on the local network.
 *
 * `browse` finds shares, which an `Announcer` makes known. Both can run beside a
 * system responder (avahi, mDNSResponder), but do not need one. Nothing here is secret or
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
 * Pauses between queries; the first is shorter than RFC 6762, 5.2 asks for, because a lost
 * packet would cost the user a second.
 */
const PAUSES_MS = [250, 1000, 2000];

/**
 * The pause after those, repeated. RFC 6762, 5.2 asks for ever longer ones; but a search is
 * short, and a network that is back without our seeing it must not cost more than this.
 */
const LAST_PAUSE_MS = 4000;

/**
 * Finds shares on the interfaces of `watch`, those that come later too, until `signal` aborts
 * or the caller leaves the loop.
 *
 * Yields a candidate as soon as a connection to it is possible, and again (same `instance`)
 * whenever more is known of it. Candidates are not queued while the loop is busy.
 *
 * @throws {SpreadError} `CANNOT_LISTEN` when no interface can be used at the start.
 */
export async function* browse({ watch, signal }: {
  watch: InterfaceWatch;
  signal: AbortSignal;
}): AsyncIterable<Candidate> {
  if (signal.aborted) return;
  await using opened = new AsyncDisposableStack();
  const table = new CandidateTable();
  let wake = () => {};
  const onNews = () => wake();
  const inquiry = opened.use(new Inquiry(table, onNews));
  const pool = opened.use(await SocketPool.open(watch, inquiry));
  if (pool.failure !== null) throw pool.failure;
  signal.addEventListener("abort", onNews);
  opened.defer(() => signal.removeEventListener("abort", onNews));
  while (!signal.aborted) {
    const candidate = table.take();
    if (candidate !== null) yield candidate;
    else await new Promise<void>((resolve) => wake = resolve);
  }
}

/** Time to listen for the names of other shares, in milliseconds: they answer at once. */
const LISTEN_MS = 100;

/**
 * Names of the shares that answer on these interfaces; none when discovery does not work.
 *
 * @throws The reason of `signal`.
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
    if (!SpreadError.is(error, "CANNOT_LISTEN")) throw error;
  }
  signal.throwIfAborted();
  return names;
}

/**
 * Asks for shares, again and again, on sockets that come and go; gives every response to
 * `table`, then calls `onNews`.
 */
class Inquiry implements Disposable {
  readonly #sockets = new Set<MulticastSocket>();
  readonly #table: CandidateTable;
  readonly #onNews: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(table: CandidateTable, onNews: () => void) {
    this.#table = table;
    this.#onNews = onNews;
  }

  /** Begins anew with short pauses: nobody on these links has been asked. */
  opened(sockets: MulticastSocket[]): void {
    for (const socket of sockets) {
      this.#sockets.add(socket);
      socket.onResponse((response) => this.#hear(response, socket.link));
    }
    this.#inquire(0);
  }

  gone(socket: MulticastSocket): void {
    this.#sockets.delete(socket);
  }

  #hear(...heard: Parameters<CandidateTable["hear"]>): void {
    this.#table.hear(...heard);
    const questions = this.#table.newQuestions();
    if (questions.length > 0) this.#ask(questions);
    this.#onNews();
  }

  /** Asks now, and again after ever longer pauses. */
  #inquire(round: number): void {
    if (this.#isOver) return;
    this.#ask([ask(SERVICE_TYPE, "PTR"), ...this.#table.openQuestions()]);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#inquire(round + 1),
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
