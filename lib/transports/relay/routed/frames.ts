/**
 * Routed frames: how peers of protocol 2 mark their messages on a plain relay.
 *
 * A plain relay forwards every message to the peer that is paired at the moment. A message
 * can therefore reach the next receiver, or come back to its sender. So each message names
 * its direction and the route, 8 random bytes of the receiver:
 *
 *     receiver → sender   "R" ‖ route (8) ‖ frame    "r" ‖ route (8)
 *     sender → receiver   "S" ‖ route (8) ‖ frame    "s" ‖ route (8)
 *
 * Lower-case letters close the route in order. The receiver's first frame travels inside a
 * HELLO of protocol 1, so that a sender of that protocol answers it too. Frames are neither
 * secret nor authenticated here. See docs/protocol.md, section 10.8.
 *
 * @module
 */

import * as v from "valibot";
import { type Bytes, concatBytes, type FillRandom } from "../../../bytes.ts";

const ROUTE_BYTES = 8;
/** Bytes that precede each frame. */
export const HEAD_BYTES = 1 + ROUTE_BYTES;

/** Largest first frame of a receiver, in bytes. */
const MAX_OPENING_BYTES = 128;

/** Longest opening, in bytes of JSON. */
const MAX_OPENING_LENGTH = 1024;

/** One of the two sides. */
export type PeerSide = "receiver" | "sender";

/** First byte of a message, by sending side: for a frame, and for closing the route. */
const MARKS: Record<PeerSide, { frame: number; close: number }> = {
  receiver: { frame: 0x52, close: 0x72 },
  sender: { frame: 0x53, close: 0x73 },
};

/** First byte of a JSON object. */
const BRACE = 0x7b;

const OpeningSchema = v.object({
  type: v.literal("HELLO"),
  route: v.pipe(v.string(), v.length(2 * ROUTE_BYTES), v.hexadecimal()),
  frame: v.pipe(
    v.string(),
    v.maxLength(2 * MAX_OPENING_BYTES),
    v.check((text) => text.length % 2 === 0),
    v.hexadecimal(),
  ),
});
const TypeSchema = v.object({ type: v.string() });

/** A message that came over a plain relay. */
export type Routed =
  /** A receiver of protocol 2 opens a route. */
  | { kind: "opening"; route: string; frame: Bytes }
  /** A frame on a route, from the named side; `null` when that side closes. */
  | { kind: PeerSide; route: string; frame: Bytes | null }
  /** JSON, such as a message of protocol 1; `type` is its own, if it is short. */
  | { kind: "legacy"; type: string | null; frame: Bytes }
  | { kind: "unknown" };

/** A new route, in hexadecimal. */
export function makeRoute(fillRandom: FillRandom): string {
  return fillRandom(new Uint8Array(ROUTE_BYTES)).toHex();
}

/** The bytes that precede each frame. */
export function headOf(from: PeerSide, route: string): Bytes {
  return encodeHead(MARKS[from].frame, route);
}

/** The message that closes a route. */
export function closingOf(from: PeerSide, route: string): Bytes {
  return encodeHead(MARKS[from].close, route);
}

function encodeHead(mark: number, route: string): Bytes {
  return concatBytes(Uint8Array.of(mark), Uint8Array.fromHex(route));
}

/** The text that opens a route and carries the receiver's first frame, made of `parts`. */
export function encodeOpening(route: string, parts: Uint8Array[]): string {
  const frame = concatBytes(...parts).toHex();
  return JSON.stringify({ type: "HELLO", version: 1, route, frame });
}

/** Reads a message; never throws. The frame shares the memory of `message`. */
export function decodeRouted(message: Bytes): Routed {
  if (message[0] === BRACE) return decodeJson(message);
  if (message.length < HEAD_BYTES) return { kind: "unknown" };
  const route = message.subarray(1, HEAD_BYTES).toHex();
  for (const kind of ["receiver", "sender"] as const) {
    const { frame, close } = MARKS[kind];
    if (message[0] === close) return { kind, route, frame: null };
    if (message[0] !== frame) continue;
    return { kind, route, frame: message.subarray(HEAD_BYTES) };
  }
  return { kind: "unknown" };
}

function decodeJson(message: Bytes): Routed {
  const value = message.length <= MAX_OPENING_LENGTH ? parse(message) : null;
  const opening = v.safeParse(OpeningSchema, value);
  if (opening.success) {
    const { route, frame } = opening.output;
    return { kind: "opening", route, frame: Uint8Array.fromHex(frame) };
  }
  const typed = v.safeParse(TypeSchema, value);
  const type = typed.success ? typed.output.type : null;
  return { kind: "legacy", type, frame: message };
}

function parse(message: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(message));
  } catch {
    return null;
  }
}
