/**
 * Lines of a stream, in bounded memory.
 *
 * Lines come in groups, one for each piece of the stream: to wait for each line would take
 * longer than to find it. Bytes only: decoding them is the caller's job. A line ends with
 * LF; a CR before it stays.
 *
 * @module
 */

import { concatBytes } from "../bytes.ts";

/** Bytes read from a file at once. */
const PIECE_BYTES = 256 * 1024;

/** Pieces between breaks for other work: 16 MiB, a few milliseconds. */
const PIECES_BETWEEN_BREAKS = 64;

/** One line without its LF. */
export interface FileLine {
  /** Its bytes, cut to the limit; valid until the next line is read. */
  bytes: Uint8Array;
  /** Its full length, in bytes: more than that of `bytes` when it was cut. */
  length: number;
}

/** Lines, each valid until the next is taken; all are to be taken before the next group. */
export type Lines = Iterable<FileLine>;

/**
 * Reads lines; the last one needs no LF.
 *
 * @param pieces Each may be overwritten once the next is read.
 * @param maxLineBytes Most bytes kept of a line. The rest is skipped, never held.
 */
export async function* readLines(
  pieces: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<Lines> {
  const line = new GrowingLine(maxLineBytes);
  for await (const piece of pieces) yield linesIn(piece, line);
  if (!line.isEmpty) yield [line.end(new Uint8Array())];
}

function* linesIn(piece: Uint8Array, line: GrowingLine): Generator<FileLine> {
  let start = 0;
  for (
    let end = piece.indexOf(LF);
    end !== -1;
    end = piece.indexOf(LF, start)
  ) {
    yield line.end(piece.subarray(start, end));
    start = end + 1;
  }
  line.append(piece.subarray(start));
}

/**
 * Reads the lines of a file, and closes it.
 *
 * @throws {Error} The system's, when it cannot be opened or read.
 */
export async function* readFileLines(
  path: string,
  maxLineBytes: number,
): AsyncGenerator<Lines> {
  using file = await Deno.open(path);
  yield* readLines(readPieces(file), maxLineBytes);
}

/** Synchronous: an asynchronous read of a file goes through another thread. */
async function* readPieces(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(PIECE_BYTES);
  for (let turn = 1;; turn++) {
    const count = file.readSync(piece);
    if (count === null) return;
    if (turn % PIECES_BETWEEN_BREAKS === 0) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    yield piece.subarray(0, count);
  }
}

const LF = 10;

/** The parts of a line so far. */
class GrowingLine {
  #parts: Uint8Array[] = [];
  #kept = 0;
  #length = 0;

  constructor(private readonly maxBytes: number) {}

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Appends the end of a piece, as a copy. */
  append(part: Uint8Array): void {
    const kept = this.#count(part);
    if (kept.length > 0) this.#parts.push(kept.slice());
  }

  /** Returns the whole line after its last part, and starts an empty one. */
  end(part: Uint8Array): FileLine {
    const last = this.#count(part);
    const isWhole = this.#parts.length === 0;
    const bytes = isWhole ? last : concatBytes(...this.#parts, last);
    const length = this.#length;
    this.#parts = [];
    this.#kept = this.#length = 0;
    return { bytes, length };
  }

  /** Counts a part; returns the bytes of it that are kept. */
  #count(part: Uint8Array): Uint8Array {
    this.#length += part.length;
    const kept = part.subarray(0, this.maxBytes - this.#kept);
    this.#kept += kept.length;
    return kept;
  }
}
