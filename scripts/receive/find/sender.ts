/**
 * Connects to a sender by TCP, and opens a channel on which it has proved that it knows the
 * secret.
 *
 * @module
 */

import type { Bytes, FillRandom } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { withDeadline } from "../../../lib/protocol/deadline.ts";
import {
  HANDSHAKE_TIMEOUT_MS,
  legacyPeer,
} from "../../../lib/protocol/handshake/messages.ts";
import type { Secret } from "../../../lib/protocol/handshake/secret.ts";
import type { SecureChannel } from "../../../lib/protocol/secure_channel.ts";
import type { Channel } from "../../../lib/transports/channel.ts";
import { connectTcp, type TcpAddress } from "../../../lib/transports/tcp.ts";

/** Loads the receiver's side of the handshake, once; a first call may precede its use. */
export function loadHandshake(): Promise<
  typeof import("../../../lib/protocol/handshake/receiver.ts")
> {
  return import("../../../lib/protocol/handshake/receiver.ts");
}

/** Time limit for one attempt to connect, in milliseconds: a firewall may never answer. */
const CONNECT_TIMEOUT_MS = 4_000;

/** A connected sender. Over protocol 2 it has proved the secret, over protocol 1 not yet. */
export type Sender =
  & {
    /** Connects to the same sender again, in the same way, after a cut. */
    again: () => Promise<Sender>;
    /** Our name for it, if it is paired with this machine. */
    pair?: string;
  }
  & (
    | { protocol: 2; channel: SecureChannel }
    /** `challenge`: the sender's answer to a HELLO, if a HELLO was already sent. */
    | {
      protocol: 1;
      channel: Channel;
      challenge?: Bytes;
      passphrase: string;
    }
  );

/** Options of every connection to a sender. */
export interface DialOptions {
  secret: Secret;
  /**
   * Whether to speak protocol 1 with senders that do not announce protocol 2; the secret is a
   * passphrase then.
   */
  legacy: boolean;
  /** Whether the channel gets the seed of a pair. */
  isPairing?: boolean;
  fillRandom: FillRandom;
  /** Called as the proof is sent: while the sender checks it, modules can be loaded. */
  onIdle: () => void;
  /**
   * Guesses of this run of the command (docs/protocol.md, section 4.5), with the proofs that the
   * sender has not answered yet. A proof for a pair is none.
   */
  guesses: { spent: number };
  signal: AbortSignal;
}

/**
 * Connects to the first of some addresses of one sender that answers.
 *
 * @param known Protocol of the sender, if it has announced or proved one; otherwise protocol 1 with
 *   `--legacy`, and 2 without it.
 * @throws {SpreadError} `UNREACHABLE` when no address answers within 4 seconds; `LEGACY_PEER`
 *   for a sender that speaks protocol 1 only; the errors of {@linkcode shakeHands}.
 */
export async function dialAddress(
  addresses: TcpAddress[],
  options: DialOptions,
  known?: 1 | 2,
): Promise<Sender> {
  const protocol = known ?? (options.legacy ? 1 : 2);
  const again = () => dialAddress(addresses, options, protocol);
  const channel = await connect(addresses, options.signal);
  if (protocol === 1) {
    return { again, protocol, channel, passphrase: passphraseOf(options) };
  }
  try {
    return { again, protocol, channel: await shakeHands(channel, options) };
  } catch (error) {
    channel.abort(error as Error);
    if (
      known === undefined && SpreadError.is(error, "PEER_GONE") &&
      await speaksProtocol1(addresses, options.signal)
    ) {
      throw legacyPeer();
    }
    throw error;
  }
}

async function connect(
  addresses: TcpAddress[],
  signal: AbortSignal,
): Promise<Channel> {
  loadHandshake().catch(() => {});
  const channel = await connectTcp(addresses, {
    timeoutMs: CONNECT_TIMEOUT_MS,
    signal,
  });
  abortWith(signal, channel);
  return channel;
}

/** The passphrase to prove over protocol 1, which has no pairs. */
export function passphraseOf({ secret }: DialOptions): string {
  if (typeof secret !== "string") {
    throw new TypeError("Protocol 1 has no pairs");
  }
  return secret;
}

/** Secure channels by the channel below them, for {@linkcode abortWith}. */
const confirmed = new WeakMap<Channel, SecureChannel>();

/** Closes a channel when `signal` is aborted; a confirmed sender gets STOP first. */
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
 * Runs the handshake, in which both sides prove that they know the secret.
 *
 * @param roomCode Code of the room that the channel goes through; empty on the LAN.
 * @throws {SpreadError} As `handshakeAsReceiver()`, and `PASSPHRASE_REFUSED` without a try when
 *   this run has no guess left; `PEER_SILENT` when it takes longer than
 *   {@linkcode HANDSHAKE_TIMEOUT_MS}.
 */
export async function shakeHands(
  channel: Channel,
  options: DialOptions,
  roomCode = "",
): Promise<SecureChannel> {
  const { secret, fillRandom, isPairing, guesses } = options;
  const { handshakeAsReceiver } = await loadHandshake();
  // The proof counts as a guess until the sender has proved itself as well.
  const cost = typeof secret === "string" ? 1 : 0;
  if (cost > 0) await requireGuess(guesses.spent);
  const onIdle = () => {
    guesses.spent += cost;
    options.onIdle();
  };
  const secure = await withDeadline(
    channel,
    HANDSHAKE_TIMEOUT_MS,
    () =>
      handshakeAsReceiver(channel, {
        secret,
        roomCode,
        fillRandom,
        isPairing,
        onIdle,
      }),
  );
  guesses.spent -= cost;
  confirmed.set(channel, secure);
  return secure;
}

/** Refuses to try a secret once more than docs/protocol.md, section 4.5, allows. */
async function requireGuess(spent: number): Promise<void> {
  const { MAX_GUESSES_IN_TOTAL } = await import(
    "../../../lib/protocol/handshake/guesses.ts"
  );
  if (spent < MAX_GUESSES_IN_TOTAL) return;
  throw new SpreadError(
    "PASSPHRASE_REFUSED",
    `Cannot try the passphrase again: ${spent} attempts have failed`,
    "Check the words, and ask the sender who else shares on this network; then run the command again",
  );
}

/**
 * Whether the sender closed because it speaks protocol 1: the original program closes silently
 * when a first message is not one of protocol 1. Sends protocol 1's HELLO, which reveals
 * nothing about the passphrase.
 */
async function speaksProtocol1(
  addresses: TcpAddress[],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await using channel = await connect(addresses, signal);
    const { servesLegacy } = await import("../../../lib/protocol/legacy.ts");
    return await withDeadline(
      channel,
      CONNECT_TIMEOUT_MS,
      () => servesLegacy(channel),
    );
  } catch {
    return false;
  }
}
