/**
 * The log of a share without a terminal: a file that only its owner can read, and that stays
 * small whatever strangers do.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";

/** Largest log, in bytes. */
const MAX_LOG_BYTES = 1024 * 1024;

/** Last line of a log that has become too large. */
const FULL = new TextEncoder().encode(
  "spread: this log is full; nothing more is written to it\n",
);

/** A log that is written to. */
export class LogFile implements Disposable {
  readonly #file: Deno.FsFile;
  #left: number;

  /** @throws {SpreadError} `CANNOT_STORE`. */
  constructor(path: string, maxBytes = MAX_LOG_BYTES) {
    try {
      this.#file = Deno.openSync(path, {
        append: true,
        create: true,
        mode: 0o600,
      });
    } catch (cause) {
      throw new SpreadError(
        "CANNOT_STORE",
        `Cannot write to "${path}"`,
        undefined,
        { cause },
      );
    }
    this.#left = maxBytes - FULL.length;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  /** Writes a message, or drops it once the log is full; returns its length either way. */
  writeSync(message: Uint8Array): number {
    if (this.#left < 0) return message.length;
    this.#left -= message.length;
    let rest = this.#left < 0 ? FULL : message;
    while (rest.length > 0) rest = rest.subarray(this.#file.writeSync(rest));
    return message.length;
  }
}
