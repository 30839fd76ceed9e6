/**
 * Drop entries: files in which `status` and `stop` find the drops that this user has left. An entry
 * exists from before the first part is sent, so that a sender that was killed can take back what it
 * has left, and for a day after the drop is over.
 *
 * An entry holds the token that deletes the drop, and nothing by which it could be opened.
 *
 * @module
 */

import * as v from "valibot";
import {
  EntryFiles,
  EntryIdSchema,
  type EntryList,
  RelaySchema,
} from "../files/entry_files.ts";
import { isMissing } from "../errors.ts";
import { makeDurable } from "../files/disk.ts";
import { readJsonFile } from "../files/json_file.ts";

/** Largest entry read, in bytes. */
const MAX_ENTRY_BYTES = 16 * 1024;

/** Time after which the entries of drops that are over are removed, in milliseconds. */
const KEPT_MS = 24 * 60 * 60 * 1000;

const Text = v.pipe(v.string(), v.maxLength(1024));
const Time = v.pipe(v.string(), v.isoTimestamp());
const Size = v.pipe(v.number(), v.integer(), v.minValue(0));

const EntrySchema = v.object({
  version: v.literal(1),
  /** For `stop`. */
  id: EntryIdSchema,
  /** Name of the drop at the relay. */
  drop: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  relay: RelaySchema,
  /** The sender's token. Secret. */
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  kind: Text,
  name: Text,
  size: Size,
  /** Size of the work that comes along, if some does. */
  work: v.optional(Size),
  /** Name of the pair that it is for; absent for a drop with a code. */
  to: v.optional(Text),
  /** Time at which its sender began to leave it. */
  begun: Time,
  /** Time until which the relay keeps it. */
  expires: Time,
  /** Time at which the relay confirmed all of it; absent until then. */
  left: v.optional(Time),
  /** `back`: its sender has taken it back; `lost`: the relay has no such drop, before its time. */
  over: v.optional(v.object({
    at: Time,
    how: v.picklist(["taken", "expired", "back", "lost"]),
  })),
});

/** The entry of one drop. */
export type DropEntry = v.InferOutput<typeof EntrySchema>;

const files = new EntryFiles(EntrySchema, MAX_ENTRY_BYTES);

/**
 * Writes an entry, whole or not at all. Where the disk can, the entry outlasts a power cut from then
 * on: nothing else could take the drop back.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function writeDropEntry(
  folder: string,
  entry: DropEntry,
): Promise<void> {
  await files.write(folder, entry);
  await makeDurable(files.path(folder, entry.id)).catch(() => {});
}

/**
 * Whether another command has taken back the drop of an entry that was written, or has removed the
 * entry. One that cannot be read does not tell.
 */
export async function wasTakenBack(
  folder: string,
  id: string,
): Promise<boolean> {
  const path = files.path(folder, id);
  try {
    await Deno.stat(path);
    const entry = await readJsonFile(path, EntrySchema, MAX_ENTRY_BYTES);
    return entry?.over?.how === "back";
  } catch (error) {
    return isMissing(error);
  }
}

/** Removes an entry; one that cannot be removed stays, and is listed again. */
export async function removeDropEntry(
  folder: string,
  id: string,
): Promise<void> {
  await files.remove(folder, id);
}

/**
 * Reads all entries, oldest first, and removes those of drops that were over long before `now`.
 *
 * @throws {SpreadError} `CANNOT_STORE` when the folder is not a folder or cannot be read.
 */
export async function readDropEntries(
  folder: string,
  now: Date,
): Promise<EntryList<DropEntry>> {
  const found = await files.read(folder);
  const old = found.entries.filter(({ over }) =>
    over !== undefined && now.getTime() - Date.parse(over.at) > KEPT_MS
  );
  for (const { id } of old) await removeDropEntry(folder, id);
  const entries = found.entries.filter((entry) => !old.includes(entry));
  entries.sort((a, b) => a.begun < b.begun ? -1 : 1);
  return { ...found, entries };
}

/** Reads all entries in any order, and removes none. @throws {SpreadError} `CANNOT_STORE`. */
export async function listDropEntries(
  folder: string,
): Promise<EntryList<DropEntry>> {
  return await files.read(folder);
}
