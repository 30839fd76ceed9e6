/**
 * The room of a share, with reports of its state to the user.
 *
 * @module
 */

import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";

/**
 * Opens a room on a relay and reports changes of its state.
 *
 * @param onMoved Called with the code of a room that replaces the previous one.
 * @throws {SpreadError} Those of `SenderRoom.open()`.
 */
export async function openRoom(
  url: string,
  terminal: Terminal,
  onMoved: (roomCode: string) => void,
  signal: AbortSignal,
): Promise<SenderRoom> {
  const { SenderRoom } = await import(
    "../../lib/transports/relay/sender_room.ts"
  );
  return await SenderRoom.open({
    url,
    fillRandom,
    signal,
    events: {
      lost: () =>
        terminal.say(
          "the connection to the relay was lost; trying again",
          "relay",
          { state: "lost" },
        ),
      found: ({ roomCode, isNew }) => {
        terminal.say(
          isNew
            ? `the connection to the relay is back; the new room code is ${roomCode}, so type:`
            : "the connection to the relay is back",
        );
        if (isNew) onMoved(roomCode);
        terminal.event("relay", { state: "found", room: roomCode, new: isNew });
      },
      ended: (reason) => {
        terminal.warn(`${reason.message}; the local network still works`);
        terminal.event("relay", { state: "ended", error: reason.code });
      },
    },
  });
}
