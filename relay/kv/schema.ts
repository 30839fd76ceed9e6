/**
 * What the instances of a relay keep in Deno KV for each other: keys, and the shape of what
 * stands under them. Nothing here can name a person or be read by us: blocks are what peers
 * sealed, addresses are hashed.
 *
 * @module
 */

import * as v from "valibot";

/** Where everything stands. */
export const keys = {
  /** Key of the resume tokens: hexadecimal text. */
  secret: ["relay", "secret"],
  /** A {@linkcode RoomRecord}. */
  room: (code: string): Deno.KvKey => ["relay", "room", code],
  /** Set anew while the instance lives. */
  instance: (id: string): Deno.KvKey => ["relay", "instance", id],
  /** Set anew when something has been put into the instance's inbox. */
  bell: (id: string): Deno.KvKey => ["relay", "bell", id],
  /** A {@linkcode Request}. */
  request: (to: string, id: string): Deno.KvKey => ["relay", "inbox", to, id],
  /** A {@linkcode SideState}: what one end of a tunnel says of itself. */
  side: (tunnel: string, side: Side): Deno.KvKey => [
    "relay",
    "tunnel",
    tunnel,
    side,
  ],
  /** A block that `side` has written. */
  block: (tunnel: string, side: Side, index: number): Deno.KvKey => [
    "relay",
    "pipe",
    tunnel,
    side,
    index,
  ],
} as const;

/** The ends of a tunnel: the instance of the client, and the one that has the room. */
export type Side = "guest" | "owner";

const Id = v.pipe(v.string(), v.maxLength(64));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const RoomRecordSchema = v.object({ owner: Id });
const RequestSchema = v.variant("kind", [
  /** Someone wants to join a room. */
  v.object({
    kind: v.literal("open"),
    tunnel: Id,
    guest: Id,
    /** Stands for the client's address: the same for the same address, and says nothing of it. */
    address: Id,
  }),
  /** A room has a new owner. */
  v.object({ kind: v.literal("evict"), code: Id }),
]);
const SideStateSchema = v.object({
  /** Blocks written. */
  wrote: Count,
  /** Blocks read, and deleted. */
  read: Count,
  /**
   * Set with the last block: `clean` when its client closed in order, `cut` when the client's
   * connection was cut, `lost` when blocks may be missing.
   */
  end: v.nullable(v.picklist(["clean", "cut", "lost"])),
});

/** Which instance has a room. */
export type RoomRecord = v.InferOutput<typeof RoomRecordSchema>;
/** What one instance asks of another. */
export type Request = v.InferOutput<typeof RequestSchema>;
/** How far one end of a tunnel has come. */
export type SideState = v.InferOutput<typeof SideStateSchema>;

/** Reads a room record; `null` when there is none, or none that we understand. */
export function parseRoom(value: unknown): RoomRecord | null {
  return parse(RoomRecordSchema, value);
}

/** Reads a request; `null` when it is none that we understand. */
export function parseRequest(value: unknown): Request | null {
  return parse(RequestSchema, value);
}

/** Reads the state of a tunnel's end; `null` when it is none. */
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
