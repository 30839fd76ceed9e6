/**
 * Drops in Deno KV, for any number of instances.
 *
 * A part and the row that counts it are one commit, and so are the end of a drop and the deletion
 * of its parts. Totals and the drops of each owner are counters, which are checked and changed in
 * the same commits. See RELAY_SERVER_SPEC.md, section 17.9.
 *
 * @module
 */

import { Mirror } from "../kv/mirror.ts";
import {
  type Change,
  SteadyStore,
  type Store,
  type StoredValue,
} from "../kv/store.ts";
import {
  countedBytes,
  type DropRow,
  dueMs,
  isComplete,
  PART_BYTES,
} from "./drop_row.ts";
import type {
  Appended,
  DropQuotas,
  DropStore,
  DropTotals,
  NotMade,
  StoredDrop,
} from "./drop_store.ts";
import {
  dropKeys,
  foundOf,
  NONE,
  ownedOf,
  partKeys,
  totalsOf,
  WAITING,
  WAITING_SET,
} from "./kv_drop_keys.ts";

/** Attempts at a change of the counters, which all drops share. */
const MAX_ATTEMPTS = 20;

/** Drops that one sweep looks at. */
const MAX_DUE = 100;

/** Time that KV keeps parts beyond the life of their drop, should no instance delete them. */
const SPARE_MS = 24 * 60 * 60_000;

/** A drop as it is stored, with the counters that it is part of. */
interface Counted {
  drop: StoredValue;
  totals: DropTotals;
  owned: number;
}

/** A change of a drop and of the totals. */
interface CountedChange extends Omit<Change, "checks"> {
  totals: DropTotals;
}

/** A store of drops in one database. */
export class KvDropStore implements DropStore {
  readonly #ending = new AbortController();
  readonly #store: SteadyStore;
  readonly #quotas: DropQuotas;
  readonly #waiting: Mirror<ReadonlyMap<string, number>>;
  #totals = NONE;

  /** @param now Milliseconds that never go back. */
  constructor(store: Store, quotas: DropQuotas, now: () => number) {
    this.#store = new SteadyStore(store, this.#ending.signal);
    this.#quotas = quotas;
    this.#waiting = new Mirror({
      store: this.#store,
      prefix: WAITING,
      mark: dropKeys.waitingMark,
      now,
      build: (entries) =>
        new Map(
          entries.map(({ key, value }) => [String(key.at(-1)), Number(value)]),
        ),
    });
  }

  get totals(): DropTotals {
    return this.#totals;
  }

  async find(id: string): Promise<StoredDrop | null> {
    const [entry] = await this.#store.read([dropKeys.row(id)]);
    return foundOf(entry!);
  }

  async waiting(ids: readonly string[], nowMs: number): Promise<string[]> {
    const ends = await this.#waiting.read();
    return ids.filter((id) => (ends.get(id) ?? 0) > nowMs);
  }

  make(row: DropRow): Promise<"made" | NotMade> {
    const { maxDrops, maxDropsPerAddress, maxTotalBytes } = this.#quotas;
    return this.#count<"made", NotMade>(
      row,
      "made",
      ({ drop, totals, owned }) => {
        const { drops, bytes, taken } = totals;
        if (drop.version !== null) return "exists";
        if (owned >= maxDropsPerAddress) return "too_many";
        const isFull = drops >= maxDrops || bytes + row.bytes > maxTotalBytes;
        if (isFull) return "full";
        const counted = countedBytes(row);
        return {
          totals: { drops: drops + 1, bytes: bytes + counted, taken },
          sets: [
            { key: dropKeys.row(row.id), value: row },
            { key: dropKeys.due(dueMs(row), row.id), value: true },
            { key: dropKeys.owned(row.owner), value: owned + 1 },
          ],
        };
      },
    );
  }

  async append(
    found: StoredDrop,
    row: DropRow,
    part: Uint8Array,
  ): Promise<Appended> {
    const key = dropKeys.part(row.id, found.row.next);
    const ttlMs = row.expiresMs - row.changedMs + SPARE_MS;
    const sets: Change["sets"] = [
      { key, value: part, ttlMs },
      { key: dropKeys.row(row.id), value: row },
    ];
    if (isComplete(row)) {
      const end = {
        key: dropKeys.waiting(row.id),
        value: row.expiresMs,
        ttlMs,
      };
      sets.push(end, WAITING_SET);
    }
    const grown = countedBytes(row) - countedBytes(found.row);
    if (grown === 0) {
      const checks = [checkOf(found)];
      return await this.#store.commit({ checks, sets }) ? "stored" : "changed";
    }
    return await this.#count<"stored", Appended>(
      row,
      "stored",
      ({ drop, totals }) => {
        if (drop.version !== found.version) return "changed";
        const bytes = totals.bytes + grown;
        if (bytes > this.#quotas.maxTotalBytes) return "full";
        return { totals: { ...totals, bytes }, sets };
      },
    );
  }

  async replace(found: StoredDrop, row: DropRow): Promise<boolean> {
    return await this.#store.commit({
      checks: [checkOf(found)],
      sets: [{ key: dropKeys.row(row.id), value: row }],
    });
  }

  async readPart({ id }: DropRow, part: number): Promise<Uint8Array | null> {
    const [entry] = await this.#store.read([dropKeys.part(id, part)]);
    const { value } = entry!;
    const isPart = value instanceof Uint8Array && value.length <= PART_BYTES;
    return isPart ? value : null;
  }

  async end(found: StoredDrop, rest: DropRow | null): Promise<boolean> {
    const { row, version } = found;
    const ended = await this.#count(row, "ended", ({ drop, totals, owned }) => {
      if (drop.version !== version) return "changed";
      const isKept = rest !== null && totals.taken < this.#quotas.maxDrops;
      const after = withoutDrop(totals, row);
      if (isKept) after.taken++;
      const change = {
        totals: after,
        sets: [] as NonNullable<Change["sets"]>,
        deletes: partKeys(row),
      };
      put(change, dropKeys.row(row.id), isKept ? rest : null);
      if (isComplete(row)) {
        change.sets.push(WAITING_SET);
        change.deletes.push(dropKeys.waiting(row.id));
      }
      if (row.takenMs === null) {
        put(change, dropKeys.owned(row.owner), owned > 1 ? owned - 1 : null);
      }
      return change;
    });
    return ended === "ended";
  }

  async due(nowMs: number): Promise<StoredDrop[]> {
    const [totals] = await this.#store.read([dropKeys.totals]);
    this.#totals = totalsOf(totals!);
    const [start, end] = [dropKeys.due(0, ""), dropKeys.due(nowMs + 1, "")];
    const looks = await this.#store.list(start, end, MAX_DUE);
    const due: StoredDrop[] = [];
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

  /** Lets a later sweep look at a drop again, when it may be due; forgets a drop that is gone. */
  async #lookLater(key: Deno.KvKey, found: StoredDrop | null): Promise<void> {
    if (found === null) {
      await this.#store.commit({ deletes: [key] });
      return;
    }
    const later = dropKeys.due(dueMs(found.row), found.row.id);
    await this.#store.commit({
      // A drop that changes at this moment is looked at by the next sweep.
      checks: [checkOf(found)],
      sets: [{ key: later, value: true }],
      deletes: [key],
    });
  }

  /**
   * Changes a drop and the counters that it is part of. Tries again when other drops change them.
   *
   * @param plan Returns the change, or the reason why there is none.
   * @returns `done`, or the reason.
   */
  async #count<D extends string, R extends string>(
    { id, owner }: DropRow,
    done: D,
    plan: (now: Counted) => R | CountedChange,
  ): Promise<D | R> {
    const all = [dropKeys.row(id), dropKeys.totals, dropKeys.owned(owner)];
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const entries = await this.#store.read(all);
      const planned = plan({
        drop: entries[0]!,
        totals: totalsOf(entries[1]!),
        owned: ownedOf(entries[2]!),
      });
      if (typeof planned === "string") return planned;
      const { totals, sets = [], deletes } = planned;
      const isDone = await this.#store.commit({
        checks: entries,
        sets: [...sets, { key: dropKeys.totals, value: totals }],
        deletes,
      });
      if (!isDone) continue;
      this.#totals = totals;
      return done;
    }
    throw new Error("Cannot change the counters of drops");
  }
}

/** Adds a value to a change; `null` deletes it. */
function put(
  { sets, deletes }: Required<Omit<Change, "checks">>,
  key: Deno.KvKey,
  value: unknown,
): void {
  if (value === null) deletes.push(key);
  else sets.push({ key, value });
}

function withoutDrop(totals: DropTotals, row: DropRow): DropTotals {
  const { drops, bytes, taken } = totals;
  return row.takenMs === null
    ? { drops: drops - 1, bytes: bytes - countedBytes(row), taken }
    : { drops, bytes, taken: taken - 1 };
}

function checkOf({ row, version }: StoredDrop) {
  return { key: dropKeys.row(row.id), version };
}
