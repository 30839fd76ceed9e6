/**
 * The part of Deno KV that the relay uses, made to survive failures of KV.
 *
 * {@linkcode Store} is the boundary: {@linkcode openStore} implements it on a real database,
 * {@linkcode SteadyStore} adds deadlines and retries to any store.
 *
 * @module
 */

import { pause } from "../../lib/waiting.ts";

/** Time limit of one operation, in milliseconds; one that exceeds it has failed for good. */
const OPERATION_MS = 3_000;

/** The same limit once the relay is ending. */
const LAST_OPERATION_MS = 1_000;

/** Pauses before each retry, in milliseconds: 1.6 seconds in total. */
const RETRY_MS = [20, 50, 100, 200, 400, 800];

/** The current state of one key. */
export interface StoredValue {
  key: Deno.KvKey;
  /** `null` when the key is not set. */
  value: unknown;
  /** Changes whenever the key is set, even to the same value; `null` when the key is not set. */
  version: string | null;
}

/** An atomic write. */
export interface Change {
  /** Versions that must still be current. */
  checks?: { key: Deno.KvKey; version: string | null }[];
  /** Values to set; KV forgets each after `ttlMs` or some time later. */
  sets?: { key: Deno.KvKey; value: unknown; ttlMs?: number }[];
  deletes?: Deno.KvKey[];
}

/** A database. Every method rejects when the database fails. */
export interface Store {
  /** Returns the newest state of at most 10 keys, which is KV's own limit, in their order. */
  read(keys: Deno.KvKey[]): Promise<StoredValue[]>;
  /** Returns the first entries from `start` up to `end`, excluding `end`. */
  list(
    start: Deno.KvKey,
    end: Deno.KvKey,
    limit: number,
  ): Promise<StoredValue[]>;
  /** Writes the change; `false` when a check does not hold. */
  commit(change: Change): Promise<boolean>;
  /**
   * Reports the state of a key now and after every change; states in between may be missed. Ends
   * once `signal` is aborted.
   */
  watch(
    key: Deno.KvKey,
    signal: AbortSignal,
    take: (entry: StoredValue) => void,
  ): Promise<void>;
}

/** A store on Deno KV. */
export function openStore(kv: Deno.Kv): Store {
  return {
    read: async (keys) => (await kv.getMany(keys)).map(entryOf),
    list: async (start, end, limit) => {
      const options = { limit, batchSize: limit };
      const found = await Array.fromAsync(kv.list({ start, end }, options));
      return found.map(entryOf);
    },
    commit: async (change) => (await operation(kv, change).commit()).ok,
    watch: async (key, signal, take) => {
      const reader = kv.watch([key]).getReader();
      const cancel = () => void reader.cancel().catch(() => {});
      signal.addEventListener("abort", cancel, { once: true });
      try {
        while (!signal.aborted) {
          const { done, value } = await reader.read();
          if (done) return;
          take(entryOf(value[0]));
        }
      } finally {
        signal.removeEventListener("abort", cancel);
        await reader.cancel().catch(() => {});
      }
    },
  };
}

function operation(kv: Deno.Kv, change: Change): Deno.AtomicOperation {
  const { checks = [], sets = [], deletes = [] } = change;
  const atomic = kv.atomic();
  for (const { key, version } of checks) {
    atomic.check({ key, versionstamp: version });
  }
  for (const { key, value, ttlMs: expireIn } of sets) {
    atomic.set(key, value, { expireIn });
  }
  for (const key of deletes) atomic.delete(key);
  return atomic;
}

function entryOf(entry: Deno.KvEntryMaybe<unknown>): StoredValue {
  const { key, value, versionstamp } = entry;
  return { key, value, version: versionstamp };
}

/**
 * A store that retries. A commit that failed may still have been applied, so every change is safe
 * to apply twice, or has a check that fails the second time.
 */
export class SteadyStore implements Store {
  /**
   * @param ending Once aborted, no operation is retried.
   * @param operationMs Time limit of one operation, in milliseconds.
   */
  constructor(
    private readonly store: Store,
    private readonly ending: AbortSignal,
    private readonly operationMs = OPERATION_MS,
  ) {}

  read(keys: Deno.KvKey[]): Promise<StoredValue[]> {
    return this.#retry(() => this.store.read(keys));
  }

  list(
    start: Deno.KvKey,
    end: Deno.KvKey,
    limit: number,
  ): Promise<StoredValue[]> {
    return this.#retry(() => this.store.list(start, end, limit));
  }

  commit(change: Change): Promise<boolean> {
    return this.#retry(() => this.store.commit(change));
  }

  /** Starts a new watch when the database drops one; never rejects. */
  async watch(
    key: Deno.KvKey,
    signal: AbortSignal,
    take: (entry: StoredValue) => void,
  ): Promise<void> {
    const either = AbortSignal.any([signal, this.ending]);
    for (let failures = 0; !either.aborted; failures++) {
      const takeWell = (entry: StoredValue) => {
        failures = 0;
        take(entry);
      };
      await this.store.watch(key, either, takeWell).catch(() => {});
      await pause(RETRY_MS[failures] ?? RETRY_MS.at(-1)!, either);
    }
  }

  async #retry<T>(act: () => Promise<T>): Promise<T> {
    for (const pauseMs of RETRY_MS) {
      try {
        return await inTime(act(), this.#limitMs);
      } catch (error) {
        if (this.ending.aborted || error instanceof LateError) throw error;
      }
      await pause(pauseMs, this.ending);
    }
    return await inTime(act(), this.#limitMs);
  }

  get #limitMs(): number {
    return this.ending.aborted ? LAST_OPERATION_MS : this.operationMs;
  }
}

class LateError extends Error {
  override name = "LateError";
}

async function inTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new LateError("KV does not answer")),
      limitMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
