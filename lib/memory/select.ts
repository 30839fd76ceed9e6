/**
 * Choosing memories by what they are about, and leaving the others out of the index too.
 *
 * @module
 */

import { parseIndex, removeBlocks } from "./index.ts";
import { linkTargets } from "./links.ts";
import { INDEX_NAME, type MemoryType, memoryType } from "./text.ts";
import { nameKey } from "../files/safe_name.ts";

/** Which types are wanted; absent: all, or none. */
export interface Selection {
  only?: MemoryType[];
  except?: MemoryType[];
}

/**
 * The memories of the wanted types. Parts of the index that lead to others are left out,
 * because such a part already says what is in the file; an index is no memory itself.
 */
export function selectMemories(
  texts: Map<string, string>,
  { only, except = [] }: Selection,
): Map<string, string> {
  const isWanted = (type: MemoryType) =>
    (only?.includes(type) ?? true) && !except.includes(type);
  const left = new Set<string>();
  for (const [name, text] of texts) {
    if (name !== INDEX_NAME && !isWanted(memoryType(text))) {
      left.add(nameKey(name));
    }
  }
  const selected = new Map<string, string>();
  for (const [name, text] of texts) {
    if (left.has(nameKey(name))) continue;
    const isIndex = name === INDEX_NAME && left.size > 0;
    selected.set(name, isIndex ? withoutParts(text, left) : text);
  }
  return selected;
}

function withoutParts(index: string, left: Set<string>): string {
  const parts = parseIndex(index).filter(({ text }) =>
    linkTargets(text).some((target) => left.has(nameKey(target)))
  );
  return removeBlocks(index, parts);
}
