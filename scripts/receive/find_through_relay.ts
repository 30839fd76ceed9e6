/**
 * Reaching a sender through a relay, or on the local network if it is there as well: whichever
 * answers first.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { SpreadError } from "../../lib/errors.ts";
import { legacyPeer } from "../../lib/protocol/handshake/messages.ts";
import type { Channel } from "../../lib/transports/channel.ts";
import {
  type JoinedRoom,
  joinRoom,
} from "../../lib/transports/relay/receiver_room.ts";
import {
  abortWith,
  type BrowseOptions,
  dialLan,
  type DialOptions,
  type Sender,
  shakeHands,
} from "./find_sender.ts";

/** Time, in milliseconds, that the local network gets once the relay has said no. */
const LAN_AFTER_REFUSAL_MS = 1_500;

/** Time, in milliseconds, that a sender found on the local network has to prove itself. */
const LAN_PROOF_MS = 3_000;

/** Which room, and where. */
export interface RoomAddress {
  /** Address of the relay. */
  url: string;
  roomCode: string;
  /** How long to wait for the relay's first word, in milliseconds. */
  timeoutMs: number;
  /** Told how many receivers are served first, whenever that changes. */
  onQueued: (ahead: number) => void;
  /** Told once when the relay has not answered for some seconds. */
  onSilent: () => void;
}

/**
 * Reaches a sender through its room.
 *
 * @throws {SpreadError} What `joinRoom()` and the handshake throw; `LEGACY_PEER`.
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
 * Looks on the local network and in the room at the same time, and takes what is there first.
 *
 * @throws {SpreadError} What the relay said, when neither leads to the sender.
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
  const viaLan = dialLan({ ...options, signal: signalOf(losing.lan) }, {
    ...where,
    room: room.roomCode,
    onCandidate: (instance, from) => {
      isLanThere = true;
      where.onCandidate(instance, from);
    },
  });
  const { fillRandom } = options;
  const signal = signalOf(losing.relay);
  const viaRelay = joinRoom({ ...room, fillRandom, signal })
    .then(async (joined) => {
      // The handshake is left to the faster of the two: each costs the sender an effort.
      if (!isLanThere) {
        losing.lan.abort(lost());
        return await greet(joined, options, room);
      }
      // One that only seems to be there shall not cost us the room.
      const patience = setTimeout(
        () => losing.lan.abort(lost()),
        LAN_PROOF_MS,
      );
      const sender = await viaLan.catch(() => null);
      clearTimeout(patience);
      if (sender === null) return await greet(joined, options, room);
      await joined.channel[Symbol.asyncDispose]();
      return sender;
    });
  viaRelay.catch(() =>
    setTimeout(
      () => isLanThere || losing.lan.abort(lost()),
      LAN_AFTER_REFUSAL_MS,
    )
  );
  viaLan.catch(() => {});
  let sender: Sender;
  try {
    sender = await Promise.any([viaLan, viaRelay]);
  } catch (error) {
    options.signal.throwIfAborted();
    const [lan, relay] = (error as AggregateError).errors;
    throw isLanThere && !isInterruption(lan) ? lan : relay;
  }
  losing.relay.abort(lost());
  return sender;
}

async function greet(
  joined: JoinedRoom,
  options: DialOptions,
  room: RoomAddress,
): Promise<Sender> {
  const { channel, protocol } = joined;
  const again = () => dialRelay(options, room);
  abortWith(options.signal, channel);
  if (protocol === 1 && options.legacy) return { again, protocol, channel };
  try {
    if (protocol === 1) throw legacyPeer();
    const secure = await shakeHands(channel, options, room.roomCode);
    return { again, protocol: 2, channel: secure };
  } catch (error) {
    const old = options.legacy ? askedInPassing(joined) : null;
    if (old !== null) return { again, protocol: 1, ...old };
    channel.abort(error as Error);
    await channel[Symbol.asyncDispose]();
    throw error;
  }
}

/** The sender on a plain relay that has answered our opening with protocol 1, if it has. */
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
