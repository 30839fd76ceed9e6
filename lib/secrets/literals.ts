/**
 * Many literal values, found in a text at once.
 *
 * The time is linear in the text, however many values there are: a table of 2^16 bits says where
 * none can begin, and a binary search among the sorted values finds the longest elsewhere.
 *
 * @module
 */

/** Length of the shortest value that can be searched for, in UTF-16 units. */
export const MIN_LITERAL_LENGTH = 4;

/** Length from which a value is found inside a longer word too. */
const LONG = 16;

const WORD = /[\p{L}\p{N}_]/u;

/** A set of values, and where they stand in texts. */
export class Literals {
  /** Sorted, without duplicates. */
  readonly #values: string[];
  /** Index of the longest value that each value begins with; −1 for none. */
  readonly #parents: Int32Array;
  readonly #starts = new Uint8Array(1 << 16);

  /** @param values Shorter ones than {@linkcode MIN_LITERAL_LENGTH} are ignored. */
  constructor(values: Iterable<string>) {
    this.#values = [...new Set(values)]
      .filter(({ length }) => length >= MIN_LITERAL_LENGTH).sort();
    this.#parents = new Int32Array(this.#values.length).fill(-1);
    const open: number[] = [];
    for (const [index, value] of this.#values.entries()) {
      while (open.length && !value.startsWith(this.#values[open.at(-1)!]!)) {
        open.pop();
      }
      this.#parents[index] = open.at(-1) ?? -1;
      open.push(index);
      let hash = 0;
      for (let at = 0; at < MIN_LITERAL_LENGTH; at++) {
        hash = mixed(hash, value.charCodeAt(at));
      }
      this.#starts[hash] = 1;
    }
  }

  /** Yields the values in a text: the longest at each place, without overlaps. */
  *find(text: string): Generator<[start: number, end: number]> {
    if (this.#values.length === 0) return;
    let hash = 0;
    let free = 0;
    for (let at = 0; at < text.length; at++) {
      hash = mixed(hash, text.charCodeAt(at));
      if (this.#starts[hash] === 0) continue;
      const start = at - MIN_LITERAL_LENGTH + 1;
      if (start < free) continue;
      const length = this.#longestAt(text, start);
      if (length === 0) continue;
      free = start + length;
      yield [start, free];
    }
  }

  /** Length of the longest value that stands at `start`; 0 for none. */
  #longestAt(text: string, start: number): number {
    let low = 0;
    let high = this.#values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isAfter(this.#values[middle]!, text, start)) high = middle;
      else low = middle + 1;
    }
    if (low === 0) return 0;
    const common = commonLength(this.#values[low - 1]!, text, start);
    for (let index = low - 1; index !== -1; index = this.#parents[index]!) {
      const { length } = this.#values[index]!;
      if (length <= common && isWhole(text, start, length)) return length;
    }
    return 0;
  }
}

/** Takes a character into a hash of 16 bits, which four more characters push out again. */
function mixed(hash: number, code: number): number {
  return ((hash << 4) ^ code ^ (code >> 4)) & 0xffff;
}

function commonLength(value: string, text: string, start: number): number {
  const end = Math.min(value.length, text.length - start);
  let length = 0;
  while (
    length < end && value.charCodeAt(length) === text.charCodeAt(start + length)
  ) length++;
  return length;
}

/** Whether a value is sorted after the text that begins at `start`. */
function isAfter(value: string, text: string, start: number): boolean {
  const length = commonLength(value, text, start);
  if (length === value.length) return false;
  return start + length === text.length ||
    value.charCodeAt(length) > text.charCodeAt(start + length);
}

/** Whether a short value is not a part of a longer word. */
function isWhole(text: string, start: number, length: number): boolean {
  if (length >= LONG) return true;
  const end = start + length;
  return !(WORD.test(text[start]!) && WORD.test(text[start - 1] ?? "")) &&
    !(WORD.test(text[end - 1]!) && WORD.test(text[end] ?? ""));
}
