/**
 * Journals of changes to a folder: the decision to make them (`held_folder.ts`).
 *
 * A journal may come from another machine together with the folder, so it is checked like
 * any foreign input: it can name only files of the folder.
 *
 * @module
 */

import * as v from "valibot";
import { lstatIfThere } from "../../files/obstacles.ts";
import { problemOfName } from "../../files/safe_name.ts";
import { problemOfMemoryName } from "../agent_names.ts";

/** Largest journal, in bytes. */
const MAX_JOURNAL_BYTES = 4 * 1024 * 1024;

const hash = v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)));

const JournalSchema = v.object({
  version: v.literal(1),
  /** History entry of the change; given back to the command that finishes it. */
  record: v.pipe(v.string(), v.regex(/^[0-9A-Za-z-]{1,64}$/)),
  undoes: v.boolean(),
  changes: v.pipe(
    v.array(v.object({
      name: v.pipe(
        v.string(),
        v.regex(/\.md$/i),
        v.check((name) =>
          (problemOfName(name) ?? problemOfMemoryName(name)) === null
        ),
      ),
      before: hash,
      after: hash,
    })),
    v.maxLength(10_000),
  ),
});

/** The contents of a journal. */
export type Journal = v.InferOutput<typeof JournalSchema>;

/**
 * Reads a journal; `null` when there is none, or when it is not ours.
 *
 * @throws The system's error: a journal that cannot be read must not count as gone, because
 *   the change that it decides on may be half made.
 */
export async function readJournal(path: string): Promise<Journal | null> {
  const info = await lstatIfThere(path);
  if (!info?.isFile || info.size > MAX_JOURNAL_BYTES) return null;
  return parseJournal(await Deno.readTextFile(path));
}

function parseJournal(text: string): Journal | null {
  try {
    return v.parse(JournalSchema, JSON.parse(text));
  } catch {
    return null;
  }
}
