/**
 * Many literal values, found in a text at once.
 *
 * The search is Wu and Manber's: a table says by three characters how far away the next value can
 * begin, so that most of a text is skipped. Where one may begin, a binary search among the sorted
 * values finds the longest. The time is linear in the text, however many values there are.
 *
 * @module
 */

import { ESCAPED } from "./rules/rule.ts";
import { placesIn, shownText } from "./shown_text.ts";

/** Length of the shortest value that can be searched for, in UTF-16 units. */
const MIN_LITERAL_LENGTH = 4;

/** Length of the part of a value that the table goes by, in UTF-16 units. */
const BLOCK = 3;

const BITS = 0x3ffff;

/** Length from which a value is found inside a longer word too. */
const LONG = 16;

/** Longest part of values that the table is made from: longer skips save little. */
const MAX_WINDOW = 64;

const WORD = /[\p{L}\p{N}_]/u;

const AFTER_ESCAPE = new RegExp(`(?:${ESCAPED})$`);

/** A value where it stands in a text. */
export interface Written {
  start: number;
  end: number;
  /** The value as it is shown there. */
  form: string;
}

/** A set of values, and where they stand in texts. */
export class Literals {
  /** Sorted, without duplicates. */
  readonly #values: string[];
  /** Index of the longest value that each value begins with; −1 for none. */
  readonly #parents: Int32Array;
  /** Distances to the next place where a value may begin, by the hash of a block. */
  readonly #shifts = new Uint8Array(BITS + 1);
  /** Length of the part of all values that the table is made from. */
  readonly #window: number;

  /** @param values Shorter ones than {@linkcode MIN_LITERAL_LENGTH} are ignored. */
  constructor(values: Iterable<string>) {
    this.#values = [...new Set(values)]
      .filter(({ length }) => length >= MIN_LITERAL_LENGTH).sort();
    this.#window = this.#values.reduce(
      (least, { length }) => Math.min(least, length),
      MAX_WINDOW,
    );
    this.#parents = parentsOf(this.#values);
    const last = this.#window - BLOCK;
    this.#shifts.fill(last + 1);
    for (const value of this.#values) {
      for (let at = 0; at <= last; at++) {
        const hash = hashAt(value, at);
        this.#shifts[hash] = Math.min(this.#shifts[hash]!, last - at);
      }
    }
  }

  /** Finds the values in a text: the longest at each place, without overlaps. */
  find(text: string): [start: number, end: number][] {
    const found: [start: number, end: number][] = [];
    if (this.#values.length === 0) return found;
    const shifts = this.#shifts;
    const toBlock = this.#window - BLOCK;
    for (let at = 0; at <= text.length - this.#window;) {
      const shift = shifts[hashAt(text, at + toBlock)]!;
      const length = shift === 0 ? this.#longestAt(text, at) : 0;
      if (length > 0) found.push([at, at + length]);
      at += Math.max(shift, length, 1);
    }
    return found;
  }

  /** Finds the values in a text, also where unseen characters are in them, without overlaps. */
  findShown(text: string): Written[] {
    const found = this.find(text).map(([start, end]) => (
      { start, end, form: text.slice(start, end) }
    ));
    const shown = this.#values.length === 0 ? null : shownText(text);
    if (shown === null) return found;
    for (const [start, end] of this.find(shown.text)) {
      const form = shown.text.slice(start, end);
      found.push({ ...placesIn(shown, { start, end }), form });
    }
    return united(found);
  }

  /** Length of the longest value that stands at `start`; 0 for none. */
  #longestAt(text: string, start: number): number {
    let low = 0;
    let high = this.#values.length;
    // Values between two others begin with the text that both of these begin with.
    let lowCommon = 0;
    let highCommon = 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const value = this.#values[middle]!;
      const known = Math.min(lowCommon, highCommon);
      const common = commonLength(value, text, start, known);
      if (isAfter(value, text, start, common)) {
        high = middle;
        highCommon = common;
      } else {
        low = middle + 1;
        lowCommon = common;
      }
    }
    for (let index = low - 1; index >= 0; index = this.#parents[index]!) {
      const { length } = this.#values[index]!;
      if (length <= lowCommon && isWhole(text, start, length)) return length;
    }
    return 0;
  }
}

/** Unites values that overlap, under the one that begins first. */
function united(found: Written[]): Written[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const whole: Written[] = [];
  for (const one of found) {
    const last = whole.at(-1);
    if (last === undefined || one.start >= last.end) whole.push(one);
    else last.end = Math.max(last.end, one.end);
  }
  return whole;
}

/** The longest of the values before it that each sorted value begins with; −1 for none. */
function parentsOf(values: string[]): Int32Array {
  const parents = new Int32Array(values.length);
  const open: number[] = [];
  for (const [index, value] of values.entries()) {
    while (open.length > 0 && !value.startsWith(values[open.at(-1)!]!)) {
      open.pop();
    }
    parents[index] = open.at(-1) ?? -1;
    open.push(index);
  }
  return parents;
}

/** A hash of 18 bits of the block at a place. */
function hashAt(text: string, at: number): number {
  return ((text.charCodeAt(at) << 11) ^ (text.charCodeAt(at + 1) << 6) ^
    text.charCodeAt(at + 2)) & BITS;
}

/** Length of what a value and the text at `start` have in common, at least `known`. */
function commonLength(
  value: string,
  text: string,
  start: number,
  known: number,
): number {
  const end = Math.min(value.length, text.length - start);
  let length = known;
  while (
    length < end && value.charCodeAt(length) === text.charCodeAt(start + length)
  ) length++;
  return length;
}

/** Whether a value is sorted after the text at `start`, with which it has `common` in common. */
function isAfter(
  value: string,
  text: string,
  start: number,
  common: number,
): boolean {
  if (common === value.length) return false;
  return start + common === text.length ||
    value.charCodeAt(common) > text.charCodeAt(start + common);
}

/** Whether a short value is not a part of a longer word. */
function isWhole(text: string, start: number, length: number): boolean {
  if (length >= LONG) return true;
  const end = start + length;
  if (WORD.test(text[end - 1]!) && WORD.test(text[end] ?? "")) return false;
  return !WORD.test(text[start]!) || !WORD.test(text[start - 1] ?? "") ||
    AFTER_ESCAPE.test(text.slice(Math.max(0, start - 24), start));
}
