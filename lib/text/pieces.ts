/**
 * A text put together from many short parts of another one.
 *
 * @module
 */

/** Parts that are joined at once, so that they do not pile up in memory. */
const MAX_PARTS = 1000;

/** The parts so far, and what goes between them. */
export class Pieces {
  readonly #joined: string[] = [];
  #parts: string[] = [];

  constructor(private readonly separator: "" | " ") {}

  add(part: string): void {
    this.#parts.push(part);
    if (this.#parts.length < MAX_PARTS) return;
    this.#joined.push(this.#parts.join(this.separator));
    this.#parts = [];
  }

  /** The whole text, with a last part. */
  end(part: string): string {
    const last = [...this.#parts, part].join(this.separator);
    return [...this.#joined, last].join(this.separator);
  }
}
