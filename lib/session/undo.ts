/**
 * Removes an installed session: its own files, and nothing else, unless what Claude Code has
 * added to it since is to go with it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname, join } from "@std/path";
import { SpreadError } from "../errors.ts";
import { cannotRead, cannotRemove } from "../files/cannot_store.ts";
import { lstatIfThere } from "../files/obstacles.ts";
import {
  findInstalled,
  type InstalledSession,
  removeInstalled,
} from "./history.ts";

/** The session to remove. */
export interface UndoOptions {
  /** Its id, or the beginning of it; by default the session that was installed last. */
  id?: string;
  /** Whether to remove it even if the conversation has continued, with what was added. */
  force?: boolean;
}

/** The outcome of an undo. */
export interface UndoneSession {
  installed: InstalledSession;
  /** Number of files removed. */
  removed: number;
  /** Number of files that were already gone. */
  missing: number;
}

/**
 * Removes the files of an installation.
 *
 * @param history Folder of the history.
 * @throws {SpreadError} `NOTHING_TO_UNDO`, `SESSION_CHANGED` when its files have changed
 *   since the installation (nothing is removed then), `PAYLOAD_UNREADABLE` when that cannot
 *   be told (nothing is removed then either); `CANNOT_STORE` when a file cannot be removed.
 */
export async function undoSession(
  history: string,
  { id, force = false }: UndoOptions = {},
): Promise<UndoneSession> {
  const installed = await findInstalled(history, id);
  const states = await Promise.all(
    installed.files.map((file) => stateOf(installed, file)),
  );
  if (!force && states.includes("changed")) throw changed(installed);
  const there = installed.files.filter((_, i) => states[i] !== "missing");
  const removed = await (force ? removeAll : removeFiles)(installed, there);
  await removeFolders(installed);
  await removeInstalled(history, installed.id);
  const missing = installed.files.length - there.length;
  return { installed, removed, missing };
}

type RecordedFile = InstalledSession["files"][number];

async function stateOf(
  { folder }: InstalledSession,
  { name, size, sha256 }: RecordedFile,
): Promise<"same" | "changed" | "missing"> {
  const path = join(folder, name);
  try {
    const info = await lstatIfThere(path);
    if (info === null) return "missing";
    const isSame = info.isFile && info.size === size &&
      await hashOf(path) === sha256;
    return isSame ? "same" : "changed";
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

async function hashOf(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const piece = new Uint8Array(256 * 1024);
  for (;;) {
    const count = file.readSync(piece);
    if (count === null) return hash.digest("hex");
    hash.update(piece.subarray(0, count));
  }
}

/** Removes recorded files, and returns how many. */
async function removeFiles(
  { folder }: InstalledSession,
  files: RecordedFile[],
): Promise<number> {
  for (const { name } of files) await remove(join(folder, name));
  return files.length;
}

/**
 * Removes the session's own folder with everything in it, and recorded files beside it; returns
 * how many files those were. Links are removed and not followed.
 */
async function removeAll(
  installed: InstalledSession,
  files: RecordedFile[],
): Promise<number> {
  const { id, folder } = installed;
  const own = join(folder, id);
  const inOwn = await countFiles(own);
  if (inOwn !== null) await remove(own, { recursive: true });
  const beside = files.filter(({ name }) => !name.startsWith(`${id}/`));
  return (inOwn ?? 0) + await removeFiles(installed, beside);
}

/** Number of files in a folder, or 1 for what is none; `null` when nothing is there. */
async function countFiles(path: string): Promise<number | null> {
  try {
    const info = await lstatIfThere(path);
    return info === null ? null : info.isDirectory ? await countIn(path) : 1;
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

async function countIn(folder: string): Promise<number> {
  let count = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    count += isDirectory ? await countIn(join(folder, name)) : 1;
  }
  return count;
}

async function remove(
  path: string,
  options?: Deno.RemoveOptions,
): Promise<void> {
  try {
    await Deno.remove(path, options);
  } catch (cause) {
    throw cannotRemove(path, cause);
  }
}

/** Removes the installation's own folders, unless someone has put something into them. */
async function removeFolders(installed: InstalledSession): Promise<void> {
  const own = new Set(
    installed.files.map(({ name }) => dirname(name)).filter((name) =>
      name !== "."
    ),
  );
  const folders = [...own].map((name) => join(installed.folder, name));
  if (own.size > 0) folders.push(join(installed.folder, installed.id));
  if (installed.made_folder) folders.push(installed.folder);
  for (const folder of folders) await Deno.remove(folder).catch(() => {});
}

function changed({ id, folder }: InstalledSession): SpreadError {
  return new SpreadError(
    "SESSION_CHANGED",
    `Cannot undo session ${id}: the conversation has continued since it was installed`,
    `Add --force to remove it anyway, with everything that was added; it is in "${folder}"`,
  );
}
