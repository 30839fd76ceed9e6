/**
 * A memory folder that is held while it is changed, so that each change is all or nothing, also
 * when the process or the machine ends on the way: the next command finishes what was decided and
 * clears away what was not.
 *
 * @module
 */

import type { Disk } from "../files/disk.ts";
import { type FileChange, hashOf } from "./change/file_state.ts";
import { HeldFolder, WORK_FOLDER } from "./change/held_folder.ts";
import type { Journal } from "./change/journal.ts";
import { memoryTexts, readMemory } from "./folder.ts";
import { InstallHistory } from "./history.ts";
import { isIndex } from "./text.ts";

/** Where memory is, and what is passed in of the world. */
export interface MemoryPlace {
  /** Real path of the memory folder; it may be missing. */
  folder: string;
  /** The state folder, for copies. */
  state: string;
  disk: Disk;
  now: () => Date;
  /** Eight random bytes for the name of each installation. */
  fillRandom: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
}

/** Files that somebody wrote to at the last moment, and what they are called now. */
export type SetAside = [name: string, as: string][];

/** A memory folder with its files, held until it is disposed of. */
export class HeldMemory implements AsyncDisposable {
  private constructor(
    private readonly held: HeldFolder,
    readonly history: InstallHistory,
    /** Exact bytes by name. */
    readonly files: Map<string, Uint8Array>,
    readonly setAside: SetAside,
  ) {}

  /** Takes hold of the memory, after finishing what others were kept from finishing. */
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
      // Nothing was decided, so nothing needs an entry of it.
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
 * Finishes what an earlier command was kept from finishing, if anything, so that the memory
 * can be read. Otherwise nothing is touched.
 *
 * @throws {SpreadError} `MEMORY_BUSY`, `CANNOT_STORE`.
 */
export async function settleMemory(place: MemoryPlace): Promise<void> {
  try {
    await Deno.lstat(`${place.folder}/${WORK_FOLDER}`);
  } catch {
    return;
  }
  await using _memory = await HeldMemory.take(place);
}

/** The texts of a memory, for merging; those that are no text differ from every text. */
export function localTexts(
  files: Map<string, Uint8Array>,
): Map<string, string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts = new Map(
    Array.from(files, ([name, bytes]) => [name, decoder.decode(bytes)]),
  );
  // What is merged has to be understood.
  for (const [name, bytes] of files) {
    if (!isIndex(name)) continue;
    texts.set(name, memoryTexts(new Map([[name, bytes]])).get(name)!);
  }
  return texts;
}
