/**
 * Files that stay whatever their age: pairs, and those that undoing an installation needs.
 *
 * @module
 */

import { entriesOf, halfWritten, type Item, itemOf } from "./item.ts";

/** Finds the files of pairs. */
export async function findPairs(folder: string, now: Date): Promise<Item[]> {
  const files = await entriesOf(folder);
  const pairs = files.filter(({ name, info }) =>
    info.isFile && /^[0-9a-f]{8}\.json$/.test(name)
  );
  const items = pairs.map((entry) => itemOf("pair", entry));
  return [...await Promise.all(items), ...await halfWritten(files, now)];
}

/** Finds the records of installed sessions. */
export async function findUndoOfSessions(
  folder: string,
  now: Date,
): Promise<Item[]> {
  const files = await entriesOf(folder);
  const records = files.filter(({ name, info }) =>
    info.isFile && /^[0-9a-f-]{36}\.json$/.test(name)
  );
  const items = records.map((entry) =>
    itemOf("record to undo a session", entry)
  );
  return [...await Promise.all(items), ...await halfWritten(files, now)];
}

/** Finds the copies of memory from before its installations. */
export async function findUndoOfMemory(folder: string): Promise<Item[]> {
  const items: Promise<Item>[] = [];
  for (const { path, info } of await entriesOf(folder)) {
    if (!info.isDirectory) continue;
    for (const entry of await entriesOf(path)) {
      if (entry.info.isDirectory) {
        items.push(itemOf("copy to undo a memory", entry));
      }
    }
  }
  return await Promise.all(items);
}

/** Finds what is half written of the notice (`hooks/say-waiting`). */
export async function findNotice(folder: string, now: Date): Promise<Item[]> {
  return await halfWritten(await entriesOf(folder), now);
}
