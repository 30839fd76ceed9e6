/**
 * A line that a person edits: what each key does to it, and the part that fits a terminal.
 *
 * @module
 */

import { widthOf } from "../screen/width.ts";
import type { Key } from "./keys.ts";

/** A line around its cursor. */
export interface EditedLine {
  before: string;
  after: string;
}

/** A line without text. */
export const EMPTY: EditedLine = { before: "", after: "" };

/** The whole text of a line. */
export function textOf(line: EditedLine): string {
  return line.before + line.after;
}

/** A line with its cursor at the end. */
export function lineOf(text: string): EditedLine {
  return { before: text, after: "" };
}

/** Returns the line after a key; the same object when the key does not edit. */
export function edit(line: EditedLine, key: Key): EditedLine {
  const { before, after } = line;
  if (key.kind !== "control") return { before: before + key.text, after };
  switch (key.name) {
    case "backspace":
      return { before: withoutLast(before), after };
    case "delete":
      return { before, after: withoutFirst(after) };
    case "left":
      return moved(line, withoutLast(before).length);
    case "right":
      return moved(line, textOf(line).length - withoutFirst(after).length);
    case "home":
      return moved(line, 0);
    case "end":
      return moved(line, textOf(line).length);
    case "clear":
      return { before: "", after };
    case "clear word":
      return {
        before: before.replace(/[\p{L}\p{N}]*[^\p{L}\p{N}]*$/u, ""),
        after,
      };
    case "clear rest":
      return { before, after: "" };
    default:
      return line;
  }
}

function moved(line: EditedLine, cursor: number): EditedLine {
  const text = textOf(line);
  return { before: text.slice(0, cursor), after: text.slice(cursor) };
}

const SEGMENTER = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The characters of a text, as people count them. */
export function charactersOf(text: string): string[] {
  return [...SEGMENTER.segment(text)].map(({ segment }) => segment);
}

function withoutLast(text: string): string {
  return text.slice(0, text.length - (charactersOf(text).at(-1)?.length ?? 0));
}

function withoutFirst(text: string): string {
  return text.slice(charactersOf(text)[0]?.length ?? 0);
}

/** The part of a line that is shown. */
export interface View {
  text: string;
  /** Columns from its start to the cursor. */
  cursor: number;
}

/** Returns the part of a line around its cursor that fits `columns`. */
export function fit(line: EditedLine, columns: number): View {
  const before = charactersOf(printable(line.before));
  const after = charactersOf(printable(line.after));
  // The cursor itself takes a column.
  const start = takeEnd(before, columns - 1);
  const cursor = widthOf(start);
  const end = takeEnd(after.reverse(), columns - 1 - cursor, true);
  return { text: start + end, cursor };
}

/** The last characters that fit, or the first ones of a list that was reversed. */
function takeEnd(
  characters: string[],
  columns: number,
  isReversed = false,
): string {
  let text = "";
  while (characters.length > 0) {
    const next = characters.at(-1)!;
    const longer = isReversed ? text + next : next + text;
    if (widthOf(longer) > columns) break;
    text = longer;
    characters.pop();
  }
  return text;
}

/** Pasted text may hold what would move a cursor. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, " ");
}
