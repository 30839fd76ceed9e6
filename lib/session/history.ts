/**
 * The history of installed sessions: the files that undoing an installation may remove.
 *
 * One JSON file for each session, readable by its owner only, in the state folder.
 *
 * @module
 */

import { join } from "@std/path";
import * as v from "valibot";
import { isMissing, SpreadError } from "../errors.ts";
import { readJsonFile, writeJsonFile } from "../files/json_file.ts";
import { problemOfName } from "../files/safe_name.ts";
import { cannotRead, cannotStore } from "../files/cannot_store.ts";

/** Largest entry read, in bytes. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024;

const InstalledSchema = v.object({
  version: v.literal(1),
  id: v.pipe(v.string(), v.uuid()),
  /** ISO 8601. */
  installed: v.pipe(v.string(), v.isoTimestamp()),
  title: v.string(),
  /** The project's folder. */
  project: v.string(),
  /** Folder of the files. */
  folder: v.string(),
  /** Whether the installation created that folder. */
  made_folder: v.boolean(),
  files: v.array(v.object({
    /** Relative to the folder. */
    name: v.pipe(v.string(), v.check((name) => problemOfName(name) === null)),
    size: v.number(),
    sha256: v.string(),
  })),
});

/** The entry of one installed session. */
export type InstalledSession = v.InferOutput<typeof InstalledSchema>;

/**
 * Writes an entry, whole or not at all.
 *
 * @param history Folder of the history; created if it is missing.
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function writeInstalled(
  history: string,
  installed: InstalledSession,
): Promise<void> {
  try {
    await writeJsonFile(history, `${installed.id}.json`, installed);
  } catch (cause) {
    throw cannotStore(history, cause);
  }
}

/**
 * Removes an entry; a missing entry is not an error.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function removeInstalled(
  history: string,
  id: string,
): Promise<void> {
  const path = pathOf(history, id);
  await Deno.remove(path).catch((cause) => {
    if (!isMissing(cause)) throw cannotStore(path, cause);
  });
}

/**
 * Finds the entry of a session, or of the one that was installed last.
 *
 * @param id The session's id, or its beginning.
 * @throws {SpreadError} `NOTHING_TO_UNDO`; `USAGE` when `id` is ambiguous;
 *   `PAYLOAD_UNREADABLE`.
 */
export async function findInstalled(
  history: string,
  id?: string,
): Promise<InstalledSession> {
  const all = await readAll(history);
  all.sort((a, b) => a.installed < b.installed ? 1 : -1);
  const [installed, other] = all.filter((one) => one.id.startsWith(id ?? ""));
  if (installed === undefined) throw unknown(id);
  if (id !== undefined && other !== undefined) {
    throw new SpreadError(
      "USAGE",
      `More than one installed session has an ID that begins with "${id}"`,
      "Write more characters of the ID",
    );
  }
  return installed;
}

async function readAll(history: string): Promise<InstalledSession[]> {
  const found: InstalledSession[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(history)) {
      const installed = isFile && name.endsWith(".json")
        ? await readJsonFile(
          join(history, name),
          InstalledSchema,
          MAX_RECORD_BYTES,
        )
        : null;
      if (installed !== null && name === `${installed.id}.json`) {
        found.push(installed);
      }
    }
  } catch (error) {
    if (!isMissing(error)) throw cannotRead(history, error);
  }
  return found;
}

function pathOf(history: string, id: string): string {
  return join(history, `${id}.json`);
}

function unknown(id?: string): SpreadError {
  return new SpreadError(
    "NOTHING_TO_UNDO",
    id === undefined
      ? "No received session is installed"
      : `No session "${id}" was installed here`,
    "claude-spread sessions undo removes only sessions that Claude Spread has installed",
  );
}
