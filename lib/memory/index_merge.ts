/**
 * Merging of a received index into the one here: what that gains (`merge.ts` has the
 * files).
 *
 * Nothing that is here is changed. What is here already is not added again; one line may
 * still mean different things under different headings.
 * See docs/protocol.md, section 11.
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

/** A received index, and what becomes of the files beside it. */
export interface IndexMergeInput {
  /** The index here. */
  before: string;
  /** The received one. */
  theirs: string;
  /** Names here of files that got another one, by their names there. */
  renamed: Map<string, string>;
  /** Names of files that are left out, as {@linkcode nameKey}s. */
  skipped: Set<string>;
  /** Texts of files that are new here, by their names here. */
  added: Map<string, string>;
}

/** A block to add to an index. */
export type NewBlock = Pick<IndexBlock, "kind" | "text">;

/** `Received from alex@walnut (project shop)`: what is added to an index stands below it. */
export function headingOf(
  { sender, project }: Pick<Provenance, "sender" | "project">,
): string {
  const from = `Received from ${sender ?? "somebody"}`;
  return inTheOpen(project ? `${from} (project ${project})` : from);
}

/** Blocks that the index here does not have yet, and entries for files that it does not lead to. */
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
  // Also as it would arrive: cleaned, from somebody who got it from here.
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

/** What an index says, and under which heading, so that the same words there are not said again. */
class KnownBlocks {
  readonly #texts = new Set<string>();

  add({ kind, text }: NewBlock, under: string): void {
    if (kind === "heading") return;
    const shown = inTheOpen(text);
    this.#texts.add(shown).add(underHeading(shown, under));
  }

  /** A line that leads to a file, or is under no heading, means the same wherever it stands. */
  has({ kind, text }: NewBlock, under: string): boolean {
    if (kind === "heading") return false;
    const isAnywhere = under === "" || linkTarget(text) !== null;
    return this.#texts.has(isAnywhere ? text : underHeading(text, under));
  }
}

/** Unlike every block that is no heading. */
function underHeading(text: string, heading: string): string {
  return `# ${heading}\n${text}`;
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

/** An entry for each new file that no line leads to: Claude would not know of it. */
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
