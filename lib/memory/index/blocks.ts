/**
 * The index of a memory, `MEMORY.md`, which Claude Code loads in every session.
 *
 * An index is parsed into blocks: an entry with its further lines, a heading or a
 * paragraph. Fenced code belongs to the block around it. What was received is in quotes
 * (`received_section.ts`) and is parsed like the rest, without the mark of the quote.
 *
 * @module
 */

/** Lines and bytes of an index that Claude Code loads; it leaves out the rest. */
export const MAX_LOADED_LINES = 200;
export const MAX_LOADED_BYTES = 25_000;

/** A part of an index. */
export interface IndexBlock {
  kind: "entry" | "heading" | "paragraph";
  /** Its lines, without blank ones at the ends, and without the marks of a received quote. */
  text: string;
  /** Whether it was received: it is in a quote, below a heading that says so. */
  isReceived: boolean;
  /** Its first line, and the one after its last, counted from 0. */
  start: number;
  end: number;
}

const HEADING = /^#{1,6}(?:[ \t]|$)/;
const ENTRY = /^[-*+][ \t]/;

/** A line that begins or ends fenced code. */
export const FENCE = /^[ \t]*(?:[-*+][ \t]+)?(`{3,}|~{3,})(.*)$/;

/**
 * A heading of received blocks, ours or one that the sender received: the text above and
 * the text below are different documents.
 */
const SEAM = /^#{1,6} Received from /;

/** A line of an index, and whether it is in the quote of what was received. */
export interface Line {
  text: string;
  isReceived: boolean;
}

/** The lines of an index, those received without the mark of their quote. */
function readLines(index: string): Line[] {
  let isSection = false;
  return splitLines(index).map((line) => {
    const text = line.trimEnd();
    if (HEADING.test(text)) isSection = isSeam(text);
    const isReceived = isSection && text.startsWith(">");
    return { text: isReceived ? text.replace(/^> ?/, "") : text, isReceived };
  });
}

/** Whether a line is the heading of received blocks. */
export function isSeam(line: string): boolean {
  return SEAM.test(line);
}

/** Splits an index into its blocks. */
export function parseIndex(index: string): IndexBlock[] {
  const lines = readLines(index);
  const ends = fenceEnds(lines);
  const blocks: IndexBlock[] = [];
  let open: IndexBlock | null = null;
  for (let start = 0; start < lines.length;) {
    const { isReceived } = lines[start]!;
    const end = ends.get(start) ?? start + 1;
    const text = lines.slice(start, end).map((line) => line.text).join("\n");
    const kind = kindOf(text);
    if (text === "") open = null;
    else if (open?.isReceived === isReceived && kind === "paragraph") {
      open.text += `\n${text}`;
      open.end = end;
    } else {
      const block: IndexBlock = { kind, text, isReceived, start, end };
      blocks.push(block);
      open = kind === "heading" ? null : block;
    }
    start = end;
  }
  return blocks;
}

/** The kind of a block, as its first line has it. */
export function kindOf(text: string): IndexBlock["kind"] {
  if (HEADING.test(text)) return "heading";
  return ENTRY.test(text) ? "entry" : "paragraph";
}

/** Ends of fenced code, by the line of its beginning; a fence that is never closed is not code. */
export function fenceEnds(lines: Line[]): Map<number, number> {
  const ends = new Map<number, number>();
  const closing = new Map<string, number>();
  for (const [at, { text, isReceived }] of [...lines.entries()].reverse()) {
    const isEdge = lines[at + 1]?.isReceived !== isReceived;
    if (isEdge || isSeam(text)) closing.clear();
    const [, marker, info] = FENCE.exec(text) ?? [];
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
 * Removes blocks from an index.
 *
 * @param blocks Blocks from {@linkcode parseIndex}, in its order.
 */
export function removeBlocks(index: string, blocks: IndexBlock[]): string {
  const lines = index.split("\n");
  const kept: string[] = [];
  let at = lines.length;
  const keepTo = (end: number) => {
    while (at > end) kept.push(lines[--at]!);
  };
  for (const { start, end } of blocks.toReversed()) {
    keepTo(end);
    const [before, after] = [lines[start - 1], kept.at(-1)].map((line) =>
      (line ?? "").trim()
    );
    at = start;
    if (!isBlank(before!) || !isBlank(after!)) continue;
    // One blank line goes too: the one before, so that the last line keeps its line end, but
    // not the one before a quote.
    const isFirst = before === "" && after === ">";
    if (start > 0 && !isFirst) at--;
    else kept.pop();
  }
  keepTo(0);
  return kept.reverse().join("\n");
}

/** Whether a line says nothing, in a quote or outside of one. */
export function isBlank(line: string): boolean {
  return line === "" || line === ">";
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
function levelOf(heading: string): number {
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
