/**
 * Stores of drops: the boundary between the rules (`drops.ts`) and the place that keeps the drops.
 *
 * A store decides nothing but quotas. A method that changes a drop takes the version that its
 * caller has read, and does nothing when there is a newer one.
 *
 * @module
 */

import type { DropRow } from "./drop_row.ts";

/** A row as it was found. */
export interface StoredDrop {
  row: DropRow;
  /** Changes with every change of the drop. */
  version: string;
}

/** Drops that have not been taken, with the bytes that they take up, and those that have. */
export interface DropTotals {
  drops: number;
  bytes: number;
  taken: number;
}

/** Limits that a store applies to new drops. */
export interface DropQuotas {
  maxDrops: number;
  maxDropsPerAddress: number;
  maxTotalBytes: number;
}

/**
 * Reason why a new drop was not made: its id is in use, its owner has too many, or there is no
 * space.
 */
export type NotMade = "exists" | "too_many" | "full";

/** Whether a part is stored; if not, the drop has changed, or there is no space. */
export type Appended = "stored" | "changed" | "full";

/** A place that keeps drops. Every method rejects when the disk or database fails. */
export interface DropStore extends AsyncDisposable {
  /** Totals as they are known; other instances may have changed them since the last `due()`. */
  readonly totals: DropTotals;
  find(id: string): Promise<StoredDrop | null>;
  /** Returns those of these ids whose drops are complete, not taken and not expired. */
  waiting(ids: readonly string[], nowMs: number): Promise<string[]>;
  /** Keeps a new row, without parts, if there is space for all of them at this time. */
  make(row: DropRow): Promise<"made" | NotMade>;
  /**
   * Stores part `found.row.next`, and `row` with it. When that part is the last, both are on the
   * disk when the promise resolves.
   */
  append(found: StoredDrop, row: DropRow, part: Uint8Array): Promise<Appended>;
  /** Replaces the row, but neither sizes nor parts; a restart may lose the change. */
  replace(found: StoredDrop, row: DropRow): Promise<boolean>;
  /** Returns a part; `null` when it is gone. */
  readPart(row: DropRow, part: number): Promise<Uint8Array | null>;
  /**
   * Deletes all parts. Keeps `rest` in place of the row, if there is one and space for it.
   * `false` when the drop has changed.
   */
  end(found: StoredDrop, rest: DropRow | null): Promise<boolean>;
  /** Returns some drops whose `dueMs` has passed, and brings the totals up to date. */
  due(nowMs: number): Promise<StoredDrop[]>;
}
