/**
 * A locked folder, for changes of several files in it: all of them or none, while other
 * programs use the folder.
 *
 * New contents are staged inside the folder, in `.claude-spread`, so that putting them in
 * place is a rename, which needs no space and cannot tear a file. The journal is the
 * decision: without one, the next command discards staged files; with one, it finishes the
 * changes that the journal lists. Changes that cannot be finished are rolled back. The last
 * change is that of the file that links to the others.
 *
 * @module
 */

import { dirname } from "@std/path";
import { utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { lstatIfThere } from "../../files/obstacles.ts";
import { cannotStore } from "../../files/cannot_store.ts";
import type { Disk } from "../../files/disk.ts";
import { busy, MAX_LOCK_ATTEMPTS, takeLock } from "../../files/lock.ts";
import { siblingName } from "../../files/safe_name.ts";
import { type Journal, readJournal } from "./journal.ts";
import {
  changedMeanwhile,
  type FileChange,
  hashOf,
  hashOfFile,
  modeOf,
  requireFolder,
  requireFreeWay,
} from "./file_state.ts";

/** Folder for staged files, journal and lock, inside the memory folder. */
export const WORK_FOLDER = ".claude-spread";

/** Suffix for the saved copy of a file that someone edited during the change. */
export const EDITED = "edited";

/** Windows cannot remove an open file. */
const CLOSES_FIRST = Deno.build.os === "windows";

/** Whether a change of a folder was decided on and is not finished, so that it may be half made. */
export async function isChanging(folder: string): Promise<boolean> {
  const path = `${folder}/${WORK_FOLDER}/journal.json`;
  return await lstatIfThere(path) !== null;
}

/** A folder that no other command changes through this module until it is disposed of. */
export class HeldFolder implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    private readonly disk: Disk,
    private readonly lock: Deno.FsFile,
  ) {}

  /**
   * Locks a folder; creates it if it is missing.
   *
   * @param folder A real path.
   * @throws {SpreadError} `MEMORY_BUSY`, `CANNOT_STORE`.
   */
  static async take(folder: string, disk: Disk): Promise<HeldFolder> {
    try {
      for (let attempt = 0; attempt < MAX_LOCK_ATTEMPTS; attempt++) {
        await disk.makeFolder(`${folder}/${WORK_FOLDER}`);
        await requireFolder(`${folder}/${WORK_FOLDER}`);
        await requireFreeWay(`${folder}/${WORK_FOLDER}`, "lock");
        const lock = takeLock(`${folder}/${WORK_FOLDER}/lock`, folder);
        if (lock !== null) return new HeldFolder(folder, disk, lock);
      }
      throw busy(folder);
    } catch (cause) {
      throw cause instanceof SpreadError ? cause : cannotStore(folder, cause);
    }
  }

  get #work(): string {
    return `${this.folder}/${WORK_FOLDER}`;
  }

  /** The journal of an interrupted change, or `null`; without one, removes staged files. */
  async interrupted(): Promise<Journal | null> {
    const journal = await readJournal(`${this.#work}/journal.json`);
    // Also removes a journal that is not ours, because no command would ever finish it.
    if (journal === null) await this.#forget();
    return journal;
  }

  /**
   * Stages changes and decides on them; {@linkcode finish} puts them in place.
   *
   * @throws {SpreadError} `MEMORY_UNUSABLE` when a file is not as expected; `CANNOT_STORE`.
   *   The folder is then unchanged.
   */
  async prepare(
    changes: FileChange[],
    about: Pick<Journal, "record" | "undoes">,
  ): Promise<Journal> {
    try {
      await this.disk.makeFolder(`${this.#work}/staged`);
      for (const change of changes) await this.#requireReady(change);
      for (const [i, change] of changes.entries()) {
        await this.#stage(change, `${this.#work}/staged/${i}`);
      }
      const journal: Journal = {
        version: 1,
        ...about,
        changes: changes.map(({ name, before, content }) => ({
          name,
          before,
          after: content && hashOf(content),
        })),
      };
      const path = `${this.#work}/journal`;
      await this.disk.write(path, utf8(JSON.stringify(journal)));
      await this.disk.rename(path, `${path}.json`);
      return journal;
    } catch (cause) {
      await this.#clear().catch(() => {});
      throw cause instanceof SpreadError
        ? cause
        : cannotStore(this.folder, cause);
    }
  }

  /** Stages the new content and a copy of the old one, so that either is one rename away. */
  async #stage(
    { name, before, content }: FileChange,
    staged: string,
  ): Promise<void> {
    const target = `${this.folder}/${name}`;
    const mode = await modeOf(target);
    if (content !== null) await this.disk.write(staged, content, mode);
    if (before === null) return;
    const old = await Deno.readFile(target);
    if (hashOf(old) !== before) throw changedMeanwhile(name);
    await this.disk.write(`${staged}.old`, old, mode);
  }

  /**
   * Makes all changes of a journal, some of which may be made already, or none of them.
   *
   * @param settle Makes the related changes outside the folder; may be called again.
   * @returns Names of files that someone edited meanwhile, and their names now.
   * @throws {SpreadError} `CANNOT_STORE`; `MEMORY_UNUSABLE` when there is an obstacle.
   */
  async finish(
    { changes }: Journal,
    settle: () => Promise<void>,
  ): Promise<[name: string, as: string][]> {
    const setAside: [string, string][] = [];
    try {
      for (const [i, change] of changes.entries()) {
        const as = await this.#make(change, `${this.#work}/staged/${i}`);
        if (as !== null) setAside.push([change.name, as]);
      }
      await settle();
    } catch (cause) {
      // If that fails too, the journal stays for the next command.
      await this.#rollBack(changes).catch(() => {});
      throw cause instanceof SpreadError
        ? cause
        : cannotStore(this.folder, cause);
    }
    await this.#forget();
    return setAside;
  }

  async #rollBack(changes: Journal["changes"]): Promise<void> {
    for (
      const [i, { name, before, after }] of [...changes.entries()].reverse()
    ) {
      const target = `${this.folder}/${name}`;
      await requireFreeWay(this.folder, name);
      const now = await hashOfFile(target);
      // A missing file was set aside before its new content could take its place.
      if ((now !== after && now !== null) || now === before) continue;
      if (before === null) await this.#remove(name);
      else await this.disk.rename(`${this.#work}/staged/${i}.old`, target);
    }
    await this.#forget();
  }

  async #forget(): Promise<void> {
    await this.disk.remove(`${this.#work}/journal.json`);
    await this.#clear();
  }

  async #make(
    { name, before, after }: Journal["changes"][number],
    staged: string,
  ): Promise<string | null> {
    const target = `${this.folder}/${name}`;
    // The journal may come from another machine, or an obstacle may have appeared since
    // it was written.
    await requireFreeWay(this.folder, name);
    const now = await hashOfFile(target);
    if (now === after) return null;
    const isEdited = now !== null && now !== before;
    const as = isEdited ? await this.#setAside(name) : null;
    if (after === null) await this.#remove(name);
    else {
      await this.disk.makeFolder(dirname(target));
      await this.disk.rename(staged, target);
    }
    return as;
  }

  /** Removes a file, and the folders that it leaves empty. */
  async #remove(name: string): Promise<void> {
    await this.disk.remove(`${this.folder}/${name}`);
    for (let at = dirname(name); at !== "."; at = dirname(at)) {
      await this.disk.removeEmptyFolder(`${this.folder}/${at}`);
    }
  }

  /** Renames a file to a free name beside its own, and returns that name. */
  async #setAside(name: string): Promise<string> {
    for (let count = 1;; count++) {
      const as = siblingName(name, EDITED, count);
      if (await hashOfFile(`${this.folder}/${as}`) !== null) continue;
      await this.disk.rename(`${this.folder}/${name}`, `${this.folder}/${as}`);
      return as;
    }
  }

  /** Requires that there is no obstacle and that the file is as expected. */
  async #requireReady({ name, before }: FileChange): Promise<void> {
    await requireFreeWay(this.folder, name);
    if (await hashOfFile(`${this.folder}/${name}`) !== before) {
      throw changedMeanwhile(name);
    }
  }

  async #clear(): Promise<void> {
    await this.disk.remove(`${this.#work}/journal`);
    await this.disk.removeFolder(`${this.#work}/staged`);
  }

  /** Leaves no trace in the folder, unless there is a change to finish. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (CLOSES_FIRST) this.lock.close();
    try {
      if (await lstatIfThere(`${this.#work}/journal.json`) === null) {
        await this.disk.removeFolder(this.#work);
      }
    } catch {
      // The next command removes it.
    } finally {
      if (!CLOSES_FIRST) this.lock.close();
    }
  }
}
