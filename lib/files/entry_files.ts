/**
 * A folder of small JSON files, one for each thing that this user's commands know of each other:
 * open shares, drops that wait. Each is named after an id of 8 hex digits, and readable by its owner
 * only. One that is broken or of another version is left alone and reported.
 *
 * @module
 */

import * as v from "valibot";
import { SpreadError, systemReason } from "../errors.ts";
import { readJsonFile, writeJsonFile } from "./json_file.ts";

/** Form of the id of an entry. */
export const EntryIdSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/));

/** Longest address of a relay, in UTF-16 units, as it is kept: normalized. */
export const MAX_RELAY_LENGTH = 2048;

/** Address of a relay in an entry, or in the file of a pair. */
export const RelaySchema = v.pipe(
  v.string(),
  v.url(),
  v.maxLength(MAX_RELAY_LENGTH),
);

/** Every readable entry, and the paths of the unreadable ones. */
export interface EntryList<Entry> {
  entries: Entry[];
  unreadable: string[];
}

/** The files of entries of one form. */
export class EntryFiles<Entry extends { id: string }> {
  /** @param maxBytes Largest file read, in bytes. */
  constructor(
    private readonly schema: v.GenericSchema<unknown, Entry>,
    private readonly maxBytes: number,
  ) {}

  /** Path of an entry. */
  path(folder: string, id: string): string {
    return `${folder}/${id}.json`;
  }

  /**
   * Writes an entry, whole or not at all.
   *
   * @param folder Folder of the entries; created if it is missing.
   * @throws {SpreadError} `CANNOT_STORE`.
   */
  async write(folder: string, entry: Entry): Promise<void> {
    try {
      await writeJsonFile(folder, `${entry.id}.json`, entry);
    } catch (cause) {
      throw unusableFolder(folder, "write to", cause);
    }
  }

  /** Removes an entry; one that cannot be removed stays, and is listed again. */
  async remove(folder: string, id: string): Promise<void> {
    await Deno.remove(this.path(folder, id)).catch(() => {});
  }

  /**
   * Reads all entries.
   *
   * @throws {SpreadError} `CANNOT_STORE` when the folder is not a folder or cannot be read.
   */
  async read(folder: string): Promise<EntryList<Entry>> {
    const found: EntryList<Entry> = { entries: [], unreadable: [] };
    for (const name of await listFolder(folder)) {
      if (!/^[0-9a-f]{8}\.json$/.test(name)) continue;
      const path = `${folder}/${name}`;
      const entry = await this.#readEntry(path);
      if (entry === null || `${entry.id}.json` !== name) {
        found.unreadable.push(path);
      } else found.entries.push(entry);
    }
    return found;
  }

  /** One entry; `null` when it is not ours, or when it alone cannot be read. */
  async #readEntry(path: string): Promise<Entry | null> {
    try {
      return await readJsonFile(path, this.schema, this.maxBytes);
    } catch (error) {
      if (systemReason(error) !== null) return null;
      throw error;
    }
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter(({ isFile }) => isFile).map(({ name }) => name);
  } catch (cause) {
    // Something else in its place is not an empty folder.
    if (cause instanceof Deno.errors.NotFound) return [];
    throw unusableFolder(folder, "read", cause);
  }
}

/** `CANNOT_STORE` for a folder of such files, with the reason of the system. */
export function unusableFolder(
  folder: string,
  use: "read" | "write to",
  cause: unknown,
): SpreadError {
  const reason = systemReason(cause);
  return new SpreadError(
    "CANNOT_STORE",
    `Cannot ${use} "${folder}"${reason === null ? "" : `: ${reason.why}`}`,
    reason?.hint,
    { cause },
  );
}
