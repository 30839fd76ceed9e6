/**
 * Long texts of a person, split: of one with more than 10 000 characters Claude Code shows
 * the beginning and the end, and sends all of it to the model.
 *
 * @module
 */

import type { Block } from "../schema.ts";

/** Longest text in one block, in UTF-16 units: some less than what is shown whole. */
const MAX_LENGTH = 9000;

/** Part of a piece in which the end of a line, or of a word, is looked for. */
const MAX_REST = 1000;

/** Whether a block of a person is a text that would not be shown whole. */
export function isLong(block: Block): boolean {
  return block.type === "text" && block.text.length > MAX_LENGTH;
}

/** The blocks that replace a block of a person: several for a long text. */
export function splitLong(block: Block): Block[] {
  if (block.type !== "text" || !isLong(block)) return [block];
  return piecesOf(block.text).map((text) => ({ type: "text", text }));
}

/** Pieces of a text that are not blank. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOfPiece(text, at);
    const piece = text.slice(at, end);
    if (piece.trim() !== "") pieces.push(piece);
    at = end;
  }
  return pieces;
}

/** The end of a piece: after a line or else a word, never inside of a character. */
function endOfPiece(text: string, at: number): number {
  const end = at + MAX_LENGTH;
  if (end >= text.length) return text.length;
  // In the rest alone: before it there may be megabytes without either.
  const rest = text.slice(end - MAX_REST, end);
  for (const separator of ["\n", " "]) {
    const last = rest.lastIndexOf(separator);
    if (last !== -1) return end - MAX_REST + last + 1;
  }
  return text.codePointAt(end - 1)! > 0xffff ? end - 1 : end;
}
