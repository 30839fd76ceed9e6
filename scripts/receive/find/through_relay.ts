/**
 * Finds a sender through a relay, and at the same time on the local network; the first to answer
 * wins.
 *
 * @module
 */

import type { Bytes } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { legacyPeer } from "../../../lib/protocol/handshake/messages.ts";
import type { Channel } from "../../../lib/transports/channel.ts";
import {
  type JoinedRoom,
  joinRoom,
} from "../../../lib/transports/relay/receiver_room.ts";
import type { RelayPlace } from "../../../lib/transports/relay/socket.ts";
import { pause } from "../../../lib/waiting.ts";
import {
  abortWith,
  type DialOptions,
  loadHandshake,
  passphraseOf,
  type Sender,
  shakeHands,
} from "./sender.ts";
import type { BrowseOptions } from "./lan_search.ts";

/**
 * Head start of the relay over the local search, in milliseconds. Loading the local search keeps
 * the processor busy for longer than a nearby relay takes to answer.
 */
const HEAD_START_MS = 30;

/** Time left for the local network after the relay has refused, in milliseconds. */
const LAN_AFTER_REFUSAL_MS = 1_500;

/** Time for a sender found on the local network to prove itself, in milliseconds. */
const LAN_PROOF_MS = 3_000;

/** Pause between attempts to reach the relay while there is no network, in milliseconds. */
const RETRY_MS = 1_000;

/** A room and its relay. */
export interface RoomAddress extends RelayPlace {
  roomCode: string;
  /** One of the room's topics, if it has any. */
  topic?: string;
  /** Time to wait for the relay's first message, in milliseconds. */
  timeoutMs: number;
  /** Called with the number of receivers ahead in the queue whenever it changes. */
  onQueued: (ahead: number) => void;
  /** Called once when the relay has been silent for some seconds. */
  onSilent: () => void;
}

/**
 * Connects to a sender through its room.
 *
 * @throws {SpreadError} Those of `joinRoom()` and of the handshake; `LEGACY_PEER`.
 */
export async function dialRelay(
  options: DialOptions,
  room: RoomAddress,
): Promise<Sender> {
  const { fillRandom, signal } = options;
  const joined = await joinRoom({ ...room, fillRandom, signal });
  return await greet(joined, options, room);
}

/**
 * Searches the room and, a moment later, the local network too; takes the first sender found.
 *
 * @throws {SpreadError} When neither search finds the sender, the relay's error; where the share
 *   is announced on the local network, the one of both errors about which a person can do most.
 *   `NO_NETWORK` when no network came in time.
 */
export async function dialAnywhere(
  options: DialOptions,
  room: RoomAddress,
  where: BrowseOptions,
): Promise<Sender> {
  const losing = { lan: new AbortController(), relay: new AbortController() };
  const signalOf = (loser: AbortController) =>
    AbortSignal.any([options.signal, loser.signal]);
  let isLanThere = false;
  const joining = joinOnNetwork(
    { ...options, signal: signalOf(losing.relay) },
    room,
    where,
  );
  loadHandshake().catch(() => {});
  const viaLan = searchLan(
    joining,
    { ...options, signal: signalOf(losing.lan) },
    {
      ...where,
      room: room.roomCode,
      onCandidate: (instance, from) => {
        isLanThere = true;
        where.onCandidate(instance, from);
      },
    },
  );
  const viaRelay = joining
    .then(async (joined) => {
      // Only the faster of the two runs the handshake: each handshake costs the sender effort.
      if (!isLanThere) {
        losing.lan.abort(lost());
        return await greet(joined, options, room);
      }
      // A sender that is announced but never proves itself must not cost us the room.
      const patience = setTimeout(
        () => losing.lan.abort(lost()),
        LAN_PROOF_MS,
      );
      const sender = await viaLan.catch(() => null);
      clearTimeout(patience);
      if (sender === null) return await greet(joined, options, room);
      await joined.channel[Symbol.asyncDispose]();
      return alsoInRoom(sender, options, room);
    });
  const ended = new AbortController();
  viaRelay.catch(async () => {
    await pause(LAN_AFTER_REFUSAL_MS, ended.signal);
    if (!isLanThere) losing.lan.abort(lost());
  });
  viaLan.catch(() => {});
  let sender: Sender;
  try {
    const near = viaLan.then((found) => alsoInRoom(found, options, room));
    sender = await Promise.any([near, viaRelay]);
  } catch (error) {
    options.signal.throwIfAborted();
    const [lan, relay] = (error as AggregateError).errors;
    const isTelling = isLanThere || SpreadError.is(lan, "NO_NETWORK");
    if (!isTelling || isInterruption(lan)) throw relay;
    const { mostTelling } = await import("./lan_failures.ts");
    throw mostTelling([lan, relay]);
  } finally {
    ended.abort();
  }
  losing.relay.abort(lost());
  return sender;
}

/** Joins the room; a machine without a network tries until it has one, or its time is over. */
async function joinOnNetwork(
  { fillRandom, signal }: DialOptions,
  room: RoomAddress,
  where: BrowseOptions,
): Promise<JoinedRoom> {
  const endMs = performance.now() + where.timeoutMs;
  let wasWithout = false;
  for (;;) {
    try {
      return await joinRoom({ ...room, fillRandom, signal });
    } catch (error) {
      // A name may not be resolved yet when the address is there.
      wasWithout ||= await isWithoutNetwork(where);
      const isLate = performance.now() >= endMs;
      const isUnreachable = SpreadError.is(error, "RELAY_UNREACHABLE");
      if (!isUnreachable || !wasWithout || isLate) throw error;
    }
    await pause(RETRY_MS, signal);
  }
}

/** Whether this machine has no address but loopback, and the user has not named that. */
async function isWithoutNetwork(where: BrowseOptions): Promise<boolean> {
  if (where.interface !== undefined) return false;
  const { usableInterfaces } = await import(
    "../../../lib/discovery/interfaces.ts"
  );
  return usableInterfaces(Deno.networkInterfaces()).length === 0;
}

/** Searches the local network, unless the relay has answered within its head start. */
async function searchLan(
  joining: Promise<unknown>,
  options: DialOptions,
  where: BrowseOptions,
): Promise<Sender> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, HEAD_START_MS);
  await Promise.race([joining.catch(() => {}), over.promise]);
  clearTimeout(timer);
  // If the relay has answered, `dialAnywhere` has aborted this search by now.
  options.signal.throwIfAborted();
  const { dialLan } = await import("./lan.ts");
  return await dialLan(options, where);
}

/**
 * Extends a sender found on the local network: after a cut, its room is searched too if the local
 * network no longer has it, since one of the two machines may have left that network.
 */
function alsoInRoom(
  sender: Sender,
  options: DialOptions,
  room: RoomAddress,
): Sender {
  const again = async () => {
    try {
      return alsoInRoom(await sender.again(), options, room);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof SpreadError)) throw error;
      return await dialRelay(options, room);
    }
  };
  return { ...sender, again };
}

async function greet(
  joined: JoinedRoom,
  options: DialOptions,
  room: RoomAddress,
): Promise<Sender> {
  const { channel, protocol } = joined;
  const again = () => dialRelay(options, room);
  abortWith(options.signal, channel);
  if (protocol === 1 && options.legacy) {
    return { again, protocol, channel, passphrase: passphraseOf(options) };
  }
  try {
    if (protocol === 1) throw legacyPeer();
    const secure = await shakeHands(channel, options, room.roomCode);
    return { again, protocol: 2, channel: secure };
  } catch (error) {
    const old = options.legacy ? askedInPassing(joined) : null;
    if (old !== null) {
      return { again, protocol: 1, ...old, passphrase: passphraseOf(options) };
    }
    channel.abort(error as Error);
    await channel[Symbol.asyncDispose]();
    throw error;
  }
}

/** The sender on a plain relay, if it has answered our opening with protocol 1. */
function askedInPassing(
  joined: JoinedRoom,
): { channel: Channel; challenge: Bytes } | null {
  if (joined.protocol !== null) return null;
  const { channel: { legacyAnswer }, unrouted } = joined;
  return legacyAnswer && { channel: unrouted(), challenge: legacyAnswer };
}

function isInterruption(error: unknown): boolean {
  return SpreadError.is(error, "INTERRUPTED");
}

function lost(): SpreadError {
  return new SpreadError("INTERRUPTED", "Another way was faster");
}
