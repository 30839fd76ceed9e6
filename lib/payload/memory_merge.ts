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

import { cleanText } from "./clean_text.ts";
import {
  appendBlocks,
  emptyHeadings,
  type IndexBlock,
  levelOf,
  linkTarget,
  linkTargets,
  parseIndex,
  renameLinks,
} from "./memory_index.ts";
import {
  frontmatterValue,
  INDEX_NAME,
  isSameMemory,
  type Provenance,
  withProvenance,
} from "./memory_text.ts";
import { nameKey, problemOfName } from "./safe_name.ts";

/** What to do with a file that is there already and says something else. */
export type ConflictChoice = "keep-both" | "theirs" | "ours";

/** A received file: cleaned, and as it came. */
export interface ReceivedMemory {
  text: string;
  raw: string;
}

/** What becomes of a received file. */
export interface Outcome {
  /** Its name in the bundle. */
  name: string;
  /** Its name here: another one for the second of both that are kept. */
  as: string;
  kind: "added" | "same" | "kept_both" | "replaced" | "skipped";
}

/** What an installation does. */
export interface MergePlan {
  outcomes: Outcome[];
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

/** Longest stem of a second name, in UTF-16 units, when the first one is as long as names get. */
const MAX_STEM_LENGTH = 60;

/** Plans an installation. */
export function planMerge(input: MergeInput): MergePlan {
  const names = new Names(input.local.keys(), input.received.keys());
  const outcomes: Outcome[] = [];
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
  const gains = gainsOf(before, index?.text ?? "", input, outcomes);
  if (gains.length > 0) {
    const heading = headingOf(input.provenance);
    writes.set(indexName, appendBlocks(before, heading, gains));
  }
  return { outcomes, writes, indexGains: gains.map(({ text }) => text) };
}

function isIndex(name: string): boolean {
  return nameKey(name) === nameKey(INDEX_NAME);
}

function decide(
  name: string,
  memory: ReceivedMemory,
  { local, choose }: MergeInput,
  names: Names,
): Outcome {
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
): Outcome {
  for (let count = 1;; count++) {
    const as = secondName(name, count);
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

function secondName(name: string, count: number): string {
  const [, stem, extension] = /^(.*)(\.[^.]*)$/s.exec(name)!;
  const suffix = `-received${count === 1 ? "" : `-${count}`}${extension}`;
  const whole = `${stem}${suffix}`;
  if (problemOfName(whole) === null) return whole;
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  const start = stem!.slice(folder.length, folder.length + MAX_STEM_LENGTH);
  return `${folder}${
    start.toWellFormed().replace(/[\ufffd. ]+$/, "")
  }${suffix}`;
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

/** `Received from alex@walnut (project shop)`: what is added to an index stands below it. */
export function headingOf(
  { sender, project }: Pick<Provenance, "sender" | "project">,
): string {
  const from = `Received from ${sender ?? "somebody"}`;
  return inTheOpen(project ? `${from} (project ${project})` : from);
}

type Gain = Pick<IndexBlock, "kind" | "text">;

/** Blocks that the index here does not have yet. */
function gainsOf(
  before: string,
  theirs: string,
  input: MergeInput,
  outcomes: Outcome[],
): Gain[] {
  const known = new KnownBlocks();
  // Also as it would arrive: cleaned, from somebody who got it from here.
  for (const index of [before, cleanText(before).text]) {
    for (const { block, under } of underHeadings(parseIndex(index))) {
      known.add(block, under);
    }
  }
  const renamed = new Map<string, string>();
  const skipped = new Set<string>();
  for (const { name, as, kind } of outcomes) {
    if (name !== as) renamed.set(name, as);
    if (kind === "skipped") skipped.add(nameKey(name));
  }
  const gains: Gain[] = [];
  const blocks = withoutTitle(parseIndex(theirs));
  for (const { block, under } of underHeadings(blocks)) {
    const targets = linkTargets(block.text);
    const isSkipped = targets.length > 0 &&
      targets.every((target) => skipped.has(nameKey(target)));
    const gain = adopt(block, renamed);
    if (isSkipped || known.has(gain, under)) continue;
    known.add(gain, under);
    gains.push(gain);
  }
  const all = [
    ...gains,
    ...entriesForUnlisted(before, gains, input, outcomes),
  ];
  const empty = emptyHeadings(all);
  return all.filter((gain) => !empty.has(gain));
}

/** What an index says, and under which heading, so that the same words there are not said again. */
class KnownBlocks {
  readonly #texts = new Set<string>();

  add({ kind, text }: Gain, under: string): void {
    if (kind === "heading") return;
    const shown = inTheOpen(text);
    this.#texts.add(shown).add(`${under}\n${shown}`);
  }

  /** A line that leads to a file, or is under no heading, means the same wherever it stands. */
  has({ kind, text }: Gain, under: string): boolean {
    if (kind === "heading") return false;
    const isAnywhere = under === "" || linkTarget(text) !== null;
    return this.#texts.has(isAnywhere ? text : `${under}\n${text}`);
  }
}

/** Blocks, each with the words of the heading that it stands under. */
function* underHeadings(
  blocks: IndexBlock[],
): Generator<{ block: IndexBlock; under: string }> {
  let under = "";
  for (const block of blocks) {
    if (block.kind === "heading") {
      under = inTheOpen(block.text.replace(/^#+\s*/, ""));
    }
    yield { block, under };
  }
}

/** The client takes comments out of an index before Claude reads it: nothing is to hide so. */
function inTheOpen(text: string): string {
  return text.replaceAll("<!--", "< !--");
}

/** Theirs is part of another document here. */
function withoutTitle(blocks: IndexBlock[]): IndexBlock[] {
  return /^#(?:[ \t]|$)/.test(blocks[0]?.text ?? "") ? blocks.slice(1) : blocks;
}

/** A block as it stands below our heading, where comments hide nothing. */
function adopt({ kind, text }: IndexBlock, renamed: Map<string, string>): Gain {
  const shown = inTheOpen(text);
  if (kind === "heading") {
    const level = levelOf(shown);
    const marks = "#".repeat(Math.min(6, level + 2));
    return { kind, text: marks + shown.slice(level) };
  }
  return { kind, text: renameLinks(shown, renamed) };
}

/** An entry for each new file that no line leads to: Claude would not know of it. */
function entriesForUnlisted(
  before: string,
  gains: Gain[],
  { received }: MergeInput,
  outcomes: Outcome[],
): Gain[] {
  const listed = new Set(
    [before, ...gains.map(({ text }) => text)].flatMap(linkTargets),
  );
  return outcomes
    .filter(({ kind, as }) =>
      (kind === "added" || kind === "kept_both") && !listed.has(as)
    )
    .map(({ name, as }) => ({
      kind: "entry",
      text: entryFor(as, received.get(name)!.text),
    }));
}

function entryFor(name: string, text: string): string {
  const stem = name.replace(/^.*\//, "").replace(/\.md$/i, "");
  const title = (frontmatterValue(text, "name") ?? stem).replace(/[[\]]/g, "");
  const description = frontmatterValue(text, "description");
  const target = /[\s()]/.test(name) ? `<${name}>` : name;
  const entry = `- [${title}](${target})`;
  return inTheOpen(
    description === null ? entry : `${entry} — ${description}`,
  );
}
