/**
 * Review of received memory before it is installed: its texts cleaned, and the lines that
 * the user should look at.
 *
 * @module
 */

import { cleanText, countRemoved } from "../text/clean_text.ts";
import { findInstructions, type Flag } from "../text/instructions.ts";
import type { ReceivedMemory } from "./merge.ts";
import { type MemoryType, memoryType } from "./text.ts";

/** One received file. */
export interface ReviewedMemory extends ReceivedMemory {
  type: MemoryType;
  /** Size as received, in bytes of UTF-8. */
  bytes: number;
  /** Characters and sequences that cleaning removed or disarmed. */
  cleaned: number;
  /** The first lines that look like instructions. */
  flags: Flag[];
  /** The number of all such lines. */
  flagged: number;
}

/** Cleans received files and searches them for instructions. */
export function reviewMemories(
  files: Map<string, string>,
): Map<string, ReviewedMemory> {
  return new Map(
    Array.from(files, ([name, raw]) => [name, reviewMemory(raw)]),
  );
}

function reviewMemory(raw: string): ReviewedMemory {
  const { text, removed } = cleanText(raw);
  const { flags, total } = findInstructions(text);
  return {
    text,
    raw,
    type: memoryType(text),
    bytes: new TextEncoder().encode(raw).length,
    cleaned: countRemoved(removed),
    flags,
    flagged: total,
  };
}
