/**
 * Entries and logs of shares, and entries of drops. Those of open shares and of drops that wait
 * stay.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { listDropEntries } from "../../../lib/drops/entries.ts";
import { lstatIfThere } from "../../../lib/files/obstacles.ts";
import type { EntryList } from "../../../lib/files/entry_files.ts";
import { listEntries, type ShareEntry } from "../../../lib/shares/entries.ts";
import { askShare } from "../../../lib/shares/owner_exchange.ts";
import {
  ageOf,
  entriesOf,
  type FolderEntry,
  halfWritten,
  type Item,
  itemOf,
  leftoverOf,
  MOMENT_MS,
} from "./item.ts";

/** The things of shares, and the names of what is shared at this moment. */
export interface FoundShares {
  items: Item[];
  shared: Set<string>;
}

/** Finds entries of shares, open and over, with their logs. */
export async function findShares(
  folder: string,
  now: Date,
): Promise<FoundShares> {
  const files = await entriesOf(folder);
  const entries = await readIfPossible(() => listEntries(folder), files);
  const open = new Map<string, ShareEntry>();
  await Promise.all(entries.map(async (entry) => {
    if (await isOpen(entry, now)) open.set(entry.id, entry);
  }));
  const known = new Set(entries.map(({ id }) => id));
  const items = await Promise.all(files.map(async (file) => {
    const [, id = "", end] = /^([0-9a-f]{8})\.(json|log)$/.exec(file.name) ??
      [];
    if (end === undefined || !file.info.isFile) return [];
    if (open.has(id)) return [await itemOf("file of an open share", file)];
    const isOver = known.has(id) ||
      (end === "log" && await isStrayLog(file, now));
    return isOver ? [await leftoverOf(WHAT[end]!, file)] : [];
  }));
  const left = await halfWritten(files, now);
  return {
    items: [...items.flat(), ...left],
    shared: new Set([...open.values()].map(({ name }) => name)),
  };
}

/** Whether a log has no entry; of a large folder not all entries are among the files. */
async function isStrayLog(log: FolderEntry, now: Date): Promise<boolean> {
  if (ageOf(log, now) <= MOMENT_MS) return false;
  return await lstatIfThere(log.path.replace(/log$/, "json")) === null;
}

const WHAT: Record<string, string> = {
  json: "entry of a share that is over",
  log: "log of a share that is over",
};

async function isOpen(entry: ShareEntry, now: Date): Promise<boolean> {
  if (entry.ended !== undefined) return false;
  return await askShare(entry, "ping", now) !== "gone";
}

/** Finds entries of drops; those of drops that were taken or have expired are left over. */
export async function findDrops(folder: string, now: Date): Promise<Item[]> {
  const files = await entriesOf(folder);
  const entries = await readIfPossible(() => listDropEntries(folder), files);
  const byName = new Map(entries.map((entry) => [`${entry.id}.json`, entry]));
  const items = files.map((file) => {
    const entry = byName.get(file.name);
    if (entry === undefined) return [];
    const goneMs = now.getTime() - Date.parse(entry.expires);
    return entry.over !== undefined || goneMs > MOMENT_MS
      ? [leftoverOf("entry of a drop that is over", file)]
      : [itemOf("entry of a drop that waits", file)];
  });
  const left = await halfWritten(files, now);
  return [...await Promise.all(items.flat()), ...left];
}

/** Entries of a folder in which there is something that is ours; none where it cannot be read. */
async function readIfPossible<T>(
  read: () => Promise<EntryList<T>>,
  files: FolderEntry[],
): Promise<T[]> {
  if (files.length === 0) return [];
  try {
    return (await read()).entries;
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    return [];
  }
}
