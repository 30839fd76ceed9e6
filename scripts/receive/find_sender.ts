/**
 * Finds a sender, at an address or among those announced on the LAN, and opens a channel on which
 * it has proved that it knows the passphrase.
 *
 * @module
 */

import type { Bytes, FillRandom } from "../../lib/bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../../lib/errors.ts";
import { withDeadline } from "../../lib/protocol/deadline.ts";
import { MAX_GUESSES_IN_TOTAL } from "../../lib/protocol/handshake/guesses.ts";
import {
  HANDSHAKE_TIMEOUT_MS,
  legacyPeer,
} from "../../lib/protocol/handshake/messages.ts";
import { handshakeAsReceiver } from "../../lib/protocol/handshake/receiver.ts";
import type { SecureChannel } from "../../lib/protocol/secure_channel.ts";
import type { Channel } from "../../lib/transports/channel.ts";
import { connectTcp, type TcpAddress } from "../../lib/transports/tcp.ts";
import type { Kind } from "../../lib/payload.ts";
import { formatCount } from "../cli/screen/format.ts";

/** Time for one attempt to connect, in milliseconds: a firewall may never answer. */
const CONNECT_TIMEOUT_MS = 4_000;

/** Time to wait for another candidate after one did not match, in milliseconds. */
const ANOTHER_CANDIDATE_MS = 1_500;

/** A sender ready to send. Over protocol 1 it still has to prove itself. */
export type Sender =
  & {
    /** Connects to the same sender again, in the same way, after a cut. */
    again: () => Promise<Sender>;
  }
  & (
    | { protocol: 2; channel: SecureChannel }
    /** `challenge`: the sender's answer to a HELLO, if a HELLO was already sent. */
    | { protocol: 1; channel: Channel; challenge?: Bytes }
  );

/** Options of every connection to a sender. */
export interface DialOptions {
  passphrase: string;
  /** Whether to speak protocol 1 with senders that do not announce protocol 2. */
  legacy: boolean;
  fillRandom: FillRandom;
  /** Called while the processor is idle for about 100 ms, a good moment to load modules. */
  onIdle: () => void;
  signal: AbortSignal;
}

/** Options of a search on the LAN. */
export interface BrowseOptions {
  /** Limits the search to one address of this machine. */
  interface?: string;
  /** Time to look for a sender, in milliseconds. */
  timeoutMs: number;
  /** Ignores shares that announce another kind; if absent, none. */
  kind?: Kind;
  /** Called before each attempt to connect to a sender. */
  onCandidate: (instance: string, from: string | undefined) => Promise<void>;
  /** Limits the search to the share with this room on a relay. */
  room?: string;
}

/**
 * Connects to a known address.
 *
 * @param protocol Protocol of the sender, if known.
 * @throws {SpreadError} `UNREACHABLE`, `LEGACY_PEER`, and those of the handshake.
 */
export async function dialAddress(
  addresses: TcpAddress[],
  options: DialOptions,
  protocol: 1 | 2 = options.legacy ? 1 : 2,
): Promise<Sender> {
  const again = () => dialAddress(addresses, options, protocol);
  const channel = await connect(addresses, options.signal);
  if (protocol === 1) return { again, protocol, channel };
  try {
    return { again, protocol, channel: await shakeHands(channel, options) };
  } catch (error) {
    channel.abort(error as Error);
    if (
      SpreadError.is(error, "PEER_GONE") &&
      await speaksProtocol1(addresses, options.signal)
    ) {
      throw legacyPeer();
    }
    throw error;
  }
}

/**
 * Finds a sender on the LAN that knows the passphrase.
 *
 * @throws {SpreadError} `NO_SENDER` when none was found; otherwise the most useful of the reasons
 * why those found did not match.
 */
export async function dialLan(
  options: DialOptions,
  where: BrowseOptions,
): Promise<Sender> {
  const { browse, usableInterfaces } = await import(
    "../../lib/discovery/mdns.ts"
  );
  const interfaces = usableInterfaces(
    Deno.networkInterfaces(),
    where.interface,
  );
  const search = new Search(where.timeoutMs, options.signal);
  const failures: SpreadError[] = [];
  try {
    for await (
      const candidate of browse({ interfaces, signal: search.signal })
    ) {
      const { instance, port, protocol, kind, from, room } = candidate;
      if (where.room !== undefined && room !== where.room) continue;
      if (isOther(kind, where.kind)) continue;
      if (!search.isNew(instance, candidate.addresses)) continue;
      await where.onCandidate(instance, from);
      const addresses = candidate.addresses.map((hostname) => ({
        hostname,
        port,
      }));
      try {
        if (protocol === 1 && !options.legacy) throw legacyPeer();
        return await dialAddress(addresses, options, protocol);
      } catch (error) {
        if (
          !(error instanceof SpreadError) || error.code === "INTERRUPTED"
        ) throw error;
        failures.push(error);
        if (countRefused(failures) >= MAX_GUESSES_IN_TOTAL) break;
        search.endSoon();
      }
    }
  } finally {
    search.end();
  }
  options.signal.throwIfAborted();
  throw mostTelling(failures) ?? noSender(where.timeoutMs);
}

/** Whether a share is of another kind than the one that is looked for, if both are known. */
function isOther(kind: Kind | undefined, wanted: Kind | undefined): boolean {
  return kind !== undefined && wanted !== undefined && kind !== wanted;
}

/** Ends the search after its time, or soon after a candidate did not match. */
class Search {
  readonly #controller = new AbortController();
  readonly #tried = new Set<string>();
  readonly #timer: ReturnType<typeof setTimeout>;
  #patience: ReturnType<typeof setTimeout> | undefined;
  readonly signal: AbortSignal;

  constructor(timeoutMs: number, signal: AbortSignal) {
    this.signal = AbortSignal.any([this.#controller.signal, signal]);
    this.#timer = setTimeout(() => this.#controller.abort(), timeoutMs);
  }

  /** Whether one of these addresses has not been tried for this candidate. */
  isNew(instance: string, addresses: string[]): boolean {
    const fresh = addresses.filter((address) =>
      !this.#tried.has(`${instance} ${address}`)
    );
    for (const address of fresh) this.#tried.add(`${instance} ${address}`);
    return fresh.length > 0;
  }

  endSoon(): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(
      () => this.#controller.abort(),
      ANOTHER_CANDIDATE_MS,
    );
  }

  end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#controller.abort();
  }
}

async function connect(
  addresses: TcpAddress[],
  signal: AbortSignal,
): Promise<Channel> {
  const channel = await connectTcp(addresses, {
    timeoutMs: CONNECT_TIMEOUT_MS,
    signal,
  });
  abortWith(signal, channel);
  return channel;
}

/** Confirmed channels by the ones they go through: when we stop, the sender is told. */
const confirmed = new WeakMap<Channel, SecureChannel>();

/** Stops a channel when `signal` is aborted: with a word to a sender that is confirmed. */
export function abortWith(signal: AbortSignal, channel: Channel): void {
  const onAbort = () => {
    const secure = confirmed.get(channel);
    if (secure === undefined) channel.abort(signal.reason);
    else void secure.stop(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
}

/**
 * Runs the handshake, in which both sides prove that they know the passphrase.
 *
 * @param roomCode Code of the room that the channel goes through; empty on the LAN.
 * @throws {SpreadError} Those of the handshake.
 */
export async function shakeHands(
  channel: Channel,
  options: DialOptions,
  roomCode = "",
): Promise<SecureChannel> {
  const { passphrase, fillRandom, onIdle } = options;
  const secure = await withDeadline(
    channel,
    HANDSHAKE_TIMEOUT_MS,
    () =>
      handshakeAsReceiver(channel, {
        passphrase,
        roomCode,
        fillRandom,
        onIdle,
      }),
  );
  confirmed.set(channel, secure);
  return secure;
}

/**
 * Whether the sender closed because it speaks protocol 1: the original program closes silently on
 * any other greeting. Tries protocol 1's greeting, which reveals nothing about the passphrase.
 */
async function speaksProtocol1(
  addresses: TcpAddress[],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await using channel = await connect(addresses, signal);
    const { servesLegacy } = await import("../../lib/protocol/legacy.ts");
    return await withDeadline(
      channel,
      CONNECT_TIMEOUT_MS,
      () => servesLegacy(channel),
    );
  } catch {
    return false;
  }
}

function countRefused(failures: SpreadError[]): number {
  return failures.filter((error) => error.code === "PASSPHRASE_REFUSED").length;
}

/** Returns the failure that a person can do most about. */
function mostTelling(failures: SpreadError[]): SpreadError | undefined {
  const order: SpreadErrorCode[] = [
    "PASSPHRASE_REFUSED",
    "TOO_MANY_GUESSES",
    "LEGACY_PEER",
    "UNREACHABLE",
  ];
  const ranked = order.map((code) =>
    failures.find((error) => error.code === code)
  );
  return ranked.find((error) => error !== undefined) ?? failures[0];
}

function noSender(timeoutMs: number): SpreadError {
  return new SpreadError(
    "NO_SENDER",
    `No sender was found on the local network within ${
      formatCount(timeoutMs / 1000, "second")
    }`,
    "Check that the sender is still sharing and that both machines are on the same network " +
      "(guest Wi-Fi and VPNs often keep machines apart; UDP port 5353 must be open); " +
      "or give the sender's host:port",
  );
}
