/**
 * Removal of a received section from an index that was edited since: the lines of the sender
 * go, wherever they are now, and every other line stays as it is.
 *
 * @module
 */

import { isBlank, parseIndex } from "./blocks.ts";

/** A section that `appendReceived()` added to an index. */
export interface Section {
  /** Its heading, without `##`. */
  heading: string;
  /** The index before it was added, and with it. */
  before: string;
  after: string;
  /** Whether a received block stays. */
  isKept: (text: string) => boolean;
}

/** An index without a section. */
export interface Reduced {
  index: string;
  /** Received lines that were not found: edited or removed since. */
  missing: number;
  /** Lines in quotes below the heading that stay: received ones as they were edited since. */
  left: number;
}

/** The lines to remove, each with its place in the section. */
type Found = Map<number, number>;

/** Takes a section out of an index. */
export function takeBack(index: string, section: Section): Reduced {
  const lines = index.split("\n");
  const texts = lines.map((line) => line.trimEnd());
  const title = `## ${section.heading}`;
  const before = linesOf(section.before);
  const added = linesOf(section.after).slice(before.length);
  const kept = keptPlaces(section, before.length);
  const wanted = added.flatMap((text, i) =>
    isBlank(text) || kept.has(i) ? [] : [i]
  );
  const found = find(texts, before, added, wanted);
  const places = new Set(found.values());
  const missing = wanted.filter((i) => added[i] !== title && !places.has(i));
  const known = new Set(before);
  // Where all is found, quotes that are left are the user's own.
  const left = missing.length === 0 && kept.size === 0
    ? []
    : quotesUnder(index, title).filter((at) =>
      !found.has(at) && !known.has(texts[at]!)
    );
  const heads = left.length === 0
    ? []
    : [...found.keys()].filter((at) => texts[at] === title);
  for (const at of heads) found.delete(at);
  const gone = withBlanks(found, texts, added);
  // A blank line stays between what stays of the section and the text below it.
  for (const at of [...heads, ...left]) {
    let next = at + 1;
    while (gone.has(next) && texts[next] !== "") next++;
    gone.delete(next);
  }
  const keptTexts = new Set(Array.from(kept, (i) => added[i]!));
  return {
    index: lines.filter((_, at) => !gone.has(at)).join("\n"),
    missing: missing.length,
    left: left.filter((at) => !keptTexts.has(texts[at]!)).length,
  };
}

/** Lines without their ends. */
function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return text === "" || text.endsWith("\n") ? lines.slice(0, -1) : lines;
}

/** The places in the section of blocks that stay. */
function keptPlaces({ after, isKept }: Section, first: number): Set<number> {
  const places = new Set<number>();
  for (const { isReceived, text, start, end } of parseIndex(after)) {
    if (!isReceived || start < first || !isKept(text)) continue;
    for (let at = start; at < end; at++) places.add(at - first);
  }
  return places;
}

/** Finds the lines of the section: of equal ones the last, and no more than were added. */
function find(
  texts: string[],
  before: string[],
  added: string[],
  wanted: number[],
): Found {
  const more = new Map<string, number>();
  for (const text of texts) more.set(text, (more.get(text) ?? 0) + 1);
  for (const text of before) more.set(text, (more.get(text) ?? 0) - 1);
  const places = Map.groupBy(wanted, (i) => added[i]!);
  const found: Found = new Map();
  for (const [at, text] of [...texts.entries()].reverse()) {
    const count = more.get(text)!;
    const place = count > 0 ? places.get(text)?.pop() : undefined;
    if (place === undefined) continue;
    found.set(at, place);
    more.set(text, count - 1);
  }
  return found;
}

/** The lines in quotes in sections of this heading. */
function quotesUnder(index: string, title: string): number[] {
  const texts = linesOf(index);
  const headings = parseIndex(index).filter(({ kind, isReceived }) =>
    kind === "heading" && !isReceived
  );
  return headings.flatMap(({ text, end }, i) => {
    if (text !== title) return [];
    const next = headings[i + 1]?.start ?? texts.length;
    return texts.slice(end, next).flatMap((line, offset) =>
      line.startsWith(">") && !isBlank(line) ? [end + offset] : []
    );
  });
}

/** Adds the blank lines beside those found that were added with them. */
function withBlanks(
  found: Found,
  texts: string[],
  added: string[],
): Set<number> {
  const gone = new Set(found.keys());
  for (const [at, place] of found) {
    for (const step of [-1, 1]) {
      for (let by = step;; by += step) {
        const text = added[place + by];
        if (text === undefined || !isBlank(text)) break;
        if (texts[at + by] !== text || gone.has(at + by)) break;
        gone.add(at + by);
      }
    }
  }
  return gone;
}
