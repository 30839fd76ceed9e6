/**
 * Topics of the open rooms of this instance: which rooms a receiver may find by a topic.
 * See RELAY_SERVER_SPEC.md, section 18.
 *
 * @module
 */

import { timingSafeEqual } from "@std/crypto";
import type { NamedRoom } from "./room_codes.ts";

/** Most rooms that are found by one topic. */
const MAX_ROOMS_OF_TOPIC = 8;

/** Codes of rooms by topic, as far as they are known. */
export type CodesByTopic = ReadonlyMap<string, ReadonlySet<string>>;

/** An index of open rooms by topic. */
export class RoomTopics {
  readonly #codes = new Map<string, Set<string>>();

  /** The index; it changes with the rooms. */
  get codes(): CodesByTopic {
    return this.#codes;
  }

  /** Adds a room under each of its topics. */
  add({ code, topics }: NamedRoom): void {
    for (const topic of topics) {
      const codes = this.#codes.get(topic) ?? new Set();
      this.#codes.set(topic, codes.add(code));
    }
  }

  /** Removes a room. */
  remove({ code, topics }: NamedRoom): void {
    for (const topic of topics) {
      const codes = this.#codes.get(topic);
      codes?.delete(code);
      if (codes?.size === 0) this.#codes.delete(topic);
    }
  }
}

/**
 * Whether a receiver that names this topic, or none, may join the room: a room with topics wants
 * one of them, a room without wants none. Compares in constant time.
 */
export function isTopicOf(
  topics: readonly string[],
  topic: string | undefined,
): boolean {
  if (topic === undefined) return topics.length === 0;
  const encoder = new TextEncoder();
  const asked = encoder.encode(topic);
  return topics.map((own) => timingSafeEqual(encoder.encode(own), asked))
    .includes(true);
}

/** Returns the codes of each of these topics, from all indexes together. */
export function lookUp(
  topics: readonly string[],
  indexes: readonly CodesByTopic[],
): { topic: string; room: string }[] {
  return topics.flatMap((topic) => {
    const codes = indexes.flatMap((index) => [...index.get(topic) ?? []]);
    return [...new Set(codes)].slice(0, MAX_ROOMS_OF_TOPIC)
      .map((room) => ({ topic, room }));
  });
}
