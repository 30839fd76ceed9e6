/**
 * The search for secrets in what was received: it warns, and changes nothing. By then the payload is
 * stored and the sender has its receipt.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import type { Kind } from "../../lib/payload.ts";
import {
  decodeText,
  MAX_SEARCHED_BYTES,
} from "../../lib/secrets/decode_text.ts";
import { linesOf, type SecretPlace } from "../../lib/secrets/places.ts";
import { openScanner } from "../../lib/secrets/scanner.ts";
import type { Terminal } from "../cli/terminal.ts";

/** Searches a text as it was printed. */
export async function searchText(
  text: string,
  terminal: Terminal,
): Promise<void> {
  await warn(linesOf(text, await openScanner().scan([text])), terminal);
}

/** Searches a stored file; one that cannot be read any more is not searched. */
export async function searchFile(
  path: string,
  kind: Kind,
  terminal: Terminal,
): Promise<void> {
  const bytes = await readStart(path).catch(() => null);
  if (bytes === null) return;
  if (kind === "memory" && await searchBundle(bytes, terminal)) return;
  await searchText(decodeText(bytes).text, terminal);
}

/** Searches a bundle, and says which secrets its sender took out; returns whether it is one. */
async function searchBundle(
  bytes: Uint8Array,
  terminal: Terminal,
): Promise<boolean> {
  const { decodeBundle, looksLikeBundle } = await import(
    "../../lib/memory/bundle.ts"
  );
  if (!looksLikeBundle(bytes)) return false;
  try {
    const { files, secrets } = decodeBundle(bytes);
    if (secrets !== undefined) {
      const { sayTakenOut } = await import("../cli/secrets/report.ts");
      sayTakenOut(secrets, terminal);
    }
    const { findInMemory } = await import("../../lib/memory/secrets.ts");
    await warn(await findInMemory(files, openScanner()), terminal);
    return true;
  } catch (error) {
    if (error instanceof SpreadError) return false;
    throw error;
  }
}

async function readStart(path: string): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const bytes = new Uint8Array(Math.min(size, MAX_SEARCHED_BYTES));
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

async function warn(places: SecretPlace[], terminal: Terminal): Promise<void> {
  if (places.length === 0) return;
  const { warnOfReceived } = await import("../cli/secrets/report.ts");
  warnOfReceived(places, terminal);
}
