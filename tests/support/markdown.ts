/**
 * Markdown in the eyes of a parser: the reference implementation of CommonMark, which comes
 * without types.
 *
 * @module
 */

import { HtmlRenderer, Parser } from "commonmark";

interface Node {
  firstChild: Node | null;
  next: Node | null;
}

const parser = new Parser() as { parse(markdown: string): Node };
const renderer = new HtmlRenderer() as { render(node: Node): string };

/** The blocks of a document, each as HTML; what is inside of a block is inside of its HTML. */
export function blocksOf(markdown: string): string[] {
  const blocks: string[] = [];
  let node = parser.parse(markdown).firstChild;
  for (; node !== null; node = node.next) blocks.push(renderer.render(node));
  return blocks;
}
