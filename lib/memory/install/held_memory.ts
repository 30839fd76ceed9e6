/**
 * A memory folder that is locked while it changes. Each change is all or nothing, even when
 * the process or the machine stops midway: the next command finishes a change that was
 * decided on, and removes the traces of one that was not.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import type { Disk } from "../../files/disk.ts";
import { lstatIfThere } from "../../files/obstacles.ts";
import { type FileChange, hashOf } from "../change/file_state.ts";
import { HeldFolder, WORK_FOLDER } from "../change/held_folder.ts";
import type { Journal } from "../change/journal.ts";
import { decodeMemory, readMemory } from "../folder.ts";
import { InstallHistory } from "./history.ts";
import { isIndex } from "../text.ts";

/** The memory of a project, and the environment for changing it. */
export interface MemoryPlace {
  /** Real path of the memory folder; it may be missing. */
  folder: string;
  /** The state folder, which holds the copies. */
  state: string;
  disk: Disk;
  now: () => Date;
  /** Eight random bytes for the name of each installation. */
  fillRandom: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
}

/** Files that another program wrote to at the last moment, and their names now. */
export type SetAside = [name: string, as: string][];

/** A memory folder with its files, locked until disposed of. */
export class HeldMemory implements AsyncDisposable {
  private constructor(
    private readonly held: HeldFolder,
    readonly history: InstallHistory,
    /** Exact bytes by name. */
    readonly files: Map<string, Uint8Array>,
    readonly setAside: SetAside,
  ) {}

  /** Locks the memory, after finishing a change that another command left unfinished. */
  static async take(place: MemoryPlace): Promise<HeldMemory> {
    const { folder, state, disk } = place;
    const held = await HeldFolder.take(folder, disk);
    try {
      const history = new InstallHistory(state, folder, disk);
      const journal = await held.interrupted();
      const setAside = journal === null
        ? []
        : await finish(held, history, journal);
      await history.tidy();
      const memory = await readMemory(folder);
      const files = memory?.files ?? new Map();
      return new HeldMemory(held, history, files, setAside);
    } catch (error) {
      await held[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The SHA-256 of a file, or `null`. */
  hash(name: string): string | null {
    const bytes = this.files.get(name);
    return bytes === undefined ? null : hashOf(bytes);
  }

  async change(
    changes: FileChange[],
    about: Pick<Journal, "record" | "undoes">,
  ): Promise<void> {
    try {
      const journal = await this.held.prepare(changes, about);
      this.setAside.push(...await finish(this.held, this.history, journal));
    } catch (error) {
      // Nothing was decided, so no entry is needed.
      if (await this.held.interrupted() === null) await this.history.tidy();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.held[Symbol.asyncDispose]();
  }
}

async function finish(
  held: HeldFolder,
  history: InstallHistory,
  journal: Journal,
): Promise<SetAside> {
  const { record, undoes } = journal;
  const settle = () => undoes ? history.drop(record) : history.decide(record);
  return await held.finish(journal, settle);
}

/**
 * Finishes a change that an earlier command left unfinished, if there is one, so that the
 * memory can be read. Otherwise it touches nothing.
 *
 * @throws {SpreadError} `MEMORY_BUSY`, `CANNOT_STORE`.
 */
export async function settleMemory(place: MemoryPlace): Promise<void> {
  if (await lstatIfThere(`${place.folder}/${WORK_FOLDER}`) === null) return;
  await using _memory = await HeldMemory.take(place);
}

/** The texts of a memory, for merging; files that are not UTF-8 never compare equal. */
export function localTexts(
  files: Map<string, Uint8Array>,
): Map<string, string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts = new Map(
    Array.from(files, ([name, bytes]) => [name, decoder.decode(bytes)]),
  );
  // The index is merged, so it must be readable as text.
  for (const [name, bytes] of files) {
    if (isIndex(name) && decodeMemory(bytes) === null) throw notText(name);
  }
  return texts;
}

function notText(name: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot read the memory "${name}": it is not UTF-8 text`,
    "Save it as UTF-8, or move it away",
  );
}
