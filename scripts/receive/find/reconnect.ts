/**
 * Connects to a sender again after a cut.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { pause } from "../../../lib/waiting.ts";
import type { DialOptions, Sender } from "./sender.ts";
import { formatBytes } from "../../cli/screen/format.ts";
import type { Terminal } from "../../cli/terminal.ts";

/**
 * Pauses before the attempts to reconnect, in milliseconds: one attempt for each. A sender that has
 * lost the relay comes back to it after 15 seconds at most.
 */
const RETRY_PAUSES_MS = [
  250,
  500,
  1_000,
  2_000,
  4_000,
  8_000,
  15_000,
  15_000,
];

/**
 * Connects again after a cut, in as many attempts as there are pauses.
 *
 * @param sender The sender whose connection has failed.
 * @param attempt Number of earlier cuts since any bytes arrived: that many attempts are left
 *   out.
 * @param error The error in which the connection ended.
 * @param keptBytes Number of bytes that have arrived and are kept.
 * @param pausesMs Pauses before the attempts; tests shorten them.
 * @throws {SpreadError} `error` itself, reworded, for `PEER_STOPPED`: the sender has stopped the
 *   share; `error` unchanged for anything else that is not a cut; `error` with a hint once all
 *   attempts have failed; the error of an attempt that shows that another one would not help;
 *   the reason of the signal.
 */
export async function redial(
  sender: Sender,
  dial: Pick<DialOptions, "signal">,
  attempt: number,
  error: unknown,
  terminal: Terminal,
  keptBytes: number,
  pausesMs: readonly number[] = RETRY_PAUSES_MS,
): Promise<Sender> {
  if (SpreadError.is(error, "PEER_STOPPED")) throw stopped(error, keptBytes);
  if (!isCut(error)) throw error;
  let isRoomGone = false;
  for (const [i, pauseMs] of pausesMs.entries()) {
    if (i < attempt) continue;
    terminal.say(
      `the connection was cut; trying again (${i + 1} of ${pausesMs.length})`,
    );
    await pause(pauseMs, dial.signal);
    dial.signal.throwIfAborted();
    try {
      return await sender.again();
    } catch (again) {
      // A relay that has restarted knows the room again once the sender is back.
      isRoomGone = SpreadError.is(again, "NO_ROOM");
      const isBusy = SpreadError.is(again, "RELAY_BUSY");
      if (!isCut(again) && !isRoomGone && !isBusy) throw again;
    }
  }
  const { code, message } = error;
  throw new SpreadError(
    code,
    message,
    isRoomGone
      ? "The room is gone: ask the sender for the new room code, or to share it again; this machine keeps what has arrived"
      : "Run the same command again to continue, or ask the sender to share it again " +
        "if the share has ended; this machine keeps what has arrived",
    { cause: error },
  );
}

/** Error `PEER_STOPPED` in words for the receiver of a share that its sender has stopped. */
function stopped(cause: SpreadError, keptBytes: number): SpreadError {
  return new SpreadError(
    "PEER_STOPPED",
    keptBytes === 0
      ? "The sender has stopped the share"
      : `The sender has stopped the share; this machine keeps ${
        formatBytes(keptBytes)
      }`,
    keptBytes === 0
      ? "Ask the sender to share it again"
      : "Ask the sender to share it again; receiving then continues from there",
    { cause },
  );
}

function isCut(error: unknown): error is SpreadError {
  return SpreadError.is(
    error,
    "PEER_GONE",
    "PEER_SILENT",
    "UNREACHABLE",
    "RELAY_UNREACHABLE",
  );
}
