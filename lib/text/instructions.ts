/**
 * Detection of text that would instruct Claude instead of informing it.
 *
 * Claude Code loads received memory in every session, so a sentence in it can act like a
 * request of the user. The patterns find the common forms in English and Korean, so that
 * the user looks at them. They prove nothing: they miss other words, languages and
 * spellings, and honest memory matches too.
 *
 * They are matched on the skeleton of the text, without the marks at the beginnings of its
 * lines, and over line breaks within a paragraph.
 *
 * @module
 */

import { PATTERNS, type Phrase } from "./instruction_patterns.ts";
import { skeleton } from "./skeleton.ts";

/** A line that the user should look at. */
export interface Flag {
  /** Counted from 1. */
  line: number;
  /** The kind of instruction that it resembles. */
  why: string;
  /** The words, with what is around them on their lines, shortened. */
  text: string;
}

/** Lines that look like instructions. */
export interface FlaggedLines {
  /** The first of them. */
  flags: Flag[];
  /** The number of all. */
  total: number;
}

/** Most lines told of one text. */
const MAX_FLAGS = 50;

/** Longest excerpt, in UTF-16 units, and most of it before the words. */
const MAX_EXCERPT_LENGTH = 200;
const MAX_LEAD_LENGTH = 40;

/**
 * Marks at the beginning of a line: of lists, quotes and headings. The engine's stack bounds the
 * repetition.
 */
const LINE_MARKS = /^(?:[^\S\n]|[>#*+]|(?:-|\d{1,9}[.)])(?=\s)){1,1000}/gm;

/** Marks of emphasis, and of a line that goes on: in Markdown, and in a shell. */
const EMPHASIS =
  /[*`]{1,1000}|(?<![a-z0-9])_{1,1000}|_{1,1000}(?![a-z0-9_])|\\(?=\n)/g;

/** A match in the searched text. */
interface Span {
  start: number;
  end: number;
}

interface Found {
  /** From 0. */
  line: number;
  why: string;
  span: Span;
}

/** Finds lines that look like instructions, each with the first pattern that it matches. */
export function findInstructions(text: string): FlaggedLines {
  const searched = skeleton(text).replace(LINE_MARKS, "")
    .replace(EMPHASIS, "");
  const starts = lineStarts(searched);
  const isFlagged = new Uint8Array(starts.length);
  const found: Found[] = [];
  let total = 0;
  for (const { why, phrases } of PATTERNS) {
    for (const phrase of phrases) {
      let count = 0;
      for (const span of spansOf(phrase, searched)) {
        const line = lineAt(starts, span.start);
        if (isFlagged[line] === 1) continue;
        isFlagged[line] = 1;
        total++;
        // Matches come in order: later ones are not among the first of all.
        if (count++ < MAX_FLAGS) found.push({ line, why, span });
      }
    }
  }
  found.sort((a, b) => a.line - b.line);
  return { flags: show(found.slice(0, MAX_FLAGS), text, starts), total };
}

function* spansOf(phrase: Phrase, text: string): Generator<Span> {
  if (phrase instanceof RegExp) {
    for (const match of text.matchAll(phrase)) yield spanOf(match);
    return;
  }
  const thens = text.matchAll(phrase.then);
  let then = thens.next();
  for (const match of text.matchAll(phrase.first)) {
    const { start, end } = spanOf(match);
    while (!then.done && then.value.index < end) then = thens.next();
    if (then.done) return;
    const next = spanOf(then.value);
    if (next.start - end > phrase.within) continue;
    const isOneParagraph = !text.slice(end, next.start).includes("\n\n");
    if (isOneParagraph) yield { start, end: next.end };
  }
}

function spanOf(match: RegExpExecArray): Span {
  return { start: match.index, end: match.index + match[0].length };
}

/** Positions at which the lines of a text begin. */
function lineStarts(text: string): Uint32Array {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    count++;
  }
  const starts = new Uint32Array(count);
  for (let line = 1; line < count; line++) {
    starts[line] = text.indexOf("\n", starts[line - 1]) + 1;
  }
  return starts;
}

/** The line that a position is in, from 0. */
function lineAt(starts: Uint32Array, position: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The lines found, as they are in `text`, which has the lines of the searched one. */
function show(found: Found[], text: string, starts: Uint32Array): Flag[] {
  let line = 0;
  let at = 0;
  return found.map(({ line: first, why, span }) => {
    for (; line < first; line++) at = text.indexOf("\n", at) + 1;
    let end = at;
    for (let i = lineAt(starts, span.end - 1); i >= first; i--) {
      const next = text.indexOf("\n", end);
      end = next < 0 ? text.length : next + 1;
    }
    const words = text.slice(at, end);
    // The place is inexact where the skeleton is shorter or longer than the text.
    const lead = span.start - starts[first]! - MAX_LEAD_LENGTH;
    return { line: first + 1, why, text: excerpt(words, lead) };
  });
}

function excerpt(text: string, from: number): string {
  const isWhole = text.length <= MAX_EXCERPT_LENGTH || from <= 0;
  const start = isWhole ? 0 : Math.min(from, text.length - MAX_EXCERPT_LENGTH);
  return text.slice(start, start + MAX_EXCERPT_LENGTH).toWellFormed()
    .replace(/\s+/g, " ").trim();
}
