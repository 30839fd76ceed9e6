/**
 * The index of a memory, `MEMORY.md`, which Claude Code loads in every session.
 *
 * An index is parsed into blocks: an entry with its further lines, a heading or a
 * paragraph. Fenced code belongs to the block around it. Merging and undoing add and remove
 * whole blocks; the text between blocks stays unchanged.
 *
 * @module
 */

/** Lines and bytes of an index that Claude Code loads; it leaves out the rest. */
export const MAX_LOADED_LINES = 200;
export const MAX_LOADED_BYTES = 25_000;

/** A part of an index. */
export interface IndexBlock {
  kind: "entry" | "heading" | "paragraph";
  /** Its lines, without blank ones at the ends. */
  text: string;
  /** Its first line, and the one after its last, counted from 0. */
  start: number;
  end: number;
}

const HEADING = /^#{1,6}(?:[ \t]|$)/;
const ENTRY = /^[-*+][ \t]/;

/** A line that begins or ends fenced code. */
const FENCE = /^[ \t]*(?:[-*+][ \t]+)?(`{3,}|~{3,})(.*)$/;

/**
 * A heading of received blocks, ours or one that the sender received: the text above and
 * the text below are different documents.
 */
const SEAM = /^#{1,6} Received from /;

/** Splits an index into its blocks. */
export function parseIndex(index: string): IndexBlock[] {
  const lines = splitLines(index).map((line) => line.trimEnd());
  const ends = fenceEnds(lines);
  const blocks: IndexBlock[] = [];
  let open: IndexBlock | null = null;
  for (let start = 0; start < lines.length;) {
    const end = ends.get(start) ?? start + 1;
    const text = lines.slice(start, end).join("\n");
    const kind = kindOf(text);
    if (text === "") open = null;
    else if (open !== null && kind === "paragraph") {
      open.text += `\n${text}`;
      open.end = end;
    } else {
      const block: IndexBlock = { kind, text, start, end };
      blocks.push(block);
      open = kind === "heading" ? null : block;
    }
    start = end;
  }
  return blocks;
}

function kindOf(text: string): IndexBlock["kind"] {
  if (HEADING.test(text)) return "heading";
  return ENTRY.test(text) ? "entry" : "paragraph";
}

/** Ends of fenced code, by the line of its beginning; a fence that is never closed is not code. */
function fenceEnds(lines: string[]): Map<number, number> {
  const ends = new Map<number, number>();
  const closing = new Map<string, number>();
  for (const [at, line] of [...lines.entries()].reverse()) {
    if (SEAM.test(line)) closing.clear();
    const [, marker, info] = FENCE.exec(line) ?? [];
    if (marker === undefined) continue;
    const end = closing.get(marker);
    if (end !== undefined) ends.set(at, end + 1);
    if (info === "") closing.set(marker, at);
  }
  return ends;
}

/** Lines without their line ends. */
function splitLines(text: string): string[] {
  return text.split(/\r?\n/);
}

/**
 * Adds blocks at the end of an index, below a heading; the rest of the index stays
 * unchanged.
 *
 * @param heading Heading without its `##`; not repeated when it is already the last one.
 */
export function appendBlocks(
  index: string,
  heading: string,
  blocks: Pick<IndexBlock, "kind" | "text">[],
): string {
  const end = index.includes("\r\n") ? "\r\n" : "\n";
  const title = `## ${heading}`;
  const headings = parseIndex(index).filter(({ kind }) => kind === "heading");
  const added = headings.at(-1)?.text === title
    ? blocks
    : [{ kind: "heading" as const, text: title }, ...blocks];
  const before = index === "" || index.endsWith("\n") ? index : index + end;
  const lines: string[] = [];
  let last = parseIndex(index).at(-1)?.kind ?? null;
  let isBlank = before === "" || /\n[ \t]*\r?\n$/.test(before);
  for (const { kind, text } of added) {
    const isList = kind === "entry" && last === "entry";
    if (!isList && !isBlank) lines.push("");
    lines.push(text.replaceAll("\n", end));
    last = kind;
    isBlank = false;
  }
  return before + lines.map((line) => line + end).join("");
}

/**
 * Removes blocks from an index.
 *
 * @param blocks Blocks from {@linkcode parseIndex}, in its order.
 */
export function removeBlocks(index: string, blocks: IndexBlock[]): string {
  const lines = index.split("\n");
  for (const { start, end } of blocks.toReversed()) {
    const isBetweenBlanks = (lines[start - 1] ?? "").trim() === "" &&
      (lines[end] ?? "").trim() === "";
    // One blank line goes too: the one before, so that the last line keeps its line end.
    const first = isBetweenBlanks && start > 0 ? start - 1 : start;
    lines.splice(first, end - start + (isBetweenBlanks ? 1 : 0));
  }
  return lines.join("\n");
}

/**
 * Removes the blocks that {@linkcode appendBlocks} added to an index that was edited since.
 *
 * @param texts Texts of the blocks. Of equal blocks the last one goes; a heading goes only
 *   when nothing is left under it.
 */
export function takeBackBlocks(
  index: string,
  heading: string,
  texts: string[],
): string {
  const counts = new Map<string, number>();
  for (const text of [`## ${heading}`, ...texts]) {
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const blocks = parseIndex(index);
  const added = new Set<IndexBlock>();
  for (const block of blocks.toReversed()) {
    const count = counts.get(block.text) ?? 0;
    if (count > 0) added.add(block);
    counts.set(block.text, count - 1);
  }
  const left = blocks.filter((block) =>
    block.kind === "heading" || !added.has(block)
  );
  const empty = emptyHeadings(left);
  return removeBlocks(
    index,
    blocks.filter((block) =>
      added.has(block) && (block.kind !== "heading" || empty.has(block))
    ),
  );
}

/** Headings with nothing under them but other headings. */
export function emptyHeadings<Block extends Pick<IndexBlock, "kind" | "text">>(
  blocks: Block[],
): Set<Block> {
  const empty = new Set<Block>();
  // Only a heading above this level, counted in marks, has anything under it.
  let level = 0;
  for (const block of blocks.toReversed()) {
    if (block.kind !== "heading") level = 7;
    else if (levelOf(block.text) < level) level = levelOf(block.text);
    else empty.add(block);
  }
  return empty;
}

/** Level of a heading, in marks. */
export function levelOf(heading: string): number {
  return /^#+/.exec(heading)![0].length;
}

/** The part of an index that Claude Code leaves out, or `null` when it loads all of it. */
export function overflowOf(
  index: string,
): { lines: number; bytes: number } | null {
  const lines = splitLines(index.trimEnd()).length;
  const bytes = new TextEncoder().encode(index).length;
  return lines > MAX_LOADED_LINES || bytes > MAX_LOADED_BYTES
    ? { lines, bytes }
    : null;
}
