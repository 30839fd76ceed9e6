/**
 * Keys and values of drops in Deno KV, for `kv_store.ts`.
 *
 * @module
 */

import * as v from "valibot";
import type { StoredValue } from "../kv/store.ts";
import { Count, type DropRow, parseRow, partCount } from "./drop_row.ts";
import type { DropTotals, StoredDrop } from "./drop_store.ts";

/** Begins the keys of drops that can be taken. */
export const WAITING = ["relay", "drop waiting"] as const;

/** Keys of all entries. */
export const dropKeys = {
  /** A row. */
  row: (id: string): Deno.KvKey => ["relay", "drop", id],
  /** Bytes of a part. */
  part: (id: string, part: number): Deno.KvKey => [
    "relay",
    "drop part",
    id,
    part,
  ],
  /** Number of an owner's drops that have not been taken. */
  owned: (owner: string): Deno.KvKey => ["relay", "drop owner", owner],
  totals: ["relay", "drop totals"],
  /** The end of a drop that can be taken; set and deleted with its row. */
  waiting: (id: string): Deno.KvKey => [...WAITING, id],
  /** Set with every change of the keys of drops that can be taken. */
  waitingMark: ["relay", "drops waiting"],
  /** Time at which a sweep looks at a drop: never after it is due. */
  due: (ms: number, id: string): Deno.KvKey => ["relay", "drop due", ms, id],
} as const;

/** Marks a change of the drops that can be taken. */
export const WAITING_SET = { key: dropKeys.waitingMark, value: true };

const TotalsSchema = v.object({ drops: Count, bytes: Count, taken: Count });

/** Totals of no drops. */
export const NONE: DropTotals = { drops: 0, bytes: 0, taken: 0 };

/** Returns the keys of all parts of a drop. */
export function partKeys({ id, bytes }: DropRow): Deno.KvKey[] {
  return Array.from(
    { length: partCount(bytes) },
    (_, part) => dropKeys.part(id, part),
  );
}

/** Reads a row and its version; `null` when it is missing or malformed. */
export function foundOf({ value, version }: StoredValue): StoredDrop | null {
  const row = parseRow(value);
  return row === null || version === null ? null : { row, version };
}

/** Reads totals; {@linkcode NONE} when they are missing or malformed. */
export function totalsOf({ value }: StoredValue): DropTotals {
  return v.is(TotalsSchema, value) ? value : NONE;
}

/** Reads the number of an owner's drops; 0 when it is missing or malformed. */
export function ownedOf({ value }: StoredValue): number {
  return v.is(Count, value) ? value : 0;
}
