/**
 * Texts that wait to be scanned together: to wait for each would take longer than to scan it.
 *
 * @module
 */

/**
 * Length of the texts that make a batch, in UTF-16 units. With 1 Mi, packing takes 40 MB more:
 * texts that wait for long outlive the engine's quick collections.
 */
const BATCH_LENGTH = 64 * 1024;

/** Texts until they are scanned. */
export class TextBatch {
  #texts: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#texts.push(text);
    // One more for each: empty texts must not wait without limit either.
    this.#length += text.length + 1;
  }

  /** Returns the texts once they make a batch, and forgets them; none before that. */
  take(): string[] {
    return this.#length < BATCH_LENGTH ? [] : this.takeRest();
  }

  /** Returns the texts that are left, and forgets them. */
  takeRest(): string[] {
    const texts = this.#texts;
    this.#texts = [];
    this.#length = 0;
    return texts;
  }
}
