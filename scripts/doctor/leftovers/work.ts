/**
 * Received work: it stays for a week until it is opened, and then until the user takes it away.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import {
  type KeptWork,
  listKept,
  STALE_MS,
  tryLockKept,
} from "../../../lib/work/open/kept.ts";
import {
  ageOf,
  entriesOf,
  type FolderEntry,
  halfWritten,
  isIdle,
  type Item,
  itemOf,
  leftoverOf,
  MOMENT_MS,
} from "./item.ts";

/** Finds received work, and what killed commands have left beside it. */
export async function findWork(folder: string, now: Date): Promise<Item[]> {
  const files = await entriesOf(folder);
  if (files.length === 0) return [];
  const kept = new Map((await list(folder)).map((work) => [work.id, work]));
  const items: Promise<Item>[] = [];
  for (const file of files) {
    const [, id = "", end] = /^([0-9a-f]{8})\.(json|work)$/.exec(file.name) ??
      [];
    const work = end === undefined ? undefined : kept.get(id);
    if (work !== undefined) items.push(ofWork(work, file, now));
    else if (await isStray(file, now)) {
      items.push(leftoverOf("file of a command that was killed", file));
    }
  }
  return [...await Promise.all(items), ...await halfWritten(files, now)];
}

async function list(folder: string): Promise<KeptWork[]> {
  try {
    return await listKept(folder);
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    return [];
  }
}

/** A file of received work; work that nobody has opened for a week is left over. */
async function ofWork(
  { id, opened, opening, received }: KeptWork,
  file: FolderEntry,
  now: Date,
): Promise<Item> {
  if (opening !== undefined) {
    const todo = `claude-spread work undo ${id}`;
    return { ...await itemOf("half-opened work", file), todo };
  }
  if (opened !== undefined) return await itemOf("file of opened work", file);
  const ageMs = now.getTime() - Date.parse(received);
  if (ageMs <= STALE_MS) return await itemOf("file of received work", file);
  const what = "work that nobody has opened for a week";
  const item = await leftoverOf(what, file);
  return { ...item, remove: () => removeUnlessOpened(item, file) };
}

/** Removes a file of received work, unless a command is opening some at this moment. */
async function removeUnlessOpened(
  { remove }: Item,
  { path }: FolderEntry,
): Promise<boolean> {
  const around = path.slice(0, path.lastIndexOf("/"));
  using lock = tryLockKept(around);
  return lock !== null && await remove!();
}

/** Whether a command that was killed has left it: a scratch repository, a copy, a lone payload. */
async function isStray(entry: FolderEntry, now: Date): Promise<boolean> {
  const { name, path, info } = entry;
  const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  if (info.isDirectory) {
    if (!new RegExp(`^work-${uuid}$`).test(name)) return false;
    const lock = (await entriesOf(path)).find(({ name }) => name === "lock");
    return ageOf(entry, now) > MOMENT_MS &&
      (lock === undefined || isIdle(lock, now, 0));
  }
  if (new RegExp(`^${uuid}$`).test(name)) return isIdle(entry, now, MOMENT_MS);
  return /^[0-9a-f]{8}\.work$/.test(name) && ageOf(entry, now) > STALE_MS;
}
