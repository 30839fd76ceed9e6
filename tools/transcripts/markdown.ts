/**
 * Markdown by the reference implementation of CommonMark, which comes without types.
 *
 * @module
 */

import { HtmlRenderer, Parser } from "commonmark";

/** A part of a document, as far as it is looked at. */
export interface Node {
  /** Such as `heading`, `link`, `code`, `code_block`, `text`, `html_block`. */
  type: string;
  /** Address of a link or an image. */
  destination?: string | null;
  literal?: string | null;
  firstChild: Node | null;
  next: Node | null;
}

/** One step through a document: into a part, or out of it. */
interface Step {
  entering: boolean;
  node: Node;
}

interface Root extends Node {
  walker(): { next(): Step | null };
}

const parser = new Parser() as { parse(markdown: string): Root };
const renderer = new HtmlRenderer() as { render(node: Node): string };

/** The blocks of a document, each as HTML; what is inside of a block is inside of its HTML. */
export function blocksOf(markdown: string): string[] {
  const blocks: string[] = [];
  let node = parser.parse(markdown).firstChild;
  for (; node !== null; node = node.next) blocks.push(renderer.render(node));
  return blocks;
}

/** Walks through a document in its order: into each part that has parts, and out of it. */
export function* walk(markdown: string): Generator<Step> {
  const walker = parser.parse(markdown).walker();
  for (let at = walker.next(); at !== null; at = walker.next()) yield at;
}
