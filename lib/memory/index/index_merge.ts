/**
 * Merging of a received index into the local one: the blocks to add. `received_section.ts`
 * adds them; `merge.ts` merges the files.
 *
 * A block that the local index has already, also where it was received, is not added again,
 * but the same line under another heading may mean something else. See docs/protocol.md,
 * section 11.
 *
 * @module
 */

import { cleanText } from "../../text/clean_text.ts";
import {
  emptyHeadings,
  type IndexBlock,
  isSeam,
  parseIndex,
} from "./blocks.ts";
import { linkTarget, linkTargets, plainLinks, targetOf } from "./links.ts";
import { selfContained } from "./self_contained.ts";
import { frontmatterValue } from "../text.ts";
import { nameKey } from "../../files/safe_name.ts";

/** A received index, and the outcome for the files beside it. */
export interface IndexMergeInput {
  /** The local index. */
  before: string;
  /** The received index. */
  theirs: string;
  /** Local names of renamed files, by their received names. */
  renamed: Map<string, string>;
  /** Names of skipped files, as {@linkcode nameKey}s. */
  skipped: Set<string>;
  /** Texts of new files, by their local names. */
  added: Map<string, string>;
}

type NewBlock = Pick<IndexBlock, "kind" | "text">;

/** Texts of the blocks that the local index lacks, and entries for new files without a link in it. */
export function newBlocksOf(input: IndexMergeInput): string[] {
  const gains = newBlocks(input);
  gains.push(...entriesForUnlisted(input, gains));
  const empty = emptyHeadings(gains);
  return gains.filter((block) => !empty.has(block)).map(({ text }) => text);
}

function newBlocks(
  { before, theirs, renamed, skipped }: IndexMergeInput,
): NewBlock[] {
  const known = new KnownBlocks();
  // Also the cleaned text, in which the index would come back from a peer that received
  // it from here.
  for (const index of [before, cleanText(before).text]) {
    for (const { block, under } of underHeadings(parseIndex(index))) {
      known.add(block, under);
    }
  }
  const gains: NewBlock[] = [];
  const blocks = withoutTitle(parseIndex(theirs));
  for (const { block, under } of underHeadings(blocks)) {
    const targets = linkTargets(block.text);
    const isSkipped = targets.length > 0 &&
      targets.every((target) => skipped.has(nameKey(target)));
    const text = plainLinks(selfContained(block.text), renamed);
    const added = { kind: block.kind, text };
    if (isSkipped || known.has(added, under)) continue;
    known.add(added, under);
    gains.push(added);
  }
  return gains;
}

/** Blocks that an index has, each with its heading, so that the same block is not added twice. */
class KnownBlocks {
  readonly #texts = new Set<string>();

  add({ kind, text }: NewBlock, under: string): void {
    if (kind === "heading") return;
    const shown = plainLinks(selfContained(text));
    this.#texts.add(shown).add(underHeading(shown, under));
  }

  /**
   * Whether the block is known. A line that links to a file, or has no heading, means the
   * same anywhere.
   */
  has({ kind, text }: NewBlock, under: string): boolean {
    if (kind === "heading") return false;
    const isAnywhere = under === "" || linkTarget(text) !== null;
    return this.#texts.has(isAnywhere ? text : underHeading(text, under));
  }
}

/** A key that no paragraph or entry can have. */
function underHeading(text: string, heading: string): string {
  return `# ${heading}\n${text}`;
}

/** Blocks, each with the text of its heading; the one of a received section is none of theirs. */
function* underHeadings(
  blocks: IndexBlock[],
): Generator<{ block: IndexBlock; under: string }> {
  let under = "";
  for (const block of blocks) {
    if (block.kind === "heading") {
      under = isSeam(block.text) ? "" : block.text.replace(/^#+\s*/, "");
    }
    yield { block, under };
  }
}

/** Drops the title of the received index, which becomes part of another document here. */
function withoutTitle(blocks: IndexBlock[]): IndexBlock[] {
  return /^#(?:[ \t]|$)/.test(blocks[0]?.text ?? "") ? blocks.slice(1) : blocks;
}

/** An entry for each new file to which no line links; without one Claude would not know of the file. */
function entriesForUnlisted(
  { before, added }: IndexMergeInput,
  gains: NewBlock[],
): NewBlock[] {
  const listed = new Set(
    [before, ...gains.map(({ text }) => text)].flatMap(linkTargets),
  );
  return [...added].filter(([name]) => !listed.has(name))
    .map(([name, text]) => ({ kind: "entry", text: entryFor(name, text) }));
}

/** An entry of one line, whatever the file says of itself. */
function entryFor(name: string, text: string): string {
  const stem = name.replace(/^.*\//, "").replace(/\.md$/i, "");
  // Cleaned after it, because a removal can bring the parts of a tag together.
  const { text: title } = cleanText(
    (frontmatterValue(text, "name") ?? stem).replace(/[[\]\\`]/g, ""),
  );
  const description = frontmatterValue(text, "description");
  const entry = `- [${title}](${targetOf(name)})`;
  return description === null ? entry : `${entry} — ${description}`;
}
