/**
 * Keys and values that the instances of a relay keep in Deno KV for each other. None of them
 * names a person, and the relay can read no message: peers seal the blocks, and addresses are
 * hashed.
 *
 * @module
 */

import * as v from "valibot";

/** Begins the keys of topics. */
export const TOPICS = ["relay", "topic"] as const;

/** Keys of all entries. */
export const keys = {
  /** Key of the resume tokens: hexadecimal text. */
  secret: ["relay", "secret"],
  /** A {@linkcode RoomRow}. */
  room: (code: string): Deno.KvKey => ["relay", "room", code],
  /** A room with this topic; set and deleted with the room. */
  topic: (topic: string, code: string): Deno.KvKey => [
    ...TOPICS,
    topic,
    code,
  ],
  /** Set with every change of the keys of topics. */
  topicsMark: ["relay", "topics"],
  /** Set again and again while the instance lives. */
  instance: (id: string): Deno.KvKey => ["relay", "instance", id],
  /** Set after every request put into the instance's inbox. */
  bell: (id: string): Deno.KvKey => ["relay", "bell", id],
  /** A {@linkcode Request}. */
  request: (to: string, id: string): Deno.KvKey => ["relay", "inbox", to, id],
  /** A {@linkcode SideState}: one tunnel end's report of itself. */
  side: (tunnel: string, side: TunnelSide): Deno.KvKey => [
    "relay",
    "tunnel",
    tunnel,
    side,
  ],
  /** A block written by `side`. */
  block: (tunnel: string, side: TunnelSide, index: number): Deno.KvKey => [
    "relay",
    "pipe",
    tunnel,
    side,
    index,
  ],
} as const;

/** The ends of a tunnel: the client's instance (guest) and the instance of the room (owner). */
export type TunnelSide = "guest" | "owner";

const Id = v.pipe(v.string(), v.maxLength(64));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const RoomRecordSchema = v.object({ owner: Id, birth: Id, claim: Id });
const RequestSchema = v.variant("kind", [
  /** A client wants to join a room. */
  v.object({
    kind: v.literal("open"),
    tunnel: Id,
    guest: Id,
    /**
     * Hash of the client's address: equal for equal addresses, and reveals nothing about them.
     */
    address: Id,
  }),
  /** Another instance has taken the room over from this claim. */
  v.object({ kind: v.literal("evict"), code: Id, claim: Id }),
]);
const SideStateSchema = v.object({
  /** Blocks written so far. */
  wrote: Count,
  /** Blocks read and deleted so far. */
  read: Count,
  /**
   * Set with the last block: `clean` when the client closed in order, `cut` when the client's
   * connection was cut, `lost` when blocks may be missing.
   */
  end: v.nullable(v.picklist(["clean", "cut", "lost"])),
});

/**
 * The entry of a room: the instance that owns it, the birth that its resume token names, and the
 * id of its claim.
 */
export type RoomRow = v.InferOutput<typeof RoomRecordSchema>;
/** A request from one instance to another. */
export type Request = v.InferOutput<typeof RequestSchema>;
/** Progress of one tunnel end. */
export type SideState = v.InferOutput<typeof SideStateSchema>;

/** Reads the entry of a room; `null` when it is missing or not understood. */
export function parseRoom(value: unknown): RoomRow | null {
  return parse(RoomRecordSchema, value);
}

/** Reads a request; `null` when it is not understood. */
export function parseRequest(value: unknown): Request | null {
  return parse(RequestSchema, value);
}

/** Reads the state of a tunnel end; `null` when it is missing or malformed. */
export function parseSide(value: unknown): SideState | null {
  return parse(SideStateSchema, value);
}

function parse<T>(
  schema: v.GenericSchema<unknown, T>,
  value: unknown,
): T | null {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : null;
}
