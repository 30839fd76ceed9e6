/**
 * Drops in a folder of this machine, for one relay. Rows are in memory, too; those of drops that
 * are not complete are in memory alone. See RELAY_SERVER_SPEC.md, section 17.9.
 *
 * @module
 */

import { isMissing } from "../../lib/errors.ts";
import {
  countedBytes,
  type DropRow,
  dueMs,
  isComplete,
  isWaiting,
  partSize,
} from "./drop_row.ts";
import type {
  Appended,
  DropQuotas,
  DropStore,
  DropTotals,
  NotMade,
  StoredDrop,
} from "./drop_store.ts";
import { FolderFiles } from "./folder_files.ts";

/** A store of drops in one folder. */
export class FolderStore implements DropStore {
  readonly #files: FolderFiles;
  readonly #quotas: DropQuotas;
  readonly #lock: Deno.FsFile;
  readonly #found = new Map<string, StoredDrop>();
  readonly #owned = new Map<string, number>();
  readonly #totals: DropTotals = { drops: 0, bytes: 0, taken: 0 };
  /** Operations on drops, each of which waits for the one before it. */
  readonly #running = new Map<string, Promise<unknown>>();
  #changes = 0;
  #isClosed = false;

  private constructor(
    files: FolderFiles,
    quotas: DropQuotas,
    lock: Deno.FsFile,
  ) {
    this.#files = files;
    this.#quotas = quotas;
    this.#lock = lock;
  }

  /** Opens a folder, and makes it if need be. Rejects when another relay uses it. */
  static async open(folder: string, quotas: DropQuotas): Promise<FolderStore> {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const options = { write: true, create: true, mode: 0o600 };
    const lock = await Deno.open(`${folder}/lock`, options);
    try {
      if (!await lock.tryLock(true)) {
        throw new Error("another relay uses this folder");
      }
      const store = new FolderStore(new FolderFiles(folder), quotas, lock);
      for (const row of store.#files.load()) store.#put(row);
      return store;
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  get totals(): DropTotals {
    return { ...this.#totals };
  }

  find(id: string): Promise<StoredDrop | null> {
    return Promise.resolve(this.#found.get(id) ?? null);
  }

  waiting(ids: readonly string[], nowMs: number): Promise<string[]> {
    const waiting = ids.filter((id) => {
      const found = this.#found.get(id);
      return found !== undefined && isWaiting(found.row, nowMs);
    });
    return Promise.resolve(waiting);
  }

  make(row: DropRow): Promise<"made" | NotMade> {
    const { maxDrops, maxDropsPerAddress, maxTotalBytes } = this.#quotas;
    return this.#alone(row.id, async () => {
      const { drops, bytes } = this.#totals;
      if (this.#found.has(row.id)) return "exists";
      const owned = this.#owned.get(row.owner) ?? 0;
      if (owned >= maxDropsPerAddress) return "too_many";
      const isFull = drops >= maxDrops || bytes + row.bytes > maxTotalBytes;
      if (isFull) return "full";
      // Counted before anything is awaited, so that others do not take the same space.
      this.#put(row);
      try {
        await this.#files.create(row.id);
      } catch (error) {
        this.#drop(row.id);
        throw error;
      }
      return "made";
    });
  }

  async append(
    found: StoredDrop,
    row: DropRow,
    part: Uint8Array,
  ): Promise<Appended> {
    let isFull = false;
    const isDone = await this.#change(found, async () => {
      const grown = countedBytes(row) - countedBytes(found.row);
      isFull = grown > 0 &&
        this.#totals.bytes + grown > this.#quotas.maxTotalBytes;
      if (isFull) return;
      // Counted before anything is awaited, so that others do not take the same space.
      this.#totals.bytes += grown;
      try {
        const number = found.row.next;
        if (isComplete(row)) await this.#files.complete(row, number, part);
        else await this.#files.writePart(row.id, number, part);
      } finally {
        this.#totals.bytes -= grown;
      }
      this.#put(row);
    });
    if (!isDone) return "changed";
    return isFull ? "full" : "stored";
  }

  replace(found: StoredDrop, row: DropRow): Promise<boolean> {
    return this.#change(found, () => this.#put(row));
  }

  async readPart(row: DropRow, part: number): Promise<Uint8Array | null> {
    try {
      return await this.#files.readPart(row.id, part, partSize(row, part));
    } catch (error) {
      const now = this.#found.get(row.id)?.row;
      const isGone = now === undefined || now.takenMs !== null;
      if (isGone && isMissing(error)) return null;
      throw error;
    }
  }

  end(found: StoredDrop, rest: DropRow | null): Promise<boolean> {
    const { id } = found.row;
    return this.#change(found, async () => {
      if (rest === null || this.#totals.taken >= this.#quotas.maxDrops) {
        await this.#files.remove(id);
        return this.#drop(id);
      }
      try {
        await this.#files.describe(rest);
        await this.#files.removeData(id);
      } catch {
        // On a full disk, freeing space matters more than remembering the receipt.
        await this.#files.remove(id);
      }
      this.#put(rest);
    });
  }

  due(nowMs: number): Promise<StoredDrop[]> {
    const due = [...this.#found.values()].filter(({ row }) =>
      dueMs(row) <= nowMs
    );
    return Promise.resolve(due);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The folder may be another relay's as soon as the lock is closed.
    this.#isClosed = true;
    await Promise.allSettled(this.#running.values());
    this.#lock.close();
  }

  #change(
    { row: { id }, version }: StoredDrop,
    act: () => Promise<void> | void,
  ): Promise<boolean> {
    return this.#alone(id, async () => {
      if (this.#found.get(id)?.version !== version) return false;
      await act();
      return true;
    });
  }

  /** Runs one operation on a drop after those before it. */
  async #alone<T>(id: string, act: () => Promise<T>): Promise<T> {
    const before = this.#running.get(id) ?? Promise.resolve();
    const start = () => {
      if (this.#isClosed) throw new Error("The store is closed");
      return act();
    };
    const running = before.then(start, start);
    this.#running.set(id, running);
    try {
      return await running;
    } finally {
      if (this.#running.get(id) === running) this.#running.delete(id);
    }
  }

  #put(row: DropRow): void {
    this.#drop(row.id);
    this.#count(row, 1);
    this.#found.set(row.id, { row, version: String(this.#changes++) });
  }

  #drop(id: string): void {
    const found = this.#found.get(id);
    if (found === undefined) return;
    this.#found.delete(id);
    this.#count(found.row, -1);
  }

  #count(row: DropRow, by: 1 | -1): void {
    if (row.takenMs !== null) {
      this.#totals.taken += by;
      return;
    }
    this.#totals.drops += by;
    this.#totals.bytes += by * countedBytes(row);
    const owned = (this.#owned.get(row.owner) ?? 0) + by;
    if (owned === 0) this.#owned.delete(row.owner);
    else this.#owned.set(row.owner, owned);
  }
}
