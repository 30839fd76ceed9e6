/**
 * Finds out whether a relay offers more than rooms: topics, by which pairs meet, and drops. A relay
 * without them works all the same, so that nothing here fails a check.
 *
 * @module
 */

import { DropRelay } from "../../lib/drops/drop_relay.ts";
import type { RelayPlace } from "../../lib/transports/relay/socket.ts";
import { askTopics } from "../../lib/transports/relay/topics.ts";
import { fillRandom } from "../cli/surroundings.ts";

/** Time limit of each answer, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Offers of a relay beyond rooms. */
export interface BeyondRooms {
  /** Whether it finds rooms and drops by topic. */
  topics: boolean;
  /** Most bytes of a drop, and seconds that the relay keeps one; `null` when it keeps none. */
  drops: { max_bytes: number; max_ttl_s: number } | null;
}

/** Asks a relay for its offers. @throws The signal's reason. */
export async function askBeyondRooms(
  place: RelayPlace,
  signal: AbortSignal,
): Promise<BeyondRooms> {
  const [topics, drops] = await Promise.allSettled([
    knowsTopics(place, signal),
    dropsOf(place, signal),
  ]);
  signal.throwIfAborted();
  return {
    topics: topics.status === "fulfilled" && topics.value,
    drops: drops.status === "fulfilled" ? drops.value : null,
  };
}

/** Whether the relay answers a request for a topic that nobody has. */
async function knowsTopics(
  place: RelayPlace,
  signal: AbortSignal,
): Promise<boolean> {
  const topic = fillRandom(new Uint8Array(16)).toHex();
  return await askTopics(place, [topic], signal, PATIENCE_MS) !== null;
}

async function dropsOf(
  { url, proxy }: RelayPlace,
  signal: AbortSignal,
): Promise<BeyondRooms["drops"]> {
  using relay = new DropRelay(url, {
    proxy: proxy ?? null,
    signal,
    silentMs: PATIENCE_MS,
    requestMs: PATIENCE_MS,
    pausesMs: [],
  });
  const { max_bytes, max_ttl_s } = await relay.limits();
  return { max_bytes, max_ttl_s };
}
