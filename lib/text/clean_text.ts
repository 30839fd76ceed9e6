/**
 * Cleaning of received text before a person or a model sees it: the one way to render it.
 *
 * Text from another machine can steer a terminal, hide words that a model still reads, or
 * pose as a message of the program that shows it. Cleaning removes or defuses such parts
 * and keeps the text that a person would read. `--output` keeps the exact bytes.
 *
 * @module
 */

import { removeUnseen } from "./characters.ts";
import { skeletonOf } from "./skeleton.ts";
import { defuseTags } from "./tags.ts";

/** Cleaned text, and how many characters or sequences of each sort were removed. */
export interface CleanedText {
  text: string;
  removed: Record<RemovedSort, number>;
}

/** Sorts of removed text; `tags` are not removed but defused by a blank after `<`. */
export type RemovedSort =
  | "escapes"
  | "controls"
  | "bidi"
  | "invisible"
  | "tags";

/** Removes from `text` everything that could act on its reader. */
export function cleanText(text: string): CleanedText {
  const removed = { escapes: 0, controls: 0, bidi: 0, invisible: 0, tags: 0 };
  const seen = removeUnseen(text, removed);
  // After it, because a removal can bring the parts of a tag together.
  const defused = defuseTags(seen);
  removed.tags = defused.count;
  return { text: defused.text, removed };
}

/** Number of removals in a text, of all sorts. */
export function countRemoved(removed: CleanedText["removed"]): number {
  return Object.values(removed).reduce((sum, count) => sum + count, 0);
}

/** Beginnings of a command's own lines, in output that also shows received text. */
const OWN_WORDS = ["spread:", "claude-spread:"];

/** Longest part of a line that is looked at, after blanks, in UTF-16 units. */
const MAX_START_LENGTH = 64;

/** Blanks at the beginning of a line, before what may be those words. */
// deno-lint-ignore no-control-regex -- the pattern is about these characters
const STARTS = /^[^\S\n]*(?=[SCsc]|[^\x00-\x7f])/gm;

/**
 * Marks lines that look like those of the command that shows the text.
 *
 * @param cleaned Already cleaned, because a removal can create such a line.
 * @returns The text, and a warning; `null` when no line was marked.
 */
export function markPosingLines(
  cleaned: string,
): { text: string; warning: string | null } {
  let marked = 0;
  const text = cleaned.replace(STARTS, (blanks: string, at: number) => {
    if (!isPosingLine(cleaned, at + blanks.length)) return blanks;
    marked++;
    return `> ${blanks}`;
  });
  const warning = marked === 0 ? null : "Lines that imitate messages of " +
    `this command are marked with > (${marked})`;
  return { text, warning };
}

function isPosingLine(text: string, start: number): boolean {
  let read = "";
  for (let at = start; at < start + MAX_START_LENGTH;) {
    const code = text.codePointAt(at);
    if (code === undefined || code === 0x0a) return false;
    read = (read + skeletonOf(code)).trimStart();
    if (OWN_WORDS.some((words) => read.startsWith(words))) return true;
    if (!OWN_WORDS.some((words) => words.startsWith(read))) return false;
    at += code > 0xffff ? 2 : 1;
  }
  return false;
}

/**
 * One line of at most `maxLength` characters, cleaned, for names and addresses. It holds no half of
 * a surrogate pair, which nobody could repeat.
 */
export function cleanLine(text: string, maxLength: number): string {
  const { text: cleaned } = cleanText(text.toWellFormed());
  // Once more, because a tag may have been two lines.
  const line = defuseTags(cleaned.replace(/\s+/g, " ")).text.trim();
  if (line.length <= maxLength) return line;
  const end = line.codePointAt(maxLength - 2)! > 0xffff ? 2 : 1;
  // What joins two characters, or the letters of a flag, stays only between them.
  const start = line.slice(0, maxLength - end)
    .replace(/[\u200b-\u200d\u{e0020}-\u{e007f}]+$/u, "");
  return `${start}…`;
}

/**
 * A name that another machine gave, as a part of a sentence: one line of at most `maxLength`
 * characters, in quotes that nothing in it ends.
 */
export function quoteName(name: string, maxLength: number): string {
  return `"${cleanLine(name, maxLength).replaceAll('"', "'")}"`;
}
