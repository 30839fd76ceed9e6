/**
 * Merging of received memory into a project's own: decides and does nothing.
 *
 * What is here stays. New files are added and identical ones left alone; of a differing one
 * the choice decides. The index is never replaced: what it does not say yet is added at its
 * end. Merging the same memory again changes nothing.
 * See docs/protocol.md, section 11.
 *
 * @module
 */

import { appendBlocks } from "./index.ts";
import { headingOf, type IndexMergeInput, newBlocksOf } from "./index_merge.ts";
import {
  INDEX_NAME,
  isIndex,
  isSameMemory,
  type Provenance,
  withProvenance,
} from "./text.ts";
import { nameKey, siblingName } from "../files/safe_name.ts";

/** What to do with a file that is there already and says something else. */
export type ConflictChoice = "keep-both" | "theirs" | "ours";

/** A received file: cleaned, and as it came. */
export interface ReceivedMemory {
  text: string;
  raw: string;
}

/** What becomes of a received file. */
export interface FileOutcome {
  /** Its name in the bundle. */
  name: string;
  /** Its name here: another one for the second of both that are kept. */
  as: string;
  kind: "added" | "same" | "kept_both" | "replaced" | "skipped";
}

/** What an installation does. */
export interface MergePlan {
  outcomes: FileOutcome[];
  /** New text by name, the index among them; empty when there is nothing to do. */
  writes: Map<string, string>;
  /** Text of the blocks that the index gains. */
  indexGains: string[];
}

/** What is merged. */
export interface MergeInput {
  /** The texts here by name. */
  local: Map<string, string>;
  /** The texts received by name; the names are safe and do not collide. */
  received: Map<string, ReceivedMemory>;
  provenance: Provenance;
  /** Asked once for each differing file, by its name here. */
  choose: (name: string) => ConflictChoice;
}

/** Plans an installation. */
export function planMerge(input: MergeInput): MergePlan {
  const names = new Names(input.local.keys(), input.received.keys());
  const outcomes: FileOutcome[] = [];
  const writes = new Map<string, string>();
  let index: ReceivedMemory | null = null;
  for (const [name, memory] of input.received) {
    if (isIndex(name)) {
      index = memory;
      continue;
    }
    const outcome = decide(name, memory, input, names);
    outcomes.push(outcome);
    if (outcome.kind === "same" || outcome.kind === "skipped") continue;
    writes.set(outcome.as, withProvenance(memory.text, input.provenance));
  }
  const indexName = names.here(INDEX_NAME) ?? INDEX_NAME;
  const before = input.local.get(indexName) ?? "";
  const gains = newBlocksOf({
    before,
    theirs: index?.text ?? "",
    ...changesOf(outcomes, input.received),
  });
  if (gains.length > 0) {
    const heading = headingOf(input.provenance);
    writes.set(indexName, appendBlocks(before, heading, gains));
  }
  return { outcomes, writes, indexGains: gains.map(({ text }) => text) };
}

/** What an index has to follow of what becomes of files. */
function changesOf(
  outcomes: FileOutcome[],
  received: MergeInput["received"],
): Pick<IndexMergeInput, "renamed" | "skipped" | "added"> {
  const renamed = new Map<string, string>();
  const skipped = new Set<string>();
  const added = new Map<string, string>();
  for (const { name, as, kind } of outcomes) {
    if (name !== as) renamed.set(name, as);
    if (kind === "skipped") skipped.add(nameKey(name));
    if (kind === "added" || kind === "kept_both") {
      added.set(as, received.get(name)!.text);
    }
  }
  return { renamed, skipped, added };
}

function decide(
  name: string,
  memory: ReceivedMemory,
  { local, choose }: MergeInput,
  names: Names,
): FileOutcome {
  const here = names.here(name);
  if (here === null) return { name, as: name, kind: "added" };
  if (isSame(local.get(here)!, memory)) return { name, as: here, kind: "same" };
  switch (choose(here)) {
    case "ours":
      return { name, as: here, kind: "skipped" };
    case "theirs":
      return { name, as: here, kind: "replaced" };
    case "keep-both":
      return keepBoth(name, memory, local, names);
  }
}

/** Takes the first second name that is free, or that holds this very memory from before. */
function keepBoth(
  name: string,
  memory: ReceivedMemory,
  local: Map<string, string>,
  names: Names,
): FileOutcome {
  for (let count = 1;; count++) {
    const as = siblingName(name, "received", count);
    if (names.isReceived(as)) continue;
    const here = names.here(as);
    if (here === null) {
      names.take(as);
      return { name, as, kind: "kept_both" };
    }
    if (isSame(local.get(here)!, memory)) {
      return { name, as: here, kind: "same" };
    }
  }
}

/** A file that was not changed by cleaning here may have been installed before it was cleaned there. */
function isSame(here: string, { text, raw }: ReceivedMemory): boolean {
  return isSameMemory(here, text) || isSameMemory(here, raw);
}

/** Names that are taken, whatever their case and accents. */
class Names {
  readonly #here = new Map<string, string>();
  readonly #received: Set<string>;

  constructor(here: Iterable<string>, received: Iterable<string>) {
    for (const name of here) this.take(name);
    this.#received = new Set(Array.from(received, nameKey));
  }

  /** The name of the file here that `name` means, or `null`. */
  here(name: string): string | null {
    return this.#here.get(name) ?? this.#here.get(nameKey(name)) ?? null;
  }

  isReceived(name: string): boolean {
    return this.#received.has(nameKey(name));
  }

  take(name: string): void {
    this.#here.set(name, name);
    const key = nameKey(name);
    if (!this.#here.has(key)) this.#here.set(key, name);
  }
}
