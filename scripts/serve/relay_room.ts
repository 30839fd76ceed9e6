/**
 * Opens the room of a share, and reports changes of its state to the user.
 *
 * @module
 */

import type { SpreadError } from "../../lib/errors.ts";
import type {
  RoomState,
  SenderRoom,
} from "../../lib/transports/relay/sender_room.ts";
import { proxyFor } from "../cli/proxy.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";

/** The room after a change. */
export interface RoomChange {
  roomCode: string;
  state: RoomState;
  /** Whether it has just replaced a room with another code. */
  isNew: boolean;
}

/**
 * Opens a room on a relay and reports changes of its state.
 *
 * @param topics Those of the pairs that the share is for; also of a room that replaces this one.
 * @throws {SpreadError} Those of `SenderRoom.open()`.
 */
export async function openRoom(
  url: string,
  terminal: Terminal,
  onChange: (change: RoomChange) => void,
  signal: AbortSignal,
  topics?: string[],
): Promise<SenderRoom> {
  const { SenderRoom } = await import(
    "../../lib/transports/relay/sender_room.ts"
  );
  let room: SenderRoom | null = null;
  const changed = (isNew = false) => {
    // Before the room is returned, the caller needs no report of it.
    if (room === null) return;
    const { roomCode, state } = room;
    onChange({ roomCode, state, isNew });
  };
  return room = await SenderRoom.open({
    url,
    topics,
    proxy: await proxyFor(url, (name) => Deno.env.get(name)),
    fillRandom,
    signal,
    events: {
      lost: (reason) => {
        terminal.say(inWords(reason), "relay", { state: "lost" });
        changed();
      },
      found: ({ roomCode, isNew }) => {
        terminal.say(
          isNew
            ? newRoom(roomCode, topics !== undefined)
            : "the connection to the relay is back",
        );
        changed(isNew);
        terminal.event("relay", { state: "found", room: roomCode, new: isNew });
      },
      ended: (reason) => {
        terminal.warn(
          `${reason.message}: only the local network is left for this share`,
        );
        changed();
        terminal.event("relay", { state: "ended", error: reason.code });
      },
    },
  });
}

function newRoom(roomCode: string, isForPairs: boolean): string {
  return isForPairs
    ? "the share has a new room on the relay, which its pairs find by themselves"
    : `the new room code is ${roomCode}; the passphrase stays the same. Receivers now type:`;
}

function inWords({ code }: SpreadError): string {
  return code === "NO_ROOM"
    ? "the room on the relay has expired; asking for a new one"
    : "the connection to the relay was lost; trying again";
}
