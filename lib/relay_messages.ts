/**
 * Control messages between a client and the relay: JSON in WebSocket text messages.
 *
 * The frames between peers are something else: the relay passes them on unread. See
 * RELAY_SERVER_SPEC.md, section 3.
 *
 * @module
 */

import * as v from "valibot";

/**
 * Protocol version that our clients name, so that the relay keeps its own messages apart
 * from the peer's.
 */
export const RELAY_PROTOCOL = 2;

/** Longest control message, in characters. */
export const MAX_CONTROL_LENGTH = 1024;

/** Most topics of one room. */
export const MAX_ROOM_TOPICS = 8;

/** Reasons for which the relay refuses, or ends, something. */
export const RELAY_ERRORS = [
  "room_not_found",
  "room_expired",
  "room_busy",
  "too_many_rooms",
  "too_many_connections",
  "rate_limited",
  "message_too_large",
  "invalid_message",
  "sender_disconnected",
  "shutting_down",
] as const;

/** One of {@linkcode RELAY_ERRORS}. */
export type RelayError = typeof RELAY_ERRORS[number];

const RoomId = v.pipe(v.string(), v.maxLength(64));
/** Shown and typed by people: nothing in it may steer a terminal. */
const ShownRoomId = v.pipe(v.string(), v.regex(/^[a-z0-9]{1,64}$/));
const PeerId = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/));
const Token = v.pipe(v.string(), v.maxLength(256));
const Protocol = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));
/** Schema of a topic: 32 lower-case hexadecimal digits. See `relay_topics.ts`. */
export const TopicSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
/** Topics by which receivers find a room; without them, its code is enough. */
const Topics = v.optional(
  v.pipe(v.array(TopicSchema), v.minLength(1), v.maxLength(MAX_ROOM_TOPICS)),
);
/** A lifetime; a relay keeps rooms for a day at most, and others for no more than a year. */
const Seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(366 * 86_400));

const ClientMessageSchema = v.variant("type", [
  v.object({
    type: v.literal("CREATE_ROOM"),
    protocol: Protocol,
    topics: Topics,
  }),
  v.object({
    type: v.literal("RESUME_ROOM"),
    room_id: RoomId,
    resume_token: Token,
    protocol: Protocol,
    /** The same as with `CREATE_ROOM`; the token is for them too. */
    topics: Topics,
  }),
  v.object({
    type: v.literal("JOIN_ROOM"),
    room_id: RoomId,
    protocol: Protocol,
    /** One of the room's topics, if it has any. */
    topic: v.optional(TopicSchema),
  }),
  v.object({ type: v.literal("RELEASE_PEER"), peer_id: PeerId }),
  v.object({ type: v.literal("PING") }),
]);

/** A message from a client to the relay. */
export type ClientMessage = v.InferOutput<typeof ClientMessageSchema>;

const RelayMessageSchema = v.variant("type", [
  v.object({
    type: v.literal("ROOM_CREATED"),
    /** The code; the sender checks whether people can type it. */
    room_id: RoomId,
    /** Proves to any instance of the relay that the room is ours; absent: a plain relay. */
    resume_token: v.optional(Token),
    /** Whether the room has the topics that were named; absent: a relay that knows none. */
    topics: v.optional(v.boolean()),
    ttl_s: v.optional(Seconds),
  }),
  v.object({
    type: v.literal("ROOM_RESUMED"),
    room_id: ShownRoomId,
    ttl_s: v.optional(Seconds),
  }),
  v.object({
    type: v.literal("ROOM_JOINED"),
    room_id: ShownRoomId,
    /** Version that the sender speaks; absent: a plain relay, which does not know it. */
    protocol: Protocol,
  }),
  v.object({
    type: v.literal("ROOM_QUEUED"),
    room_id: ShownRoomId,
    /** Receivers that the sender serves before this one. */
    ahead: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.maxValue(10_000),
    ),
  }),
  v.object({ type: v.literal("PEER_JOINED"), peer_id: PeerId }),
  v.object({ type: v.literal("PEER_DISCONNECTED"), peer_id: PeerId }),
  v.object({ type: v.literal("PONG") }),
  v.object({
    type: v.literal("ERROR"),
    /** One of {@linkcode RELAY_ERRORS}, or a reason of a newer relay. */
    reason: v.pipe(v.string(), v.maxLength(64), v.regex(/^[a-z_]+$/)),
  }),
]);

/** A message from the relay to a client. */
export type RelayMessage = v.InferOutput<typeof RelayMessageSchema>;

/** Reads a client's message; `null` when it is not one of ours. */
export function decodeClientMessage(text: string): ClientMessage | null {
  return decode(ClientMessageSchema, text);
}

/** Reads the relay's message; `null` when it is not one of ours. */
export function decodeRelayMessage(text: string): RelayMessage | null {
  return decode(RelayMessageSchema, text);
}

function decode<T>(
  schema: v.GenericSchema<unknown, T>,
  text: string,
): T | null {
  if (text.length > MAX_CONTROL_LENGTH) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = v.safeParse(schema, value);
  return result.success ? result.output : null;
}
