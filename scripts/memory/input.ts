/**
 * Input of `install`: reads a file or standard input, up to a limit.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import { cannotRead } from "../../lib/files/cannot_store.ts";
import { MAX_BUNDLE_BYTES } from "../../lib/memory/bundle.ts";

/**
 * Reads all of a received file, or of standard input for `-`.
 *
 * @throws {SpreadError} `USAGE`, `PAYLOAD_EMPTY`, `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`.
 */
export async function readInput(file: string): Promise<Uint8Array> {
  if (file === "-" && Deno.stdin.isTerminal()) {
    throw new SpreadError(
      "USAGE",
      "There is nothing to install: no file is named",
      "Name the received file, or add --undo to undo the last installation",
    );
  }
  const bytes = file === "-"
    ? await readBounded(Deno.stdin.readable)
    : await readFile(file);
  if (bytes.length === 0) {
    throw new SpreadError(
      "PAYLOAD_EMPTY",
      "There is nothing to install: the input is empty",
      "Name the received file",
    );
  }
  return bytes;
}

async function readFile(file: string): Promise<Uint8Array> {
  try {
    // Checked first: opening a named pipe would wait for its writer.
    const { isFile, size } = await Deno.stat(file);
    if (!isFile) throw cannotRead(file, null, "it is not a file");
    if (size > MAX_BUNDLE_BYTES) throw tooLarge();
    return await Deno.readFile(file);
  } catch (cause) {
    throw cause instanceof SpreadError ? cause : cannotRead(file, cause);
  }
}

async function readBounded(
  stream: ReadableStream<Uint8Array>,
): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of stream) {
    length += piece.length;
    if (length > MAX_BUNDLE_BYTES) throw tooLarge();
    pieces.push(new Uint8Array(piece));
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

function tooLarge(): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    "Cannot use a bundle of more than 128 MiB",
    "Ask the sender to share less: a bundle holds at most 1000 files of 5 MB each, 50 MB together",
  );
}
