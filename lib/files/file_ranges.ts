/**
 * Ranges of a file, read in any order; those near each other cost one reading.
 *
 * @module
 */

/** Bytes read from the file at once. */
const WINDOW_BYTES = 256 * 1024;

/** An open file; disposing of it closes it. */
export class FileRanges implements Disposable {
  #window = new Uint8Array(WINDOW_BYTES);
  #start = 0;
  #end = 0;

  private constructor(private readonly file: Deno.FsFile) {}

  /** @throws {Error} The system's, when it cannot be opened. */
  static open(path: string): FileRanges {
    return new FileRanges(Deno.openSync(path));
  }

  /**
   * Reads a range.
   *
   * @returns Its bytes, valid until the next reading; fewer at the end of the file.
   * @throws {Error} The system's, when it cannot be read.
   */
  read(at: number, length: number): Uint8Array {
    if (at < this.#start || at + length > this.#end) this.#fill(at, length);
    const from = at - this.#start;
    return this.#window.subarray(
      from,
      Math.min(from + length, this.#end - this.#start),
    );
  }

  /** Synchronous: an asynchronous reading of a file goes through another thread. */
  #fill(at: number, length: number): void {
    if (length > this.#window.length) this.#window = new Uint8Array(length);
    this.file.seekSync(at, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < length) {
      const count = this.file.readSync(this.#window.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    this.#start = at;
    this.#end = at + filled;
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}
