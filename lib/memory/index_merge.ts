/**
 * Merging of a received index into the local one: the blocks to add. `merge.ts` merges the
 * files.
 *
 * The local index stays unchanged. A block that it has already is not added again, but the
 * same line under another heading may mean something else. See docs/protocol.md, section
 * 11.
 *
 * @module
 */

import { cleanText } from "../text/clean_text.ts";
import {
  emptyHeadings,
  type IndexBlock,
  levelOf,
  parseIndex,
} from "./index.ts";
import { linkTarget, linkTargets, renameLinks } from "./links.ts";
import { frontmatterValue, type Provenance } from "./text.ts";
import { nameKey } from "../files/safe_name.ts";

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

/** A block to add to an index. */
export type NewBlock = Pick<IndexBlock, "kind" | "text">;

/** Heading of added blocks, such as `Received from alex@walnut (project shop)`. */
export function headingOf(
  { sender, project }: Pick<Provenance, "sender" | "project">,
): string {
  const from = `Received from ${sender ?? "somebody"}`;
  return inTheOpen(project ? `${from} (project ${project})` : from);
}

/** Blocks that the local index lacks, and entries for new files without a link in it. */
export function newBlocksOf(input: IndexMergeInput): NewBlock[] {
  const gains = newBlocks(input);
  gains.push(...entriesForUnlisted(input, gains));
  const empty = emptyHeadings(gains);
  return gains.filter((block) => !empty.has(block));
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
    const added = reheaded(block, renamed);
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
    const shown = inTheOpen(text);
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

/** Blocks, each with the text of its heading. */
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

/**
 * Shows comments as text: Claude Code removes them from an index, so a person and Claude
 * would see different things.
 */
function inTheOpen(text: string): string {
  return text.replaceAll("<!--", "< !--");
}

/** Drops the title of the received index, which becomes part of another document here. */
function withoutTitle(blocks: IndexBlock[]): IndexBlock[] {
  return /^#(?:[ \t]|$)/.test(blocks[0]?.text ?? "") ? blocks.slice(1) : blocks;
}

/** A block in the form that it has below our heading, with comments made visible. */
function reheaded(
  { kind, text }: IndexBlock,
  renamed: Map<string, string>,
): NewBlock {
  const shown = inTheOpen(text);
  if (kind === "heading") {
    const level = levelOf(shown);
    const marks = "#".repeat(Math.min(6, level + 2));
    return { kind, text: marks + shown.slice(level) };
  }
  return { kind, text: renameLinks(shown, renamed) };
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
