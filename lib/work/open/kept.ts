/**
 * Received work: the payload as it came, and its state on this machine. It stays until the user
 * takes it away, or for a week if nobody opens it.
 *
 * @module
 */

import * as v from "valibot";
import { cannotStore } from "../../files/cannot_store.ts";
import { EntryFiles, EntryIdSchema } from "../../files/entry_files.ts";
import { writeWhole } from "../../files/json_file.ts";
import { removeLeftOver } from "../../files/leftovers.ts";
import { pause } from "../../waiting.ts";

/** Age, in milliseconds, at which work that nobody has opened is removed. */
export const STALE_MS = 7 * 24 * 60 * 60 * 1000;

/** Name of the list of opened work trees. */
const WORKTREES = "worktrees";

/** Largest entry, in bytes. */
const MAX_ENTRY_BYTES = 64 * 1024;

const PathSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));

const OpenedSchema = v.object({
  /** Root of the checkout beside which it was opened. */
  checkout: PathSchema,
  /** Root of the work tree. */
  worktree: PathSchema,
  /** Branch of its own. */
  branch: v.pipe(v.string(), v.maxLength(255)),
  time: v.pipe(v.string(), v.isoTimestamp()),
});

const OpeningSchema = v.object({
  /** Root of the checkout beside which it is opened. */
  checkout: PathSchema,
  /** Branch that is made. */
  branch: v.pipe(v.string(), v.maxLength(255)),
});

const EntrySchema = v.object({
  version: v.literal(1),
  id: EntryIdSchema,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  received: v.pipe(v.string(), v.isoTimestamp()),
  /** Our name for the pair, or the sender's own for itself; cleaned. */
  from: v.optional(v.pipe(v.string(), v.maxLength(128))),
  opened: v.optional(OpenedSchema),
  /** Traces of an opening: there only while it runs, or after it was killed. */
  opening: v.optional(OpeningSchema),
  /** Whether the user was asked in Claude Code whether to open it. */
  asked: v.optional(v.literal(true)),
});

/** Received work, as it is known here. */
export type KeptWork = v.InferOutput<typeof EntrySchema>;

/** A work tree in which received work was opened. */
export type OpenedWork = v.InferOutput<typeof OpenedSchema>;

const files = new EntryFiles<KeptWork>(EntrySchema, MAX_ENTRY_BYTES);

/** The ID of work, by the SHA-256 of its payload. */
export function workId(sha256: string): string {
  return sha256.slice(0, 8);
}

/** Path of a payload. @param folder Folder of received work. */
export function payloadPath(folder: string, { id }: { id: string }): string {
  return `${folder}/${id}.work`;
}

/** Path of an entry. */
export function entryPath(folder: string, { id }: { id: string }): string {
  return files.path(folder, id);
}

/**
 * Writes the entry of new work, which is open nowhere. It needs no lock, because no other command
 * can be changing it.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function addKept(folder: string, kept: KeptWork): Promise<void> {
  await files.write(folder, kept);
}

/**
 * Changes an entry. The caller has the lock since before it read the entry; otherwise what another
 * command has noted meanwhile is lost.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function writeKept(folder: string, kept: KeptWork): Promise<void> {
  await files.write(folder, kept);
  await writeWorktreeList(folder);
}

/** Removes an entry and its payload; the caller has the lock. */
export async function removeKept(
  folder: string,
  kept: KeptWork,
): Promise<void> {
  await Deno.remove(payloadPath(folder, kept)).catch(() => {});
  await files.remove(folder, kept.id);
  await writeWorktreeList(folder);
}

/**
 * Writes the list of the roots of all opened work trees, one a line. The launcher reads it, because
 * received sessions are installed for them. A root with a line break is not listed.
 */
async function writeWorktreeList(folder: string): Promise<void> {
  const { entries } = await files.read(folder);
  const roots = entries.flatMap(({ opened }) => opened?.worktree ?? [])
    .filter((root) => !root.includes("\n"));
  const text = roots.map((root) => `${root}\n`).join("");
  // The launcher may read the list at any moment.
  await writeWhole(folder, WORKTREES, text).catch((cause) => {
    throw cannotStore(folder, cause);
  });
}

/** Pause between two attempts to take the lock, in milliseconds. */
const PAUSE_MS = 20;

/**
 * Waits until no other command changes received work, and keeps others waiting until the lock is
 * disposed of.
 *
 * @throws {SpreadError} `CANNOT_STORE`; the signal's reason.
 */
export async function lockKept(
  folder: string,
  signal: AbortSignal,
): Promise<Disposable> {
  // A lock that the system was asked to wait for cannot be given up: it would come later.
  for (;;) {
    signal.throwIfAborted();
    const lock = await lockInFolder(folder);
    if (lock !== null) return lock;
    await pause(PAUSE_MS, signal);
  }
}

async function lockInFolder(folder: string): Promise<Disposable | null> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    return tryLockKept(folder);
  } catch (cause) {
    throw cannotStore(folder, cause);
  }
}

/** The same without waiting: `null` when another command has the lock. @throws The system's error. */
export function tryLockKept(folder: string): Disposable | null {
  const options = { write: true, create: true, mode: 0o600 };
  const file = Deno.openSync(`${folder}/lock`, options);
  try {
    if (file.tryLockSync(true)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return null;
}

/**
 * Reads all entries whose payload is there, newest first, and removes what is stale, unless a command
 * has the lock.
 *
 * @throws {SpreadError} `CANNOT_STORE` when the folder cannot be read.
 */
export async function readKept(
  folder: string,
  now: Date,
): Promise<KeptWork[]> {
  const { kept, gone } = await sortOut(folder, now);
  if (gone.length > 0) await removeGone(folder, now);
  await removeStrays(folder, now);
  return kept.sort((a, b) => b.received < a.received ? -1 : 1);
}

/** Tells work that can be opened, or is open, from what is stale or has no payload. */
async function sortOut(
  folder: string,
  now: Date,
): Promise<{ kept: KeptWork[]; gone: KeptWork[] }> {
  const { entries } = await files.read(folder);
  const kept: KeptWork[] = [];
  const gone: KeptWork[] = [];
  for (const entry of entries) {
    const age = now.getTime() - Date.parse(entry.received);
    const isClosed = entry.opened === undefined && entry.opening === undefined;
    const isStale = isClosed && age > STALE_MS;
    const isThere = entry.opened !== undefined ||
      await exists(payloadPath(folder, entry));
    (isStale || !isThere ? gone : kept).push(entry);
  }
  return { kept, gone };
}

async function removeGone(folder: string, now: Date): Promise<void> {
  using lock = await lockInFolder(folder);
  if (lock === null) return;
  // Another command may have opened some of it before this one had the lock.
  const { gone } = await sortOut(folder, now);
  for (const entry of gone) await removeKept(folder, entry);
}

/** Reads all entries in any order, and removes none. @throws {SpreadError} `CANNOT_STORE`. */
export async function listKept(folder: string): Promise<KeptWork[]> {
  return (await files.read(folder)).entries;
}

/** The entry of a payload; `null` when it is not here. */
export async function findKept(
  folder: string,
  sha256: string,
  now: Date,
): Promise<KeptWork | null> {
  const kept = await readKept(folder, now);
  return kept.find((entry) => entry.sha256 === sha256) ?? null;
}

/**
 * The entry of a payload, which has come again: it is the work received last, and waits for another
 * week. That is not noted while a command has the lock, which may wait for an answer.
 *
 * @returns `null` when it is not here.
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function renewKept(
  folder: string,
  sha256: string,
  now: Date,
): Promise<KeptWork | null> {
  const known = await findKept(folder, sha256, now);
  if (known === null) return null;
  using lock = await lockInFolder(folder);
  if (lock === null) return known;
  // Another command may have changed it before this one had the lock.
  const found = await findKept(folder, sha256, now);
  if (found === null) return null;
  const kept = { ...found, received: now.toISOString() };
  await writeKept(folder, kept);
  return kept;
}

/** Removes old files that belong to no entry which can be read; best effort. */
async function removeStrays(folder: string, now: Date): Promise<void> {
  const { entries } = await files.read(folder);
  const known = new Set(entries.map(({ id }) => id));
  await removeLeftOver(folder, async ({ name, isFile }, path) => {
    const [stem] = name.split(".", 1);
    const isOurs = [WORKTREES, "lock"].includes(name) || known.has(stem!);
    if (!isFile || isOurs) return false;
    const { mtime } = await Deno.lstat(path);
    return now.getTime() - mtime!.getTime() > STALE_MS;
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
