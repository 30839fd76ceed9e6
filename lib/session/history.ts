/**
 * Records of sessions that were installed: what undoing one may remove.
 *
 * One JSON file for each, readable by its owner only, in the state folder.
 *
 * @module
 */

import { join } from "@std/path";
import * as v from "valibot";
import { SpreadError } from "../errors.ts";
import { readJsonFile, writeJsonFile } from "../files/json_file.ts";
import { problemOfName } from "../files/safe_name.ts";
import { cannotStore } from "../files/cannot_store.ts";

/** Largest record that is read, in bytes. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024;

const RecordSchema = v.object({
  version: v.literal(1),
  id: v.pipe(v.string(), v.uuid()),
  /** ISO 8601. */
  installed: v.pipe(v.string(), v.isoTimestamp()),
  title: v.string(),
  /** The project's folder. */
  project: v.string(),
  /** Where the files are. */
  folder: v.string(),
  /** Whether that folder was made for it. */
  made_folder: v.boolean(),
  files: v.array(v.object({
    /** Relative to the folder. */
    name: v.pipe(v.string(), v.check((name) => problemOfName(name) === null)),
    size: v.number(),
    sha256: v.string(),
  })),
});

/** One session that was installed. */
export type SessionRecord = v.InferOutput<typeof RecordSchema>;

/**
 * Writes a record, whole or not at all.
 *
 * @param records The folder of all records; made if it is missing.
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function writeSessionRecord(
  records: string,
  record: SessionRecord,
): Promise<void> {
  try {
    await writeJsonFile(records, `${record.id}.json`, record);
  } catch (cause) {
    throw cannotStore(records, cause);
  }
}

/** Removes a record; what is gone already is no error. */
export async function removeSessionRecord(
  records: string,
  id: string,
): Promise<void> {
  await Deno.remove(pathOf(records, id)).catch(() => {});
}

/**
 * The record of a session, or of the one that was installed last.
 *
 * @param id The session's; its beginning will do.
 * @throws {SpreadError} `NOTHING_TO_UNDO`; `USAGE` when it is not clear which is meant.
 */
export async function findSessionRecord(
  records: string,
  id?: string,
): Promise<SessionRecord> {
  const all = await readAll(records);
  all.sort((a, b) => a.installed < b.installed ? 1 : -1);
  const [record, other] = all.filter((one) => one.id.startsWith(id ?? ""));
  if (record === undefined) throw unknown(id);
  if (id !== undefined && other !== undefined) {
    throw new SpreadError(
      "USAGE",
      `More than one installed session begins with "${id}"`,
      "Write more of the ID",
    );
  }
  return record;
}

async function readAll(records: string): Promise<SessionRecord[]> {
  const found: SessionRecord[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(records)) {
      const record = isFile && name.endsWith(".json")
        ? await readJsonFile(
          join(records, name),
          RecordSchema,
          MAX_RECORD_BYTES,
        )
        : null;
      if (record !== null && name === `${record.id}.json`) found.push(record);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}

function pathOf(records: string, id: string): string {
  return join(records, `${id}.json`);
}

function unknown(id?: string): SpreadError {
  return new SpreadError(
    "NOTHING_TO_UNDO",
    id === undefined
      ? "No session that was received is installed"
      : `No session "${id}" was installed here`,
    "claude-spread sessions undo removes only what claude-spread sessions install has made",
  );
}
