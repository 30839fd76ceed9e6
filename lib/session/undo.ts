/**
 * Takes an installed session away again: its own files, and nothing else.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname, join } from "@std/path";
import { SpreadError } from "../errors.ts";
import {
  findSessionRecord,
  removeSessionRecord,
  type SessionRecord,
} from "./history.ts";

/** Which session is taken away. */
export interface UndoOptions {
  /** Its id, or how that begins; otherwise the one that was installed last. */
  id?: string;
  /** Whether it goes even if the conversation has gone on. */
  force?: boolean;
}

/** What was taken away. */
export interface Undone {
  record: SessionRecord;
  /** Files that were removed. */
  removed: number;
  /** Files that had gone before. */
  missing: number;
}

/**
 * Removes what an installation has made.
 *
 * @param records Folder of the records.
 * @throws {SpreadError} `NOTHING_TO_UNDO`, `SESSION_CHANGED` when its files are not as they were installed; nothing is removed then. `CANNOT_STORE` when
 *   something cannot be removed.
 */
export async function undoSession(
  records: string,
  { id, force = false }: UndoOptions = {},
): Promise<Undone> {
  const record = await findSessionRecord(records, id);
  const states = await Promise.all(
    record.files.map((file) => stateOf(record, file)),
  );
  if (!force && states.includes("changed")) throw changed(record);
  const there = record.files.filter((_, i) => states[i] !== "missing");
  for (const { name } of there) await remove(join(record.folder, name));
  await removeFolders(record);
  await removeSessionRecord(records, record.id);
  const missing = record.files.length - there.length;
  return { record, removed: there.length, missing };
}

type RecordedFile = SessionRecord["files"][number];

async function stateOf(
  { folder }: SessionRecord,
  { name, size, sha256 }: RecordedFile,
): Promise<"same" | "changed" | "missing"> {
  const path = join(folder, name);
  const info = await Deno.lstat(path).catch(() => null);
  if (info === null) return "missing";
  const isSame = info.isFile && info.size === size &&
    await hashOf(path) === sha256;
  return isSame ? "same" : "changed";
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

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (cause) {
    throw new SpreadError(
      "CANNOT_STORE",
      `Cannot remove "${path}"`,
      "Check the folder and its permissions, then try again",
      { cause },
    );
  }
}

/** Folders of its own, unless somebody has put something there. */
async function removeFolders(record: SessionRecord): Promise<void> {
  const own = new Set(
    record.files.map(({ name }) => dirname(name)).filter((name) =>
      name !== "."
    ),
  );
  const folders = [...own].map((name) => join(record.folder, name));
  if (own.size > 0) folders.push(join(record.folder, record.id));
  if (record.made_folder) folders.push(record.folder);
  for (const folder of folders) await Deno.remove(folder).catch(() => {});
}

function changed({ id, folder }: SessionRecord): SpreadError {
  return new SpreadError(
    "SESSION_CHANGED",
    `Cannot undo session ${id}: it has been gone on with since it was installed`,
    `Add --force to remove it all the same, with what was added; it is in "${folder}"`,
  );
}
