/**
 * Journals of changes to a folder: the decision to make them (`held_folder.ts`).
 *
 * A journal may come from somebody else together with the folder, so it is checked like
 * anything from outside: it can name nothing but files of the folder.
 *
 * @module
 */

import * as v from "valibot";
import { problemOfName } from "../../files/safe_name.ts";

/** Largest journal, in bytes. */
const MAX_JOURNAL_BYTES = 4 * 1024 * 1024;

const hash = v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)));

const JournalSchema = v.object({
  version: v.literal(1),
  /** Passed back to whoever finishes: which record it belongs to. */
  record: v.pipe(v.string(), v.regex(/^[0-9A-Za-z-]{1,64}$/)),
  undoes: v.boolean(),
  changes: v.pipe(
    v.array(v.object({
      name: v.pipe(
        v.string(),
        v.regex(/\.md$/i),
        v.check((name) => problemOfName(name) === null),
      ),
      before: hash,
      after: hash,
    })),
    v.maxLength(10_000),
  ),
});

/** What a journal says. */
export type Journal = v.InferOutput<typeof JournalSchema>;

/** Reads a journal, or `null` when there is none, or one that is not ours. */
export async function readJournal(path: string): Promise<Journal | null> {
  try {
    const { isFile, size } = await Deno.lstat(path);
    if (!isFile || size > MAX_JOURNAL_BYTES) return null;
    return v.parse(JournalSchema, JSON.parse(await Deno.readTextFile(path)));
  } catch {
    // None, or not one of ours.
    return null;
  }
}
