/**
 * Types of records, and the positions in a payload that some of them carry. See docs/protocol.md,
 * sections 5 and 6.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import type { PlainRecord } from "../../crypto/records.ts";
import { badMessage } from "../handshake/messages.ts";

/** Types of records, as in their first byte. */
export const RECORD = {
  offer: 0x10,
  accept: 0x11,
  decline: 0x12,
  data: 0x13,
  credit: 0x14,
  end: 0x15,
  receipt: 0x16,
  keepAlive: 0x17,
  abort: 0x18,
  choose: 0x19,
  leave: 0x1a,
  stop: 0x1b,
  pair: 0x1c,
  paired: 0x1d,
} as const;

/** A byte position in a payload, as ACCEPT and CREDIT carry it: 8 bytes, big-endian. */
export function encodePosition(position: number): Bytes {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setBigUint64(0, BigInt(position));
  return body;
}

/**
 * @param max Largest valid position.
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodePosition(body: Bytes, max: number): number {
  if (body.length !== 8) throw badMessage("A position is not 8 bytes long");
  const position = new DataView(body.buffer, body.byteOffset).getBigUint64(0);
  if (position > BigInt(max)) {
    throw badMessage("A position lies beyond what was sent");
  }
  return Number(position);
}

/** Whether a receiver wants nothing more. */
export function isLeave({ type, body }: PlainRecord): boolean {
  return type === RECORD.leave && body.length === 0;
}
