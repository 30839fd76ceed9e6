/**
 * Documents that Claude writes to be shared: removed once they are read, and swept up when
 * nobody came to share them.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";

/**
 * A document is forgotten after this time, in milliseconds: sharing follows on writing within
 * a minute, and another session may be about to.
 */
const FORGOTTEN_MS = 60 * 60 * 1000;

/** What the skills have Claude write: documents, bundles, and what was typed. */
const WRITTEN_BY_SKILLS =
  /^(?:distillation-[\dA-Za-z-]+\.md|memory-[\dA-Za-z-]+\.(?:md|json)|typed-[\dA-Za-z-]+\.txt)$/;

/**
 * Removes a document that has been read.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function removeDocument(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (cause) {
    throw new SpreadError(
      "CANNOT_STORE",
      `Cannot remove "${path}"`,
      "Check its folder and the permissions, or leave --remove-file out",
      { cause },
    );
  }
}

/**
 * Removes what sessions wrote and never came to share, because they were interrupted. What
 * cannot be removed is left for the next time.
 *
 * @param home The person's home folder.
 */
export async function sweepDocuments(home: string, now: Date): Promise<void> {
  const folder = `${home}/.cache/claude-spread`;
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile || !WRITTEN_BY_SKILLS.test(name)) continue;
      const path = `${folder}/${name}`;
      const { mtime } = await Deno.stat(path);
      const ageMs = now.getTime() - (mtime ?? now).getTime();
      if (ageMs > FORGOTTEN_MS) await Deno.remove(path);
    }
  } catch {
    // No such folder, or somebody else has just removed one.
  }
}
