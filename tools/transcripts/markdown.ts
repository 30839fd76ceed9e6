/**
 * Markdown by the reference implementation of CommonMark, which comes without types.
 *
 * @module
 */

import { Parser } from "commonmark";

/** A part of a document, as far as it is looked at. */
export interface Node {
  /** Such as `heading`, `link`, `code`, `code_block`, `text`, `html_block`. */
  type: string;
  /** Address of a link or an image. */
  destination?: string | null;
  literal?: string | null;
}

interface Root {
  walker(): { next(): { entering: boolean; node: Node } | null };
}

const parser = new Parser() as { parse(markdown: string): Root };

/** Walks through a document in its order: into each part that has parts, and out of it. */
export function* walk(
  markdown: string,
): Generator<{ entering: boolean; node: Node }> {
  const walker = parser.parse(markdown).walker();
  for (let at = walker.next(); at !== null; at = walker.next()) yield at;
}
