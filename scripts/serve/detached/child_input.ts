/**
 * Input of the process that continues a share. The first line of standard input holds the
 * passphrase, hidden from other users of the machine; the payload follows, if it comes from
 * standard input.
 *
 * @module
 */

import * as v from "valibot";
import { type Bytes, concatBytes, utf8 } from "../../../lib/bytes.ts";

/** Longest first line, in bytes: a passphrase of 64 KiB, escaped. */
const MAX_LINE_BYTES = 512 * 1024;

const HandedSchema = v.object({ passphrase: v.nullable(v.string()) });

/** Input of the child process. */
export interface Handed {
  /** `null` when the child is to generate one. */
  passphrase: string | null;
  /** Input after the first line. */
  input: ReadableStream<Bytes>;
}

/** Returns the line that {@linkcode readChildInput} reads. */
export function childInputLine(passphrase: string | null): Bytes {
  return utf8(`${JSON.stringify({ passphrase })}\n`);
}

/** @throws {SyntaxError} When something else started this process. */
export async function readChildInput(
  input: ReadableStream<Bytes>,
): Promise<Handed> {
  const reader = input.getReader();
  let read: Bytes = new Uint8Array(0);
  let end: number;
  while ((end = read.indexOf(0x0a)) === -1) {
    const { value, done } = await reader.read();
    if (done || read.length > MAX_LINE_BYTES) {
      throw new SyntaxError("Nothing was handed over");
    }
    read = concatBytes(read, value);
  }
  const line = new TextDecoder().decode(read.subarray(0, end));
  const { passphrase } = v.parse(HandedSchema, JSON.parse(line));
  return { passphrase, input: continued(read.slice(end + 1), reader) };
}

function continued(
  first: Bytes,
  reader: ReadableStreamDefaultReader<Bytes>,
): ReadableStream<Bytes> {
  return new ReadableStream({
    start(controller) {
      if (first.length > 0) controller.enqueue(first);
    },
    async pull(controller) {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
