/**
 * Output of a process, as it comes.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";

/** One JSON line. */
export type Event = Record<string, unknown> & { event: string };

/** Lines that are JSON; a command without `--json` prints none. */
export function parseEvents(text: string): Event[] {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith('{"event":')) return [];
    return [JSON.parse(line)];
  });
}

/** The remains of a process. */
export interface Ended {
  /** As a shell sees it; `signal` tells whether the process ended by itself. */
  code: number;
  /** The signal that killed it, if any. */
  signal: Deno.Signal | null;
  stdout: Bytes;
  /** `stdout` as text. */
  text: string;
  stderr: string;
  /** The JSON lines of stdout. */
  events: Event[];
}

/** One stream of a process, and who waits for what it says. */
export class Output {
  readonly whole: Promise<void>;
  readonly #pieces: Uint8Array[] = [];
  #hasEnded = false;
  #wake = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.whole = this.#collect(stream);
  }

  get bytes(): Bytes {
    const all = new Uint8Array(
      this.#pieces.reduce((sum, { length }) => sum + length, 0),
    );
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  /** Waits until `find` finds something in the text; `what` is named when it never does. */
  async until<T>(
    what: string,
    find: (text: string) => T | undefined,
    beside?: Output,
  ): Promise<T> {
    for (;;) {
      const found = find(this.text);
      if (found !== undefined) return found;
      if (this.#hasEnded) {
        await beside?.whole;
        throw new Error(
          `The command ended without ${what}: ${this.text}${
            beside?.text ?? ""
          }`,
        );
      }
      await this.#wake.promise;
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const piece of stream) {
      this.#pieces.push(piece);
      this.#notify();
    }
    this.#hasEnded = true;
    this.#notify();
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}
