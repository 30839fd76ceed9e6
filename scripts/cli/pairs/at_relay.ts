/**
 * The rooms and drops of one's pairs at a relay: found by topics. See docs/protocol.md, section 14.5.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { type Slot, slotsToAsk } from "../../../lib/pairs/derive.ts";
import { otherRole } from "../../../lib/pairs/pair.ts";
import { MAX_ASKED } from "../../../lib/relay_topics.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import type { RelayPlace } from "../../../lib/transports/relay/socket.ts";
import { askTopics } from "../../../lib/transports/relay/topics.ts";
import type { KnownPair } from "./known_pairs.ts";

/** The pair that a topic belongs to, and the slot that it was derived from. */
export interface TopicOwner {
  known: KnownPair;
  slot: Slot;
}

/** A room of a pair, and the topic by which it was found. */
export interface FoundRoom extends TopicOwner {
  topic: string;
  code: string;
}

/** A drop of a pair, whose id is the topic. */
export interface FoundTopic extends TopicOwner {
  topic: string;
  code?: undefined;
}

/** Groups pairs by their relay; those without one are left out. */
export function byRelay(
  pairs: readonly KnownPair[],
): [url: string, pairs: KnownPair[]][] {
  const groups = Map.groupBy(pairs, ({ pair }) => pair.relay);
  return [...groups].flatMap(([url, group]) =>
    url === undefined ? [] : [[url, group] as [string, KnownPair[]]]
  );
}

/**
 * The rooms that the other sides of these pairs may have opened, and the drops that they have left.
 *
 * @throws {SpreadError} As `askTopics()`; `BAD_MESSAGE` when the relay does not know topics.
 */
export async function findAtRelay(
  relay: RelayPlace,
  pairs: readonly KnownPair[],
  signal: AbortSignal,
): Promise<(FoundRoom | FoundTopic)[]> {
  const owners = await topicsOf(pairs);
  const topics = [...owners.keys()];
  const all: (FoundRoom | FoundTopic)[] = [];
  for (let at = 0; at < topics.length; at += MAX_ASKED) {
    const asked = topics.slice(at, at + MAX_ASKED);
    const found = await askTopics(relay, asked, signal);
    if (found === null) throw knowsNoTopics(relay.url);
    for (const one of found) {
      const { topic } = one;
      const owner = owners.get(topic)!;
      all.push(
        "room" in one
          ? { ...owner, topic, code: one.room }
          : { ...owner, topic },
      );
    }
  }
  return all;
}

/** The topics under which something of the other sides may wait, and whose they are. */
async function topicsOf(
  pairs: readonly KnownPair[],
): Promise<Map<string, TopicOwner>> {
  const slots = slotsToAsk(new Date());
  const all = pairs.flatMap((known) =>
    slots.map(async (slot): Promise<[string, TopicOwner]> => {
      const role = otherRole(known.pair.role);
      return [(await known.key.topic(role, slot)).toHex(), { known, slot }];
    })
  );
  return new Map(await Promise.all(all));
}

function knowsNoTopics(url: string): SpreadError {
  return new SpreadError(
    "BAD_MESSAGE",
    `The relay ${nameRelay(url)} does not know paired machines`,
    "Pair the two machines again with another relay (claude-spread pair --relay URL), or tell whoever runs this one",
  );
}
