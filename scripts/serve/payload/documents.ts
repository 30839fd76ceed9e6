/**
 * Documents that Claude writes for sharing: removed once read, and swept up if nobody shares
 * them.
 *
 * @module
 */

import { cannotRemove } from "../../../lib/files/cannot_store.ts";
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
  const folder = writtenFolder();
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile || !WRITTEN_BY_SKILLS.test(name)) continue;
      // Another process may have just removed it.
      await removeIfForgotten(`${folder}/${name}`, now).catch(() => {});
    }
  } catch {
    // The folder does not exist.
  }
}

async function removeIfForgotten(path: string, now: Date): Promise<void> {
  const { mtime } = await Deno.stat(path);
  const ageMs = now.getTime() - (mtime ?? now).getTime();
  if (ageMs > FORGOTTEN_MS) await Deno.remove(path);
}
