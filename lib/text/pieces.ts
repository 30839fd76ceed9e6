/**
 * A text put together from parts of another one, in a time and with a memory that depend on its
 * length and not on the number of parts.
 *
 * @module
 */

/** Longest part that is copied, in UTF-16 units; a longer one is a string of its own. */
const MAX_COPIED_LENGTH = 512;

/** Units that are copied before they become a string. */
const MAX_PIECE_LENGTH = 8192;

/** The parts so far. */
export class Pieces {
  /** The last character, or 0. */
  last = 0;
  readonly #pieces: string[] = [];
  readonly #units: Uint16Array;
  #used = 0;

  /** @param length Length of the other text, in UTF-16 units. */
  constructor(length: number) {
    this.#units = new Uint16Array(
      Math.min(Math.max(length, 1), MAX_PIECE_LENGTH),
    );
  }

  /** Adds what is between two positions of `text`, which are not within a surrogate pair. */
  add(text: string, start: number, end: number): void {
    if (start === end) return;
    this.last = lastOf(text, end);
    if (end - start > MAX_COPIED_LENGTH) {
      this.#flush();
      this.#pieces.push(text.slice(start, end));
      return;
    }
    const units = this.#units;
    if (this.#used + end - start > units.length) this.#flush();
    let used = this.#used;
    for (let i = start; i < end; i++) units[used++] = text.charCodeAt(i);
    this.#used = used;
  }

  #flush(): void {
    const units = this.#units.subarray(0, this.#used);
    // Not spread, which would go through an iterator.
    this.#pieces.push(
      String.fromCharCode.apply(null, units as unknown as number[]),
    );
    this.#used = 0;
  }

  text(): string {
    this.#flush();
    return this.#pieces.join("");
  }
}

/** The character before `end`; half of one that is alone. */
export function lastOf(text: string, end: number): number {
  const pair = end > 1 ? text.codePointAt(end - 2)! : 0;
  return pair > 0xffff ? pair : text.charCodeAt(end - 1);
}
