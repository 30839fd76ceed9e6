/**
 * The part of a memory that can be shared: what every receiver can take. One odd file does
 * not keep the others back; it is left out, with the reason.
 *
 * @module
 */

import { problemOfName, TakenNames } from "../files/safe_name.ts";
import { problemOfMemoryName } from "./agent_names.ts";
import { decodeMemory, readMemory, type SkippedFile } from "./folder.ts";
import { withoutSession } from "./text.ts";

/** A memory, as far as it can be shared. */
export interface ShareableMemory {
  /** Texts by name, without the sessions that wrote them. */
  texts: Map<string, string>;
  /** Files that may hold memory and cannot be shared. */
  leftOut: SkippedFile[];
  /** Names of files that are not Markdown. */
  others: string[];
}

/**
 * Reads a memory for sharing.
 *
 * @returns `null` when the folder does not exist.
 * @throws {SpreadError} As `readMemory()`.
 */
export async function readShareable(
  folder: string,
): Promise<ShareableMemory | null> {
  const read = await readMemory(folder, true);
  if (read === null) return null;
  const leftOut = [...read.skipped];
  const taken = new TakenNames();
  const texts = new Map<string, string>();
  for (const [name, bytes] of read.files) {
    const text = decodeMemory(bytes);
    const why = problemOf(name, taken) ??
      (text === null ? "it is not UTF-8 text" : null);
    if (why === null) texts.set(name, withoutSession(text!));
    else leftOut.push({ name, why });
  }
  return { texts, leftOut, others: read.others };
}

/** The reason why a receiver could not take a file of this name after those taken. */
function problemOf(name: string, taken: TakenNames): string | null {
  const problem = problemOfName(name) ?? problemOfMemoryName(name);
  if (problem !== null) return `its name ${problem}`;
  const twin = taken.take(name);
  return twin === null
    ? null
    : `on some systems it is the same file as "${twin}"`;
}
