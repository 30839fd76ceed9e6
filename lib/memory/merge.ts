/**
 * Merging of received memory into a project's own. Pure: makes a plan and changes no files.
 *
 * Local memory stays. New files are added, identical ones are left alone, and the user's
 * choice decides on those that differ. The index is never replaced: missing blocks are
 * added at its end. Merging the same memory again changes nothing. See docs/protocol.md,
 * section 11.
 *
 * @module
 */

import { type IndexMergeInput, newBlocksOf } from "./index/index_merge.ts";
import { appendReceived, headingOf } from "./index/received_section.ts";
import {
  comparison,
  INDEX_NAME,
  isIndex,
  isSameMemory,
  type Provenance,
  withProvenance,
} from "./text.ts";
import { cleanText } from "../text/clean_text.ts";
import { nameKey, siblingName } from "../files/safe_name.ts";

/** The user's choice for a file that already exists with another text. */
export type ConflictChoice = "keep-both" | "theirs" | "ours";

/** A received file: its cleaned text, and its raw text. */
export interface ReceivedMemory {
  text: string;
  raw: string;
}

/** The outcome for a received file. */
export interface FileOutcome {
  /** Its name in the bundle. */
  name: string;
  /** Its local name; a new one when both files are kept. */
  as: string;
  /** Name of the local file that it differs from, when both are kept. */
  beside?: string;
  kind: "added" | "same" | "kept_both" | "replaced" | "skipped";
}

/** The plan of an installation. */
export interface MergePlan {
  outcomes: FileOutcome[];
  /** New texts by name, including the index; empty when there is nothing to do. */
  writes: Map<string, string>;
  /** Texts of the blocks to add to the index. */
  indexGains: string[];
}

/** The input of a merge. */
export interface MergeInput {
  /** The local texts by name. */
  local: Map<string, string>;
  /** The received texts by name; the names are safe and do not collide. */
  received: Map<string, ReceivedMemory>;
  provenance: Provenance;
  /** Called once for each differing file, with its local name. */
  choose: (name: string) => ConflictChoice;
}

/** Plans an installation. */
export function planMerge(input: MergeInput): MergePlan {
  const names = new Names(input.local.keys(), input.received.keys());
  const seconds = new SecondNames(input.local, names);
  const outcomes: FileOutcome[] = [];
  const writes = new Map<string, string>();
  let index: ReceivedMemory | null = null;
  for (const [name, memory] of input.received) {
    if (isIndex(name)) {
      index = memory;
      continue;
    }
    const outcome = decide(name, memory, input, names, seconds);
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
    writes.set(indexName, appendReceived(before, heading, gains));
  }
  return { outcomes, writes, indexGains: gains };
}

/** The outcomes for files, in the form that the index needs. */
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
  seconds: SecondNames,
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
      return seconds.choose(name, here, memory);
  }
}

/** Compares cleaned texts too: a memory may come back to its uncleaned self from where it was cleaned. */
function isSame(here: string, { text, raw }: ReceivedMemory): boolean {
  return isSameMemory(here, raw) || isSameMemory(cleanText(here).text, text);
}

/** Names in use, regardless of case and accents. */
class Names {
  readonly #here = new Map<string, string>();
  readonly #received: Set<string>;

  constructor(here: Iterable<string>, received: Iterable<string>) {
    for (const name of here) this.take(name);
    this.#received = new Set(Array.from(received, nameKey));
  }

  /** The name of the local file that `name` means, or `null`. */
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

/** Second names of received files, beside files here that differ. */
class SecondNames {
  readonly #rows = new Map<string, Row>();

  constructor(
    private readonly local: MergeInput["local"],
    private readonly names: Names,
  ) {}

  /** Chooses the first new name that is free, or under which this very memory was installed before. */
  choose(
    name: string,
    beside: string,
    { text, raw }: ReceivedMemory,
  ): FileOutcome {
    const row = this.#rowOf(name);
    const [asSent, asCleaned] = [comparison(raw), comparison(text)];
    for (;;) {
      const same = row.find(asSent, asCleaned);
      if (same !== undefined) return { name, as: same, kind: "same" };
      const as = siblingName(name, "received", row.next++);
      if (this.names.isReceived(as)) continue;
      const here = this.names.here(as);
      if (here !== null) {
        row.add(here, this.local.get(here));
        continue;
      }
      this.names.take(as);
      row.add(as, text);
      return { name, as, beside, kind: "kept_both" };
    }
  }

  #rowOf(name: string): Row {
    const key = nameKey(siblingName(name, "received", 1));
    const row = this.#rows.get(key) ?? new Row();
    this.#rows.set(key, row);
    return row;
  }
}

/** Second names that are taken: of one file, or of several whose long names begin the same. */
class Row {
  /** Count of the next name to look at. */
  next = 1;
  readonly #byText = new Map<string, string>();
  readonly #byCleaned = new Map<string, string>();

  /** The name of a memory that says the same, by its {@linkcode comparison}s. */
  find(asSent: string, asCleaned: string): string | undefined {
    return this.#byText.get(asSent) ?? this.#byCleaned.get(asCleaned);
  }

  /** @param text Absent when it is not known; nothing then says the same. */
  add(name: string, text?: string): void {
    if (text === undefined) return;
    addFirst(this.#byText, comparison(text), name);
    addFirst(this.#byCleaned, comparison(cleanText(text).text), name);
  }
}

function addFirst(map: Map<string, string>, key: string, name: string): void {
  if (!map.has(key)) map.set(key, name);
}
