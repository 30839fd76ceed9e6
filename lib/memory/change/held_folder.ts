/**
 * Changes of several files in a folder that other programs use: all of them or none.
 *
 * New contents are staged inside the folder, in `.claude-spread`, so that putting them in
 * place is a rename, which needs no room and cannot tear a file. A journal is the decision:
 * without one, staged files are thrown away; with one, whoever comes next finishes what it
 * lists. What cannot be finished is rolled back. The last change is that of the file which leads to the others.
 *
 * @module
 */

import { dirname } from "@std/path";
import { utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { lstatIfThere } from "../../files/obstacles.ts";
import { cannotStore } from "../../files/cannot_store.ts";
import type { Disk } from "../../files/disk.ts";
import { takeLock } from "../../files/lock.ts";
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

/** Where staged files, journal and lock are, inside the folder. */
export const WORK_FOLDER = ".claude-spread";

/** In the names of what is kept of a file that was edited meanwhile. */
export const EDITED = "edited";

/** Windows removes no file that is open. */
const CLOSES_FIRST = Deno.build.os === "windows";

/** Whether a change of a folder was decided on and is not finished, so that it may be half made. */
export async function isChanging(folder: string): Promise<boolean> {
  try {
    const path = `${folder}/${WORK_FOLDER}/journal.json`;
    return await lstatIfThere(path) !== null;
  } catch {
    // Whoever reads the folder will be told why it cannot be read.
    return false;
  }
}

/** A folder that nobody else changes through this module as long as it is held. */
export class HeldFolder implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    private readonly disk: Disk,
    private readonly lock: Deno.FsFile,
  ) {}

  /**
   * Takes hold of a folder, which is made if it is missing.
   *
   * @param folder A real path.
   * @throws {SpreadError} `MEMORY_BUSY`, `CANNOT_STORE`.
   */
  static async take(folder: string, disk: Disk): Promise<HeldFolder> {
    try {
      for (;;) {
        await disk.makeFolder(`${folder}/${WORK_FOLDER}`);
        await requireFolder(`${folder}/${WORK_FOLDER}`);
        await requireFreeWay(`${folder}/${WORK_FOLDER}`, "lock");
        const lock = await takeLock(`${folder}/${WORK_FOLDER}/lock`, folder);
        if (lock !== null) return new HeldFolder(folder, disk, lock);
      }
    } catch (cause) {
      throw cause instanceof SpreadError ? cause : cannotStore(folder, cause);
    }
  }

  get #work(): string {
    return `${this.folder}/${WORK_FOLDER}`;
  }

  /** The journal of a change that was interrupted, or `null`; what it had staged before is removed. */
  async interrupted(): Promise<Journal | null> {
    const journal = await readJournal(`${this.#work}/journal.json`);
    // Also one that is not ours, which nobody will ever finish.
    if (journal === null) await this.#forget();
    return journal;
  }

  /**
   * Stages changes and decides on them; {@linkcode finish} makes them.
   *
   * @throws {SpreadError} `MEMORY_UNUSABLE` when a file is not as expected; `CANNOT_STORE`.
   *   Then nothing has changed.
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

  /** Keeps the new content and the old one where each is one renaming away. */
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
   * Makes the changes of a journal, however far they have got before, or none of them.
   *
   * @param settle Whatever belongs to the changes elsewhere; it may be done again.
   * @returns Names of files that somebody had edited meanwhile, and what they are called now.
   * @throws {SpreadError} `CANNOT_STORE`; `MEMORY_UNUSABLE` when something is in the way.
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
      // If that fails too, the journal stays for the next one.
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
      // One that is missing was set aside before its new content could take its place.
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
    // The journal may be somebody else's, or the way another one than when it was written.
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

  /** Removes a file, and the folders that only it was in. */
  async #remove(name: string): Promise<void> {
    await this.disk.remove(`${this.folder}/${name}`);
    for (let at = dirname(name); at !== "."; at = dirname(at)) {
      await this.disk.removeEmptyFolder(`${this.folder}/${at}`);
    }
  }

  /** Gives a file another name beside its own, and returns that. */
  async #setAside(name: string): Promise<string> {
    for (let count = 1;; count++) {
      const as = siblingName(name, EDITED, count);
      if (await hashOfFile(`${this.folder}/${as}`) !== null) continue;
      await this.disk.rename(`${this.folder}/${name}`, `${this.folder}/${as}`);
      return as;
    }
  }

  /** Nothing in the way, and as expected. */
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

  /** Leaves the folder as if nobody had been here, unless there is something to finish. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (CLOSES_FIRST) this.lock.close();
    try {
      if (await lstatIfThere(`${this.#work}/journal.json`) === null) {
        await this.disk.removeFolder(this.#work);
      }
    } catch {
      // The next one clears it.
    } finally {
      if (!CLOSES_FIRST) this.lock.close();
    }
  }
}
