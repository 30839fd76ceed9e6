/**
 * The layout of a sealed drop: how its parts divide the plaintext, and how long that is made. See
 * docs/protocol.md, section 15.4.
 *
 * @module
 */

import { type Bytes, concatBytes, utf8 } from "../bytes.ts";
import type { Offer } from "../protocol/transfer/offer.ts";
import { DROP_SALT_BYTES } from "./keys.ts";

/** Length of every part but the last, in bytes. */
export const PART_BYTES = 61_440;

/** Largest drop that any relay may keep, in bytes. */
export const MAX_DROP_BYTES = 64 * 1024 * 1024;

/** First byte of a drop. */
export const DROP_VERSION = 1;

/** Bytes before the ciphertext of part 0: version and salt. */
export const HEAD_BYTES = 1 + DROP_SALT_BYTES;

/** Bytes that sealing adds to each part. */
const TAG_BYTES = 16;

/** Length of the length of the offer, in bytes. */
export const LENGTH_BYTES = 4;

/** Length of what follows the offer, in bytes: the payload, and the work if some comes along. */
export function contentBytes({ size, work }: Offer): number {
  return size + (work?.size ?? 0);
}

/** Number of parts of a drop of `sealed` bytes. */
export function partCount(sealed: number): number {
  return Math.ceil(sealed / PART_BYTES);
}

/** Bytes of the plaintext before those of a part. */
export function plainStart(part: number): number {
  return part === 0 ? 0 : part * (PART_BYTES - TAG_BYTES) - HEAD_BYTES;
}

/** Number of the part that holds a position of the plaintext. */
export function partAt(position: number): number {
  return Math.floor((position + HEAD_BYTES) / (PART_BYTES - TAG_BYTES));
}

/** Length of a drop with `plain` bytes of plaintext. */
export function sealedLength(plain: number): number {
  return plain + HEAD_BYTES + TAG_BYTES * (partAt(plain - 1) + 1);
}

/** Length of the plaintext in a drop of `sealed` bytes; negative when no drop is so short. */
export function plainLength(sealed: number): number {
  return sealed - HEAD_BYTES - TAG_BYTES * partCount(sealed);
}

/** Most plaintext in a drop of at most `maxSealed` bytes. */
export function plainCapacity(maxSealed: number): number {
  const rest = maxSealed % PART_BYTES;
  // A last part with no plaintext would be none.
  const usable = rest > TAG_BYTES || rest === 0 ? maxSealed : maxSealed - rest;
  return plainLength(usable);
}

/**
 * The length to which a plaintext is padded, by the rule of Padmé: it tells no more of the length
 * than its order and a few bits after that, and adds 12 % at most.
 */
export function paddedLength(length: number): number {
  const exponent = Math.floor(Math.log2(length));
  const kept = Math.floor(Math.log2(exponent)) + 1;
  const unit = 2 ** Math.max(0, exponent - kept);
  return Math.ceil(length / unit) * unit;
}

/** The nonce of a part. */
export function nonceOf(part: number): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(part));
  return nonce;
}

/** The data that are bound to a part: the drop that it is in, its number, and whether it is the last. */
export function bindingOf(id: Bytes, part: number, isLast: boolean): Bytes {
  const place = new Uint8Array(9);
  new DataView(place.buffer).setBigUint64(0, BigInt(part));
  place[8] = isLast ? 1 : 0;
  return concatBytes(utf8("claude-spread/2 drop"), id, place);
}
