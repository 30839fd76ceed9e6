/**
 * Selection of memories by type; the others are left out of the index too.
 *
 * @module
 */

import { parseIndex, removeBlocks } from "./index/blocks.ts";
import { linkTargets } from "./index/links.ts";
import { INDEX_NAME, type MemoryType, memoryType } from "./text.ts";
import { nameKey } from "../files/safe_name.ts";

/** The wanted types. Without `only` all types are wanted, without `except` none is excluded. */
export interface Selection {
  only?: MemoryType[];
  except?: MemoryType[];
}

/**
 * Returns the memories of the wanted types. Parts of the index that link to others are left
 * out, because such a part already reveals what is in the file. The index itself does not
 * count as a memory.
 *
 * @param missing Names of memories that are left out for other reasons.
 */
export function selectMemories(
  texts: Map<string, string>,
  { only, except = [] }: Selection,
  missing: string[] = [],
): Map<string, string> {
  const isWanted = (type: MemoryType) =>
    (only?.includes(type) ?? true) && !except.includes(type);
  const kept = new Set<string>();
  const left = new Set(missing.map(nameKey));
  for (const [name, text] of texts) {
    const isKept = name === INDEX_NAME || isWanted(memoryType(text));
    (isKept ? kept : left).add(nameKey(name));
  }
  // Another file of the same key may be here: the names differ on this system.
  for (const key of kept) left.delete(key);
  const selected = new Map<string, string>();
  for (const [name, text] of texts) {
    if (!kept.has(nameKey(name))) continue;
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
