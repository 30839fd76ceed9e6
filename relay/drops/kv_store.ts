/**
 * Drops in Deno KV, for any number of instances.
 *
 * A part and the row that counts it are one commit, and so are the end of a drop and the deletion
 * of its parts. Totals and the drops of each owner are counters, which are checked and changed in
 * the same commits. See RELAY_SERVER_SPEC.md, section 17.9.
 *
 * @module
 */

import * as v from "valibot";
import {
  type Change,
  type Entry,
  SteadyStore,
  type Store,
} from "../kv/store.ts";
import {
  type DropRow,
  dueMs,
  parseRow,
  PART_BYTES,
  partCount,
} from "./drop_row.ts";
import type {
  DropQuotas,
  DropStore,
  DropTotals,
  FoundDrop,
  NotMade,
} from "./drop_store.ts";

/** Attempts at a change of the counters, which all drops share. */
const MAX_ATTEMPTS = 20;

/** Drops that one sweep looks at. */
const MAX_DUE = 100;

/** Time that KV keeps parts beyond the life of their drop, should no instance delete them. */
const SPARE_MS = 24 * 60 * 60_000;

const keys = {
  row: (id: string): Deno.KvKey => ["relay", "drop", id],
  part: (id: string, part: number): Deno.KvKey => [
    "relay",
    "drop part",
    id,
    part,
  ],
  /** Number of an owner's drops that have not been taken. */
  owned: (owner: string): Deno.KvKey => ["relay", "drop owner", owner],
  totals: ["relay", "drop totals"],
  /** When a sweep looks at a drop: never after it is due. */
  due: (ms: number, id: string): Deno.KvKey => ["relay", "drop due", ms, id],
} as const;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const TotalsSchema = v.object({ drops: Count, bytes: Count, taken: Count });
const NONE: DropTotals = { drops: 0, bytes: 0, taken: 0 };

/** A store of drops in one database. */
export class KvDropStore implements DropStore {
  readonly #ending = new AbortController();
  readonly #store: SteadyStore;
  readonly #quotas: DropQuotas;
  #totals = NONE;

  constructor(store: Store, quotas: DropQuotas) {
    this.#store = new SteadyStore(store, this.#ending.signal);
    this.#quotas = quotas;
  }

  get totals(): DropTotals {
    return this.#totals;
  }

  async find(id: string): Promise<FoundDrop | null> {
    const [entry] = await this.#store.read([keys.row(id)]);
    return foundOf(entry!);
  }

  async make(row: DropRow): Promise<"made" | NotMade> {
    const { maxDrops, maxDropsPerAddress, maxTotalBytes } = this.#quotas;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { drop, counters, totals, owned } = await this.#read(row);
      if (drop.version !== null) return "exists";
      if (owned >= maxDropsPerAddress) return "too_many";
      const isFull = totals.drops >= maxDrops ||
        totals.bytes + row.bytes > maxTotalBytes;
      if (isFull) return "full";
      const after = {
        drops: totals.drops + 1,
        bytes: totals.bytes + row.bytes,
        taken: totals.taken,
      };
      const isMade = await this.#store.commit({
        checks: [drop, ...counters],
        sets: [
          { key: keys.row(row.id), value: row },
          { key: keys.due(dueMs(row), row.id), value: true },
          { key: keys.owned(row.owner), value: owned + 1 },
          { key: keys.totals, value: after },
        ],
      });
      if (isMade) {
        this.#totals = after;
        return "made";
      }
    }
    throw new Error("Cannot change the counters of drops");
  }

  async append(
    found: FoundDrop,
    row: DropRow,
    part: Uint8Array,
  ): Promise<boolean> {
    const key = keys.part(row.id, found.row.next);
    const ttlMs = row.expiresMs - row.changedMs + SPARE_MS;
    return await this.#store.commit({
      checks: [checkOf(found)],
      sets: [
        { key, value: part, ttlMs },
        { key: keys.row(row.id), value: row },
      ],
    });
  }

  async replace(found: FoundDrop, row: DropRow): Promise<boolean> {
    return await this.#store.commit({
      checks: [checkOf(found)],
      sets: [{ key: keys.row(row.id), value: row }],
    });
  }

  async readPart({ id }: DropRow, part: number): Promise<Uint8Array | null> {
    const [entry] = await this.#store.read([keys.part(id, part)]);
    const { value } = entry!;
    const isPart = value instanceof Uint8Array && value.length <= PART_BYTES;
    return isPart ? value : null;
  }

  async end(found: FoundDrop, rest: DropRow | null): Promise<boolean> {
    const { row, version } = found;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { drop, counters, totals, owned } = await this.#read(row);
      if (drop.version !== version) return false;
      const isKept = rest !== null && totals.taken < this.#quotas.maxDrops;
      const after = withoutDrop(totals, row);
      if (isKept) after.taken++;
      const change: Required<Change> = {
        checks: [drop, ...counters],
        sets: [{ key: keys.totals, value: after }],
        deletes: partKeys(row),
      };
      put(change, keys.row(row.id), isKept ? rest : null);
      if (row.takenMs === null) {
        put(change, keys.owned(row.owner), owned > 1 ? owned - 1 : null);
      }
      const isDone = await this.#store.commit(change);
      if (isDone) {
        this.#totals = after;
        return true;
      }
    }
    throw new Error("Cannot change the counters of drops");
  }

  async due(nowMs: number): Promise<FoundDrop[]> {
    const [totals] = await this.#store.read([keys.totals]);
    this.#totals = totalsOf(totals!);
    const [start, end] = [keys.due(0, ""), keys.due(nowMs + 1, "")];
    const looks = await this.#store.list(start, end, MAX_DUE);
    const due: FoundDrop[] = [];
    for (const { key } of looks) {
      const found = await this.find(String(key.at(-1)));
      if (found !== null && dueMs(found.row) <= nowMs) due.push(found);
      else await this.#lookLater(key, found);
    }
    return due;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    return Promise.resolve();
  }

  /** Looks at a drop again when it may be due; not at all, once it is gone. */
  async #lookLater(key: Deno.KvKey, found: FoundDrop | null): Promise<void> {
    if (found === null) {
      await this.#store.commit({ deletes: [key] });
      return;
    }
    const later = keys.due(dueMs(found.row), found.row.id);
    await this.#store.commit({
      // A drop that changes at this moment is looked at by the next sweep.
      checks: [checkOf(found)],
      sets: [{ key: later, value: true }],
      deletes: [key],
    });
  }

  /** Reads a drop together with the counters that it is part of. */
  async #read({ id, owner }: DropRow) {
    const [drop, totals, owned] = await this.#store.read([
      keys.row(id),
      keys.totals,
      keys.owned(owner),
    ]);
    const { value } = owned!;
    return {
      drop: drop!,
      counters: [totals!, owned!],
      totals: totalsOf(totals!),
      owned: v.is(Count, value) ? value : 0,
    };
  }
}

/** Adds a value to a change; `null` deletes it. */
function put(
  { sets, deletes }: Required<Change>,
  key: Deno.KvKey,
  value: unknown,
): void {
  if (value === null) deletes.push(key);
  else sets.push({ key, value });
}

function withoutDrop(totals: DropTotals, row: DropRow): DropTotals {
  const { drops, bytes, taken } = totals;
  return row.takenMs === null
    ? { drops: drops - 1, bytes: bytes - row.bytes, taken }
    : { drops, bytes, taken: taken - 1 };
}

function partKeys({ id, bytes }: DropRow): Deno.KvKey[] {
  return Array.from(
    { length: partCount(bytes) },
    (_, part) => keys.part(id, part),
  );
}

function checkOf({ row, version }: FoundDrop) {
  return { key: keys.row(row.id), version };
}

function foundOf({ value, version }: Entry): FoundDrop | null {
  const row = parseRow(value);
  return row === null || version === null ? null : { row, version };
}

function totalsOf({ value }: Entry): DropTotals {
  return v.is(TotalsSchema, value) ? value : NONE;
}
