/**
 * Multicast DNS service discovery on the local network.
 *
 * `announce` makes a share known, `browse` finds shares. Both can run beside a system
 * responder (avahi, mDNSResponder), but do not need one. Nothing here is secret or
 * authenticated: anyone on the network can read an announcement and forge one, and only the
 * handshake shows which one is real. See docs/protocol.md, section 7.
 *
 * @module
 */

import type { Question } from "multicast-dns/typed";
import type { FillRandom } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { type Candidate, CandidateTable } from "./candidates.ts";
import type { InterfaceAddress } from "./interfaces.ts";
import {
  type Announcement,
  ask,
  describe,
  nameHost,
  SERVICE_TYPE,
} from "./dns_records.ts";
import { Responder } from "./responder.ts";
import { type MulticastSocket, openSockets } from "./sockets.ts";

export type { Candidate } from "./candidates.ts";
export { type InterfaceAddress, usableInterfaces } from "./interfaces.ts";
export { type Announcement, nameInstance } from "./dns_records.ts";

/**
 * Pauses between queries; the first is shorter than RFC 6762, 5.2 asks for, because a lost
 * packet would cost the user a second.
 */
const PAUSES_MS = [250, 1000, 2000, 4000, 8000, 16_000];

/** The pause after those, repeated. */
const LAST_PAUSE_MS = 32_000;

/** A share that stays announced on the local network until this is disposed of. */
export interface Announcer extends AsyncDisposable {
  /** The host name of its addresses: `claude-spread-<8 hex>.local`. */
  readonly host: string;
}

/**
 * Announces a share on these interfaces.
 *
 * Disposing withdraws it with a goodbye and closes every socket.
 *
 * @returns Once the share is announced and the responder answers questions.
 * @throws {SpreadError} `CANNOT_LISTEN` when no interface can be used.
 * @throws The reason of `signal` when that aborts first.
 */
export async function announce(
  announcement: Announcement,
  { interfaces, fillRandom, signal }: {
    interfaces: InterfaceAddress[];
    fillRandom: FillRandom;
    signal?: AbortSignal;
  },
): Promise<Announcer> {
  const host = nameHost(fillRandom);
  await using opened = new AsyncDisposableStack();
  const sockets = await openSockets(interfaces);
  for (const socket of sockets) opened.use(socket);
  signal?.throwIfAborted();
  const responders = sockets.map((socket) => {
    const records = describe(announcement, host, socket.link.addresses);
    return opened.use(new Responder(socket, records));
  });
  await Promise.all(responders.map((responder) => responder.announce()));
  const kept = opened.move();
  return { host, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Finds shares on these interfaces, until `signal` aborts or the caller leaves the loop.
 *
 * Yields a candidate as soon as a connection to it is possible, and again (same `instance`)
 * whenever more is known of it. Candidates are not queued while the loop is busy.
 *
 * @throws {SpreadError} `CANNOT_LISTEN` when no interface can be used.
 */
export async function* browse({ interfaces, signal }: {
  interfaces: InterfaceAddress[];
  signal: AbortSignal;
}): AsyncIterable<Candidate> {
  if (signal.aborted) return;
  await using opened = new AsyncDisposableStack();
  const sockets = await openSockets(interfaces);
  for (const socket of sockets) opened.use(socket);
  const table = new CandidateTable();
  let wake = () => {};
  const onNews = () => wake();
  signal.addEventListener("abort", onNews);
  opened.defer(() => signal.removeEventListener("abort", onNews));
  opened.use(inquire(sockets, table, onNews));
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
export async function hearNames({ interfaces, signal }: {
  interfaces: InterfaceAddress[];
  signal: AbortSignal;
}): Promise<Set<string>> {
  const names = new Set<string>();
  const until = AbortSignal.any([signal, AbortSignal.timeout(LISTEN_MS)]);
  try {
    for await (const { name } of browse({ interfaces, signal: until })) {
      if (name !== undefined) names.add(name);
    }
  } catch (error) {
    if (!SpreadError.is(error, "CANNOT_LISTEN")) throw error;
  }
  signal.throwIfAborted();
  return names;
}

/** Asks on all sockets until disposed of; gives every response to `table`, then calls `onNews`. */
function inquire(
  sockets: MulticastSocket[],
  table: CandidateTable,
  onNews: () => void,
): Disposable {
  const askAll = (questions: Question[]) =>
    sockets.forEach((socket) => socket.ask(questions));
  for (const socket of sockets) {
    socket.onResponse((response) => {
      table.hear(response, socket.link);
      const questions = table.newQuestions();
      if (questions.length > 0) askAll(questions);
      onNews();
    });
  }
  return repeat(() =>
    askAll([ask(SERVICE_TYPE, "PTR"), ...table.openQuestions()])
  );
}

/** Calls `action` now, and again after ever longer pauses, until disposed of. */
function repeat(action: () => void): Disposable {
  let round = 0;
  let timer: ReturnType<typeof setTimeout>;
  const next = () => {
    action();
    timer = setTimeout(next, PAUSES_MS[round++] ?? LAST_PAUSE_MS);
  };
  next();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
