/**
 * Finds out whether a relay offers more than rooms: topics, by which pairs meet, and drops. A relay
 * without them works all the same, so that nothing here fails a check.
 *
 * @module
 */

import {
  DropRelay,
  type DropRelayOptions,
} from "../../lib/drops/drop_relay.ts";
import {
  decodeFound,
  encodeTopics,
  MAX_ANSWER_BYTES,
  TOPICS_PATH,
} from "../../lib/relay_topics.ts";
import { HttpClient } from "../../lib/transports/relay/http/client.ts";
import type { RelayPlace } from "../../lib/transports/relay/socket.ts";
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
  { url, proxy }: RelayPlace,
  signal: AbortSignal,
): Promise<BeyondRooms> {
  const options = {
    proxy: proxy ?? null,
    signal,
    silentMs: PATIENCE_MS,
    requestMs: PATIENCE_MS,
    pausesMs: [],
  };
  const [topics, drops] = await Promise.allSettled([
    knowsTopics(url, options),
    dropsOf(url, options),
  ]);
  signal.throwIfAborted();
  return {
    topics: topics.status === "fulfilled" && topics.value,
    drops: drops.status === "fulfilled" ? drops.value : null,
  };
}

/** Whether the relay answers a request for a topic that nobody has. */
async function knowsTopics(
  url: string,
  options: DropRelayOptions,
): Promise<boolean> {
  using client = new HttpClient(url, options);
  const topic = fillRandom(new Uint8Array(16)).toHex();
  const { status, body } = await client.ask({
    method: "POST",
    path: TOPICS_PATH,
    headers: { "Content-Type": "application/octet-stream" },
    body: encodeTopics([topic]),
    maxBytes: MAX_ANSWER_BYTES,
  });
  return status === 200 && decodeFound(new TextDecoder().decode(body)) !== null;
}

async function dropsOf(
  url: string,
  options: DropRelayOptions,
): Promise<BeyondRooms["drops"]> {
  using relay = new DropRelay(url, options);
  const { max_bytes, max_ttl_s } = await relay.limits();
  return { max_bytes, max_ttl_s };
}
