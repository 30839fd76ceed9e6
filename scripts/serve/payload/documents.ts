/**
 * Documents that Claude writes for sharing: removed once read, and swept up if nobody shares
 * them.
 *
 * @module
 */

import { cannotRemove } from "../../../lib/files/cannot_store.ts";
import { removeLeftOver } from "../../../lib/files/leftovers.ts";
import {
  FORGOTTEN_MS,
  WRITTEN_BY_SKILLS,
  writtenFolder,
} from "../../cli/surroundings.ts";

/**
 * Removes a document that has been read.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function removeDocument(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (cause) {
    throw cannotRemove(
      path,
      cause,
      "Check its folder and the permissions, or leave --remove-file out",
    );
  }
}

/**
 * Removes files that interrupted sessions wrote and never shared. Files that cannot be removed
 * stay until the next time.
 */
export async function sweepDocuments(now: Date): Promise<void> {
  await removeLeftOver(writtenFolder(), async ({ name, isFile }, path) => {
    if (!isFile || !WRITTEN_BY_SKILLS.test(name)) return false;
    const { mtime } = await Deno.stat(path);
    return now.getTime() - (mtime ?? now).getTime() > FORGOTTEN_MS;
  });
}
