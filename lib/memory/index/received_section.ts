/**
 * The section of an index for what was received: a heading that says from whom, and a quote.
 *
 * In Markdown nothing can leave a quote each line of which is marked, and a blank line ends
 * it. So headings, code, HTML and comments of the sender's stay what they are and where they
 * are, for people, and for Claude, who reads the marks. See docs/protocol.md, section 11.
 *
 * @module
 */

import { defuseTags } from "../../text/tags.ts";
import type { Provenance } from "../text.ts";
import { kindOf, parseIndex } from "./blocks.ts";

/** Characters by which a name could become a link, code, HTML, emphasis or the end of a heading. */
const STEERING = /[\\`*[\]<>&~|#]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;

/** Heading of a section without its `##`: `Received from alex@walnut (project shop)`. */
export function headingOf(
  { sender, project }: Pick<Provenance, "sender" | "project">,
): string {
  const from = `Received from ${plain(sender || "somebody")}`;
  return project ? `${from} (project ${plain(project)})` : from;
}

function plain(name: string): string {
  return name.replace(STEERING, "\\$&");
}

/**
 * Adds received blocks at the end of an index; the rest of the index stays unchanged.
 *
 * @param heading From {@linkcode headingOf}; not repeated when it is already the last one.
 * @param blocks Texts of blocks.
 */
export function appendReceived(
  index: string,
  heading: string,
  blocks: string[],
): string {
  const end = index.includes("\r\n") ? "\r\n" : "\n";
  const title = `## ${heading}`;
  const last = parseIndex(index).findLast(({ kind, isReceived }) =>
    kind === "heading" && !isReceived
  );
  const before = index === "" || index.endsWith("\n") ? index : index + end;
  const lines = [...quoted(blocks), ""];
  if (last?.text !== title) lines.unshift(title, "");
  if (before !== "" && !/\n[ \t]*\r?\n$/.test(before)) lines.unshift("");
  return before + lines.map((line) => line + end).join("");
}

function quoted(blocks: string[]): string[] {
  const lines = blocks.flatMap((block, i) => {
    const isList = [block, blocks[i - 1] ?? ""].every((text) =>
      kindOf(text) === "entry"
    );
    const lines = block.split("\n").map((line) => `> ${line}`.trimEnd());
    return i === 0 || isList ? lines : [">", ...lines];
  });
  // Once more: the mark of a quote can end a tag that the line before it begins.
  return defuseTags(lines.join("\n")).text.split("\n");
}
