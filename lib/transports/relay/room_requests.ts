/**
 * A sender's requests to a relay: to create a room, and to resume it after a cut.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { RELAY_PROTOCOL, type RelayMessage } from "../../relay_messages.ts";
import { isRoomCode } from "../../room_code.ts";
import { relayRefused } from "./errors.ts";
import { wordOf } from "./receiver_room.ts";
import { type RelayPlace, RelaySocket } from "./socket.ts";

/** The relay's answer to a request for a room. */
export type CreatedRoom = Extract<RelayMessage, { type: "ROOM_CREATED" }>;

/** Reasons by which a relay says that it has no such room any more. */
const GONE = ["room_not_found", "room_expired"];

/** A relay, and the topics by which receivers find the room there. */
export interface RoomPlace extends RelayPlace {
  /** 1 to 8, each 32 hex digits; without them the code is enough to join. */
  topics?: string[];
}

/**
 * Creates a room.
 *
 * @param onReached Called once the relay is reached, before it is asked.
 * @throws {SpreadError} `RELAY_UNREACHABLE`, `RELAY_BUSY`, `PEER_GONE`, `BAD_MESSAGE` when
 *   the other end is not a relay, its room code cannot be typed, or it does not know topics; the
 *   signal's reason.
 */
export async function createRoom(
  place: RoomPlace,
  signal: AbortSignal,
  onReached?: () => void,
): Promise<[RelaySocket, CreatedRoom]> {
  return await connected(place, signal, async (socket) => {
    onReached?.();
    const { topics } = place;
    const protocol = RELAY_PROTOCOL;
    await socket.say({ type: "CREATE_ROOM", protocol, topics });
    const word = wordOf(await socket.answer());
    if (word.type !== "ROOM_CREATED") throw refused(word);
    // Anybody who guesses the code could join.
    if (topics !== undefined && word.topics !== true) throw knowsNoTopics();
    if (!isRoomCode(word.room_id)) throw untypable();
    socket.isPlain = word.resume_token === undefined;
    return [socket, word];
  });
}

/**
 * Resumes a room.
 *
 * @returns The connection; `null` when the relay has no such room any more.
 * @throws {SpreadError} As {@linkcode createRoom}.
 */
export async function resumeRoom(
  place: RoomPlace,
  { code, token }: { code: string; token: string },
  signal: AbortSignal,
): Promise<RelaySocket | null> {
  return await connected(place, signal, async (socket) => {
    await socket.say({
      type: "RESUME_ROOM",
      room_id: code,
      resume_token: token,
      protocol: RELAY_PROTOCOL,
      topics: place.topics,
    });
    const word = wordOf(await socket.answer());
    if (word.type === "ROOM_RESUMED") return socket;
    if (word.type !== "ERROR" || !GONE.includes(word.reason)) {
      throw refused(word);
    }
    await socket[Symbol.asyncDispose]();
    return null;
  });
}

/** Connects and makes a request; closes the connection when the request fails. */
async function connected<T>(
  place: RelayPlace,
  signal: AbortSignal,
  ask: (socket: RelaySocket) => Promise<T>,
): Promise<T> {
  const socket = await RelaySocket.open(place, signal);
  const onAbort = () => socket.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await ask(socket);
  } catch (error) {
    socket.abort(error as Error);
    await socket[Symbol.asyncDispose]();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function refused(word: RelayMessage): SpreadError {
  return relayRefused(word.type === "ERROR" ? word.reason : "closed");
}

function knowsNoTopics(): SpreadError {
  return new SpreadError(
    "BAD_MESSAGE",
    "The relay runs a version that does not know paired machines",
    "Pair the two machines again with another relay (claude-spread pair --relay URL), or tell whoever runs this one",
  );
}

function untypable(): SpreadError {
  return new SpreadError(
    "BAD_MESSAGE",
    "The room code of the relay is not six letters and digits",
    "Use another relay, or tell whoever runs this one",
  );
}
