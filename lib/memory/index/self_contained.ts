/**
 * Received blocks that stand for themselves, so that they mean the same wherever they are put.
 *
 * A quote holds everything but definitions; and a fence that a block leaves open would take the
 * next blocks of the same sender for code.
 *
 * @module
 */

import { FENCE, fenceEnds } from "./blocks.ts";

/**
 * Beginning of a link reference definition or a footnote, up to its colon. Linear time: a
 * label ends where another could begin.
 */
const DEFINITION = /^([ \t>*+\-\d.)]*\[(?:[^[\]\\]|\\[^])*\]):/gm;

/** A block with its definitions and open fences shown as text. */
export function selfContained(block: string): string {
  return withoutOpenFences(block).replace(DEFINITION, "$1\\:");
}

function withoutOpenFences(block: string): string {
  const lines = block.split("\n");
  const ends = fenceEnds(
    lines.map((text) => ({ text, isReceived: true })),
  );
  for (let at = 0; at < lines.length; at = ends.get(at) ?? at + 1) {
    if (ends.has(at)) continue;
    lines[at] = lines[at]!.replace(
      FENCE,
      (line, marker: string) => line.replace(marker, `\\${marker}`),
    );
  }
  return lines.join("\n");
}
