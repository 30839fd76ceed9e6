/**
 * Things that our commands have left in their folders, and how to look at them without following a
 * link.
 *
 * @module
 */

import { lstatIfThere } from "../../../lib/files/obstacles.ts";

/** Most things in one folder that are looked at. */
const MAX_ENTRIES = 10_000;

/** Age after which a file that only exists for a moment has no owner any more, in milliseconds. */
export const MOMENT_MS = 60 * 60 * 1000;

/** One day, in milliseconds. */
export const DAY_MS = 24 * MOMENT_MS;

/** A thing in a folder of ours. */
export interface Item {
  /** Word for people, such as `partial download`. */
  what: string;
  path: string;
  bytes: number;
  at: Date | null;
  /**
   * Removes it, unless it is in use by now; returns whether it did. Absent for what stays: because
   * it is in use, or is the user's, or because it takes more than removing a file.
   */
  remove?: () => Promise<boolean>;
  /** The command that takes it away, where only that can. */
  todo?: string;
}

/** An entry of a folder. */
export interface FolderEntry {
  name: string;
  path: string;
  info: Deno.FileInfo;
}

/**
 * The files and folders in a folder of ours; links are left out. None where the folder itself is a
 * link, belongs to somebody else or can be changed by others: nothing there is certainly ours.
 */
export async function entriesOf(folder: string): Promise<FolderEntry[]> {
  const info = await Deno.lstat(folder).catch(() => null);
  return info === null || !isOurs(info) ? [] : await list(folder);
}

/** The same for a folder that links may lead to. */
export async function entriesBehindLinks(
  folder: string,
): Promise<FolderEntry[]> {
  const info = await Deno.stat(folder).catch(() => null);
  return info === null || !isOurs(info) ? [] : await list(folder);
}

async function list(folder: string): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      const info = await lstatIfThere(path);
      if (info === null || info.isSymlink) continue;
      if (Deno.build.os !== "windows" && info.uid !== Deno.uid()) continue;
      entries.push({ name, path, info });
      if (entries.length === MAX_ENTRIES) break;
    }
  } catch {
    // The check of the folder says why it cannot be read.
  }
  return entries;
}

function isOurs({ isDirectory, uid, mode }: Deno.FileInfo): boolean {
  if (!isDirectory || Deno.build.os === "windows") return isDirectory;
  return uid === Deno.uid() && ((mode ?? 0) & 0o022) === 0;
}

/** Age of an entry, in milliseconds. */
export function ageOf({ info }: FolderEntry, now: Date): number {
  return info.mtime === null ? 0 : now.getTime() - info.mtime.getTime();
}

/** An item of an entry; a folder counts with all that is in it. */
export async function itemOf(
  what: string,
  { path, info }: FolderEntry,
): Promise<Item> {
  const bytes = info.isDirectory ? await sizeOf(path) : info.size;
  return { what, path, bytes, at: info.mtime };
}

/** The same, for what can be removed. */
export async function leftoverOf(
  what: string,
  entry: FolderEntry,
): Promise<Item> {
  const remove = async () => {
    if (!await isAsBefore(entry)) return false;
    await Deno.remove(entry.path, { recursive: true });
    return true;
  };
  return { ...await itemOf(what, entry), remove };
}

/** The same, for a file that a process locks while it uses it. */
export async function idleOf(what: string, entry: FolderEntry): Promise<Item> {
  const remove = async () => {
    using file = Deno.openSync(entry.path, { read: true });
    if (!file.tryLockSync(true) || !await isAsBefore(entry)) return false;
    // Whoever waits for the lock sees then that the file is gone. Windows removes no open file.
    if (Deno.build.os === "windows") file.close();
    await Deno.remove(entry.path);
    return true;
  };
  return { ...await itemOf(what, entry), remove };
}

/** Whether an entry is still what was looked at, and unchanged. */
async function isAsBefore({ path, info }: FolderEntry): Promise<boolean> {
  const now = await lstatIfThere(path);
  return now !== null && now.ino === info.ino && now.dev === info.dev &&
    now.mtime?.getTime() === info.mtime?.getTime();
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const { path, info } of await entriesOf(folder)) {
    bytes += info.isDirectory ? await sizeOf(path) : info.size;
  }
  return bytes;
}

/** Whether no process holds the lock of a file, and none has written to it for some time. */
export function isIdle(
  entry: FolderEntry,
  now: Date,
  minAgeMs: number,
): boolean {
  if (ageOf(entry, now) <= minAgeMs) return false;
  try {
    using file = Deno.openSync(entry.path, { read: true });
    return file.tryLockSync(true);
  } catch {
    return false;
  }
}

/** Half-written files in a folder, whose writers were killed. */
export async function halfWritten(
  entries: FolderEntry[],
  now: Date,
): Promise<Item[]> {
  const left = entries.filter((entry) =>
    entry.info.isFile && /\.[0-9a-f-]{36}\.new$/.test(entry.name) &&
    ageOf(entry, now) > MOMENT_MS
  );
  return await Promise.all(
    left.map((entry) => leftoverOf("half-written file", entry)),
  );
}
