/**
 * Deadlines for a peer that connects and then says nothing.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";

/**
 * Runs `body`, which talks over `channel`; aborts the channel when it takes longer than `ms`.
 *
 * @throws {SpreadError} `PEER_SILENT`, through whatever call on the channel was waiting.
 */
export async function withDeadline<T>(
  channel: Channel,
  ms: number,
  body: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => channel.abort(tooSlow(ms)), ms);
  try {
    return await body();
  } finally {
    clearTimeout(timer);
  }
}

function tooSlow(ms: number): SpreadError {
  return new SpreadError(
    "PEER_SILENT",
    `The other side did not answer within ${ms / 1000} seconds`,
    "Check that host and port are those of a Claude Spread sender",
  );
}
