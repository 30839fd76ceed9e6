/**
 * Lines of a transcript, with their places in the file.
 *
 * A machine that lost power pads records with NULs: these are taken away at both ends of a
 * line, as blanks are.
 *
 * @module
 */

import { type FileLine, type Lines, readFileLines } from "../../files/lines.ts";

/** A line without blanks and NULs around it. */
export interface TranscriptLine extends FileLine {
  /** Position of its bytes in the file. */
  at: number;
  /** Its number in the file, from 1. */
  number: number;
}

/**
 * Reads the lines of a transcript that are not blank, in groups as `readFileLines()` does.
 *
 * @throws {Error} The system's, when it cannot be opened or read.
 */
export async function* readTranscript(
  path: string,
  maxLineBytes: number,
): AsyncGenerator<Iterable<TranscriptLine>> {
  const place = { at: 0, number: 1 };
  for await (const lines of readFileLines(path, maxLineBytes)) {
    yield linesWithPlaces(lines, place);
  }
}

function* linesWithPlaces(
  lines: Lines,
  place: { at: number; number: number },
): Generator<TranscriptLine> {
  for (const { bytes, length } of lines) {
    const isWhole = bytes.length === length;
    const start = firstVisible(bytes);
    const end = isWhole ? endOfVisible(bytes, start) : bytes.length;
    if (start < end) {
      yield {
        bytes: bytes.subarray(start, end),
        length: (isWhole ? end : length) - start,
        at: place.at + start,
        number: place.number,
      };
    }
    place.at += length + LF_LENGTH;
    place.number++;
  }
}

const LF_LENGTH = 1;

/** Space; below it are controls, which JSON has nowhere outside of strings. */
const SPACE = 0x20;

function firstVisible(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length && bytes[start]! <= SPACE) start++;
  return start;
}

function endOfVisible(bytes: Uint8Array, start: number): number {
  let end = bytes.length;
  while (end > start && bytes[end - 1]! <= SPACE) end--;
  return end;
}
