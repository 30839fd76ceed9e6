/**
 * The pairs of this machine: one file for each, readable by its owner only, so that a damaged one
 * costs no other pair.
 *
 * @module
 */

import { systemReason } from "../errors.ts";
import { unusableFolder } from "../files/entry_files.ts";
import { readJsonFile, writeJsonFile } from "../files/json_file.ts";
import { MAX_PAIRS, type Pair, PairSchema } from "./pair.ts";

/** Largest file read, in bytes. */
const MAX_FILE_BYTES = 16 * 1024;

/** A file that cannot be used. */
export interface PairProblem {
  /** ID of the pair, as the name of the file has it. */
  id: string;
  /** A sentence for a person, without a final period, that says how to mend it. */
  message: string;
}

/** All pairs, ordered by name, and the files that cannot be used. */
export interface PairList {
  pairs: Pair[];
  problems: PairProblem[];
}

/**
 * Reads all pairs. A file that others can read is not used: whoever has read it can pose as either
 * side.
 *
 * @param folder Folder of the files; no pairs when it is missing.
 * @throws {SpreadError} `CANNOT_STORE` when it is not a folder, or cannot be read.
 */
export async function readPairs(folder: string): Promise<PairList> {
  const found: PairList = { pairs: [], problems: [] };
  for (const name of await listFiles(folder)) {
    const read = await readPair(`${folder}/${name}`, name);
    if (typeof read === "string") {
      found.problems.push({ id: name.slice(0, 8), message: read });
    } else if (read !== null) found.pairs.push(read);
  }
  found.pairs.sort((a, b) => a.name < b.name ? -1 : 1);
  return found;
}

/**
 * Writes a pair, whole or not at all.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function writePair(folder: string, pair: Pair): Promise<void> {
  try {
    await writeJsonFile(folder, fileName(pair.id), pair);
  } catch (cause) {
    throw unusableFolder(folder, "write to", cause);
  }
}

/**
 * Removes a pair, usable or not, with what a writer that was killed has left of it. Succeeds when
 * the pair is gone already.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function removePair(folder: string, id: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.startsWith(fileName(id))) continue;
      await Deno.remove(`${folder}/${name}`, { recursive: true });
    }
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    throw unusableFolder(folder, "write to", cause);
  }
}

/** Whether the file of a pair is there. */
export async function hasPair(folder: string, id: string): Promise<boolean> {
  return await Deno.lstat(`${folder}/${fileName(id)}`)
    .then(() => true, () => false);
}

function fileName(id: string): string {
  return `${id}.json`;
}

/** A pair; a sentence about what is wrong with its file; `null` when it has just gone. */
async function readPair(
  path: string,
  name: string,
): Promise<Pair | string | null> {
  try {
    const { mode, isFile } = await Deno.lstat(path);
    const id = name.slice(0, 8);
    if (!isFile) return `"${path}" is not a file; ${forget(id)}`;
    if (mode !== null && (mode & 0o077) !== 0) return openToOthers(path, id);
    const pair = await readJsonFile(path, PairSchema, MAX_FILE_BYTES);
    if (pair === null || pair.id !== id) return damaged(path, id);
    return pair;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    const reason = systemReason(error);
    if (reason === null) throw error;
    return `Cannot read "${path}": ${reason.why}`;
  }
}

function openToOthers(path: string, id: string): string {
  return `"${path}" can be read by other users of this machine, so the pair is not used: ` +
    `${
      forget(id)
    } and pair again, or, if nobody else has had access, chmod 600 "${path}"`;
}

function damaged(path: string, id: string): string {
  return `"${path}" is damaged, or was written by another version: ${
    forget(id)
  } and pair the two machines again`;
}

/** Advice about a pair whose name cannot be read. */
function forget(id: string): string {
  return `remove it with claude-spread forget ${id}`;
}

/** Names of the files of pairs, at most {@linkcode MAX_PAIRS}. */
async function listFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (/^[0-9a-f]{8}\.json$/.test(name)) names.push(name);
      if (names.length === MAX_PAIRS) break;
    }
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw unusableFolder(folder, "read", cause);
  }
  return names;
}
