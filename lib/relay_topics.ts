/**
 * Topics: names of rooms and drops that only a pair can derive, and the HTTP request by which a
 * receiver asks a relay for them.
 *
 * Their derivation is not said here: to the relay they are random. See RELAY_SERVER_SPEC.md,
 * section 18.
 *
 * @module
 */

import * as v from "valibot";
import { TopicSchema } from "./relay_messages.ts";
import { isRoomCode } from "./room_code.ts";

/** Path of the request. */
export const TOPICS_PATH = "/topics";

/** Bytes of a topic. */
export const TOPIC_BYTES = 16;

/** Most topics in one request. */
export const MAX_ASKED = 1024;

/** Most rooms and drops in one answer. */
export const MAX_FOUND = 1024;

/** Largest answer in bytes, above any that a relay gives. */
export const MAX_ANSWER_BYTES = 128 * 1024;

const FoundSchema = v.union([
  v.object({
    topic: TopicSchema,
    room: v.pipe(v.string(), v.check(isRoomCode)),
  }),
  v.object({ topic: TopicSchema, drop: v.literal(true) }),
]);

const AnswerSchema = v.object({
  found: v.pipe(v.array(FoundSchema), v.maxLength(MAX_FOUND)),
});

/** A room with a topic that was asked for, by its code, or a drop whose id is the topic. */
export type TopicMatch = v.InferOutput<typeof FoundSchema>;

/**
 * Encodes the body of a request.
 *
 * @param topics 1 to {@linkcode MAX_ASKED}, each 32 hexadecimal digits.
 */
export function encodeTopics(
  topics: readonly string[],
): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(topics.join(""));
}

/** Decodes the body of a request; `null` when it is not one. A topic that comes twice counts once. */
export function decodeTopics(body: Uint8Array): string[] | null {
  const count = body.length / TOPIC_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > MAX_ASKED) return null;
  const hex = body.toHex();
  const digits = 2 * TOPIC_BYTES;
  const topics = Array.from(
    { length: count },
    (_, at) => hex.slice(at * digits, (at + 1) * digits),
  );
  return [...new Set(topics)];
}

/**
 * Decodes the relay's answer; `null` when it is not one. The caller checks that it asked for
 * each topic.
 *
 * @param text At most {@linkcode MAX_ANSWER_BYTES}.
 */
export function decodeFound(text: string): TopicMatch[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = v.safeParse(AnswerSchema, value);
  return result.success ? result.output.found : null;
}
