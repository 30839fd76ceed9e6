/**
 * The row of a drop: all that the relay knows of it beside its parts. The row names no person and
 * holds no key; it has tokens as hashes. See RELAY_SERVER_SPEC.md, section 17.
 *
 * @module
 */

import * as v from "valibot";

/** Bytes of every part but the last. */
export const PART_BYTES = 60 * 1024;

/** Time without a new part after which a drop that is not complete ends, in milliseconds. */
const FILL_MS = 10 * 60_000;

/** Parts of one step; a drop that is not complete takes space step by step. */
const STEP_PARTS = 8;

/** Form of the id of a drop, and of the number of one taking. */
export const ID = /^[0-9a-f]{32}$/;

/** A number of things, bytes or milliseconds. */
export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const DropRowSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(ID)),
  /** HMAC of the network key of the sender. */
  owner: Hash,
  takeHash: Hash,
  deleteHash: Hash,
  bytes: v.pipe(Count, v.minValue(1)),
  /** Parts that are stored. */
  next: Count,
  /** Time of the last part, in milliseconds since 1970, as all times of a row. */
  changedMs: Count,
  expiresMs: Count,
  /** The last taking; `null` before the first. */
  taking: v.nullable(v.pipe(v.string(), v.regex(ID))),
  /** End of the lease of that taking. */
  leaseMs: Count,
  /** Time of the receipt; `null` until then. */
  takenMs: v.nullable(Count),
});

/** The row of a drop. */
export type DropRow = v.InferOutput<typeof DropRowSchema>;

/** Reads a row; `null` when it is missing or malformed. */
export function parseRow(value: unknown): DropRow | null {
  const result = v.safeParse(DropRowSchema, value);
  return result.success ? result.output : null;
}

/** Parts of a drop of this size. */
export function partCount(bytes: number): number {
  return Math.ceil(bytes / PART_BYTES);
}

/** Size of a part in bytes; 0 or less when there is no such part. */
export function partSize({ bytes }: { bytes: number }, part: number): number {
  return Math.min(PART_BYTES, bytes - part * PART_BYTES);
}

/**
 * Bytes that a drop takes of the space for all. A drop that is not complete takes the step of 480
 * KiB that its next part belongs to, and all steps before that one. So a small drop that has begun
 * finds space for its end, and a large one takes at most one step that it does not use.
 */
export function countedBytes({ bytes, next }: DropRow): number {
  const steps = Math.floor(next / STEP_PARTS) + 1;
  return Math.min(bytes, steps * STEP_PARTS * PART_BYTES);
}

/** Whether the last part is stored. */
export function isComplete({ bytes, next }: DropRow): boolean {
  return next === partCount(bytes);
}

/** Whether a drop can be taken: it is complete, not taken, and not expired. */
export function isWaiting(row: DropRow, nowMs: number): boolean {
  return isComplete(row) && row.takenMs === null && row.expiresMs > nowMs;
}

/** Time when a drop has expired, or is abandoned unless another part comes. */
export function dueMs(row: DropRow): number {
  return isComplete(row)
    ? row.expiresMs
    : Math.min(row.expiresMs, row.changedMs + FILL_MS);
}
