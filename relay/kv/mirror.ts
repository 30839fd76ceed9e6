/**
 * Mirrors: a range of small entries in Deno KV, kept in memory for as long as it does not change.
 *
 * Whoever changes the range sets its mark in the same commit. Looking up any number of
 * entries then takes one read, and after a change one listing, instead of a read for each entry.
 *
 * @module
 */

import type { Store, StoredValue } from "./store.ts";

/** Entries that one read takes. */
const PAGE = 500;

/** Most entries in memory; a mirror does not see entries after them in the range. */
export const MAX_ENTRIES = 100_000;

/** Time after which the range is listed again, because entries expire without a mark. */
const MAX_AGE_MS = 60_000;

/** A range, its mark, and the value that is made of it. */
export interface MirrorOptions<T> {
  store: Store;
  /** Begins the key of every entry; text follows it. */
  prefix: readonly Deno.KvKeyPart[];
  /** Key that is set with every change. */
  mark: Deno.KvKey;
  /** Milliseconds that never go back. */
  now(): number;
  /** Makes the value to keep from all entries. */
  build(entries: StoredValue[]): T;
}

/** A mirror of one range. */
export class Mirror<T> {
  readonly #options: MirrorOptions<T>;
  #seen: { version: string | null; value: T; atMs: number } | null = null;
  /** The refresh under way, and the one that waits for it. */
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | null = null;

  constructor(options: MirrorOptions<T>) {
    this.#options = options;
  }

  /**
   * Returns the range as it is at the time of the call, or later. Calls at the same time share one
   * refresh. Rejects when KV fails.
   */
  read(): Promise<T> {
    return this.#next ??= this.#running.then(() => {
      const refreshing = this.#refresh();
      this.#running = refreshing.catch(() => {});
      this.#next = null;
      return refreshing;
    });
  }

  async #refresh(): Promise<T> {
    const { store, mark, now, build } = this.#options;
    const [entry] = await store.read([mark]);
    const { version } = entry!;
    const seen = this.#seen;
    const isFresh = seen !== null && seen.version === version &&
      now() - seen.atMs < MAX_AGE_MS;
    if (isFresh) return seen.value;
    const atMs = now();
    // Read before the listing, the mark is never newer than what is listed.
    const value = build(await this.#list());
    this.#seen = { version, value, atMs };
    return value;
  }

  async #list(): Promise<StoredValue[]> {
    const { store, prefix } = this.#options;
    const end = [...prefix, "\uffff"];
    const entries: StoredValue[] = [];
    for (let start = [...prefix, ""]; entries.length < MAX_ENTRIES;) {
      const page = await store.list(start, end, PAGE);
      entries.push(...page);
      if (page.length < PAGE) break;
      const last = page.at(-1)!.key;
      start = [...last.slice(0, -1), `${String(last.at(-1))}\0`];
    }
    return entries;
  }
}
