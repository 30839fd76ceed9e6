/**
 * The index of a memory, `MEMORY.md`, line by line: what Claude Code loads in every session.
 *
 * An index is read as blocks, each an entry with the lines that belong to it, a heading or a
 * paragraph. Blocks are what is merged and taken back; the text between stays as it is.
 *
 * @module
 */

/** Lines and bytes of an index that Claude Code loads; it leaves out the rest. */
export const MAX_LOADED_LINES = 200;
export const MAX_LOADED_BYTES = 25_000;

/** A part of an index. */
export interface IndexBlock {
  kind: "entry" | "heading" | "paragraph";
  /** Its lines, without blanks at their ends. */
  text: string;
  /** Its first line, and the one after its last, counted from 0. */
  start: number;
  end: number;
}

const HEADING = /^#{1,6}(?:[ \t]|$)/;
const ENTRY = /^[-*+][ \t]/;

/** The first link to a file in a line; no address of another sort. */
const LINK = /(?<!!)(\[[^\]\n]*\]\()(<[^>\n]*>|[^()\s]+)(?=[\s)])/g;

/** Splits an index into its blocks. */
export function parseIndex(index: string): IndexBlock[] {
  const blocks: IndexBlock[] = [];
  let open: IndexBlock | null = null;
  splitLines(index).forEach((line, at) => {
    const text = line.trimEnd();
    if (text === "") {
      open = null;
      return;
    }
    const kind = HEADING.test(text)
      ? "heading"
      : ENTRY.test(text)
      ? "entry"
      : "paragraph";
    if (open !== null && kind === "paragraph") {
      open.text += `\n${text}`;
      open.end = at + 1;
      return;
    }
    const block: IndexBlock = { kind, text, start: at, end: at + 1 };
    blocks.push(block);
    open = kind === "heading" ? null : block;
  });
  return blocks;
}

/** Lines without what ends them. */
function splitLines(text: string): string[] {
  return text.split(/\r?\n/);
}

/** The first file that some text leads to, as a name in the memory folder, or `null`. */
export function linkTarget(text: string): string | null {
  return linkTargets(text)[0] ?? null;
}

/** Every file that some text leads to. */
export function linkTargets(text: string): string[] {
  return Array.from(
    text.matchAll(LINK),
    ([, , target]) => nameOfTarget(target!),
  )
    .filter((name) => name !== null);
}

/** @param target As it stands between the parentheses of a link. */
function nameOfTarget(target: string): string | null {
  const path = target.replace(/^<(.*)>$/, "$1").replace(/[#?].*$/, "");
  if (!/\.md$/i.test(path) || /^[a-z][a-z0-9+.-]*:/i.test(path)) return null;
  try {
    return decodeURIComponent(path).replace(/^\.\//, "");
  } catch {
    return path;
  }
}

/** Lets the links to files that get another name follow them. */
export function renameLinks(
  text: string,
  renamed: Map<string, string>,
): string {
  return text.replace(LINK, (whole, label, target) => {
    const name = nameOfTarget(target);
    const to = name === null ? undefined : renamed.get(name);
    if (to === undefined) return whole;
    return `${label}${/\s/.test(to) ? `<${to}>` : to}`;
  });
}

/**
 * Adds blocks at the end of an index, below a heading; what stands there stays as it is.
 *
 * @param heading Without its `##`; not repeated when it is there and the last.
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
    lines.push(...text.split("\n"));
    last = kind;
    isBlank = false;
  }
  return before + lines.map((line) => line + end).join("");
}

/**
 * Takes blocks out of an index.
 *
 * @param texts Of the blocks; each is taken out wherever it stands.
 */
export function removeBlocks(index: string, texts: Set<string>): string {
  const taken = parseIndex(index).filter(({ text }) => texts.has(text));
  const lines = index.split("\n");
  for (const { start, end } of taken.reverse()) {
    const isBetweenBlanks = (lines[start - 1] ?? "").trim() === "" &&
      (lines[end] ?? "").trim() === "";
    // One of the blanks goes as well: the one before, lest the last line lose its end.
    const first = isBetweenBlanks && start > 0 ? start - 1 : start;
    lines.splice(first, end - start + (isBetweenBlanks ? 1 : 0));
  }
  return lines.join("\n");
}

/** How much of an index Claude Code leaves out, or `null` when it loads all of it. */
export function overflowOf(
  index: string,
): { lines: number; bytes: number } | null {
  const lines = splitLines(index.trimEnd()).length;
  const bytes = new TextEncoder().encode(index).length;
  return lines > MAX_LOADED_LINES || bytes > MAX_LOADED_BYTES
    ? { lines, bytes }
    : null;
}
