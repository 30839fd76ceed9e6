/**
 * Share entries: files in which `status` and `stop` find the shares of this machine. An
 * entry exists while its share is open and for a day after it has ended.
 *
 * One JSON file for each share, readable by its owner only. It does not hold the
 * passphrase; the owner's commands prove themselves to the share with its token. A file
 * that is broken or of another version is left alone and reported.
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

/** Largest entry read, in bytes. */
const MAX_ENTRY_BYTES = 1024 * 1024;

/** Most pairs that a share is for. */
export const MAX_RECIPIENTS = 8;

/** Most receivers listed in an entry; further ones are only counted. */
export const MAX_RECEIVERS = 500;

/** Most kinds of secrets listed for a choice that a receiver has taken. */
export const MAX_SECRET_KINDS = 20;

/** Most wrong passphrases listed in an entry; a share that counts as many has ended. */
export const MAX_GUESSES = 10;

/** Time after which the entries of ended shares are removed, in milliseconds. */
const KEPT_MS = 24 * 60 * 60 * 1000;

const Text = v.pipe(v.string(), v.maxLength(1024));
const Time = v.pipe(v.string(), v.isoTimestamp());
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The chosen entry of a catalogue, where there was a choice. */
const TookSchema = v.object({
  id: Text,
  name: Text,
  /** Secrets that were taken out of it. */
  secrets: v.optional(v.pipe(
    v.array(v.object({ kind: Text, places: Count })),
    v.maxLength(MAX_SECRET_KINDS),
  )),
});

const EntrySchema = v.object({
  version: v.literal(1),
  id: EntryIdSchema,
  pid: Count,
  /** Port on which the share listens to its owner, on 127.0.0.1. */
  port: v.pipe(Count, v.minValue(1), v.maxValue(65_535)),
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  started: Time,
  /** Time at which it ends by itself. */
  ends: Time,
  kind: Text,
  name: Text,
  size: Count,
  /** Size of the work that comes along. */
  work: v.optional(Count),
  addresses: v.pipe(v.array(Text), v.maxLength(64)),
  room: v.optional(Text),
  /**
   * `new`: it has replaced a room with another code; `lost`: the relay is out of reach; `ended`:
   * the share is left with the local network.
   */
  room_state: v.optional(v.picklist(["open", "new", "lost", "ended"])),
  relay: v.optional(RelaySchema),
  /** Names of the pairs that it is for. */
  to: v.optional(v.pipe(v.array(Text), v.maxLength(MAX_RECIPIENTS))),
  /** Receivers that have confirmed the payload. */
  receivers: v.pipe(
    v.array(v.object({
      peer: Text,
      /** Our name for it, if the share is for pairs. */
      pair: v.optional(Text),
      at: Time,
      took: v.optional(TookSchema),
      /** Whether it has taken the work: with the payload or a session (`too`), or alone. */
      work: v.optional(v.picklist(["too", "alone"])),
    })),
    v.maxLength(MAX_RECEIVERS),
  ),
  delivered: Count,
  /** Wrong passphrases, and where they came from. */
  guesses: v.optional(
    v.pipe(
      v.array(v.object({ peer: Text, at: Time })),
      v.maxLength(MAX_GUESSES),
    ),
    [],
  ),
  ended: v.optional(v.object({ at: Time, why: Text })),
});

/** The entry of one share. */
export type ShareEntry = v.InferOutput<typeof EntrySchema>;

const files = new EntryFiles(EntrySchema, MAX_ENTRY_BYTES);

/**
 * Writes an entry, whole or not at all.
 *
 * @param folder Folder of the entries; created if it is missing.
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function writeEntry(
  folder: string,
  entry: ShareEntry,
): Promise<void> {
  await files.write(folder, entry);
}

/** Removes an entry and the log beside it; those that cannot be removed stay, and are listed again. */
export async function removeEntry(folder: string, id: string): Promise<void> {
  await files.remove(folder, id);
  await Deno.remove(logPath(folder, id)).catch(() => {});
}

/** Path of the log of a share without a terminal. */
export function logPath(folder: string, id: string): string {
  return `${folder}/${id}.log`;
}

/**
 * Reads all entries, oldest first, and removes those that ended long before `now`.
 *
 * @throws {SpreadError} `CANNOT_STORE` when the folder is not a folder or cannot be read.
 */
export async function readEntries(
  folder: string,
  now: Date,
): Promise<EntryList<ShareEntry>> {
  const found = await files.read(folder);
  const old = found.entries.filter((entry) => isOld(entry, now));
  for (const { id } of old) await removeEntry(folder, id);
  const entries = found.entries.filter((entry) => !old.includes(entry));
  entries.sort((a, b) => a.started < b.started ? -1 : 1);
  return { ...found, entries };
}

/** Reads all entries in any order, and removes none. @throws {SpreadError} `CANNOT_STORE`. */
export async function listEntries(
  folder: string,
): Promise<EntryList<ShareEntry>> {
  return await files.read(folder);
}

function isOld({ ended }: ShareEntry, now: Date): boolean {
  return ended !== undefined && now.getTime() - Date.parse(ended.at) > KEPT_MS;
}
