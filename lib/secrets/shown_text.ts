/**
 * A text as it is shown: without what nobody sees, such as the escapes that color a terminal.
 *
 * A secret may have such characters in it or beside it, and whoever receives the text removes them
 * (`lib/text`). So what is shown is searched too, and its places are told in the text as it is.
 *
 * @module
 */

import { afterEscape } from "../text/escapes.ts";

/** A text without unseen characters. */
export interface ShownText {
  text: string;
  /** Returns the place in the whole text of a character. */
  placeOf(at: number): number;
}

/** Colors of a terminal, as strings write their escapes. */
const WRITTEN = String
  .raw`\\{1,4}(?:u001[bB]|x1[bB]|033)\[[\d;]{0,20}[A-Za-z]`;

/** Beginnings of those. */
const WRITTEN_STARTS = ["\\u001b[", "\\u001B[", "\\x1b[", "\\x1B[", "\\033["];

/**
 * Characters that nobody sees: escapes, controls, and what Unicode calls format characters. Line
 * ends stay.
 */
const UNSEEN = new RegExp(
  String
    .raw`[\x1b\x90\x98\x9b\x9d-\x9f]|(?![\t\n\r])\p{Cc}|\r(?!\n)|[\p{Cf}\p{DI}]|${WRITTEN}`,
  "gu",
);

/** Units of UTF-16 that may be one of these or begin one, apart from CR: that goes fast. */
const MAY_BE_UNSEEN =
  // deno-lint-ignore no-control-regex -- the pattern is about these characters
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u0600-\u070f\u0890-\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud804\ud80d\ud82f\ud834\udb40-\udb43]/;

const LONE_CR = /\r(?!\n)/;

/** Tells fast that a text has nothing to leave out. */
function isAllShown(text: string): boolean {
  return !MAY_BE_UNSEEN.test(text) &&
    !(text.includes("\r") && LONE_CR.test(text)) &&
    !WRITTEN_STARTS.some((start) => text.includes(start));
}

/** Returns what is shown of a text; `null` when that is all of it. */
export function shownText(text: string): ShownText | null {
  if (isAllShown(text)) return null;
  const parts: string[] = [];
  /** Place of each part among those shown, and in the whole text. */
  const shownAt: number[] = [];
  const starts: number[] = [];
  let start = 0;
  let length = 0;
  const keep = (end: number) => {
    if (end <= start) return;
    parts.push(text.slice(start, end));
    shownAt.push(length);
    starts.push(start);
    length += end - start;
  };
  for (const { 0: { length: width }, index } of text.matchAll(UNSEEN)) {
    // Inside the escape before.
    if (index < start) continue;
    keep(index);
    start = width > 1 ? index + width : endOf(text, index);
  }
  if (start === 0) return null;
  keep(text.length);
  return {
    text: parts.join(""),
    placeOf(at) {
      let low = 0;
      let high = shownAt.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (shownAt[middle]! <= at) low = middle;
        else high = middle - 1;
      }
      return (starts[low] ?? 0) + at - (shownAt[low] ?? 0);
    },
  };
}

// deno-lint-ignore no-control-regex -- the pattern is about these characters
const ESCAPE = /[\x1b\x90\x98\x9b\x9d-\x9f]/;

function endOf(text: string, at: number): number {
  return ESCAPE.test(text[at]!) ? afterEscape(text, at) : at + 1;
}

/** Returns a short text as it is shown. */
export function shown(text: string): string {
  return shownText(text)?.text ?? text;
}

/** Places that were found in what is shown, as places in the whole text. */
export function placesIn(
  shown: ShownText,
  { start, end }: { start: number; end: number },
): { start: number; end: number } {
  return { start: shown.placeOf(start), end: shown.placeOf(end - 1) + 1 };
}
