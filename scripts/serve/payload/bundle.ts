/**
 * Memory bundles to share, as they may leave.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import {
  BytesPayload,
  type Payload,
} from "../../../lib/files/payload/source.ts";
import {
  decodeBundle,
  encodeBundle,
  looksLikeBundle,
  MAX_BUNDLE_BYTES,
  type MemoryBundle,
} from "../../../lib/memory/bundle.ts";
import { HEAD_BYTES } from "../../../lib/payload.ts";
import { selectSafely } from "../../../lib/memory/secrets.ts";
import { countKinds } from "../../../lib/secrets/places.ts";
import type { Placeholders } from "../../../lib/secrets/placeholders.ts";
import type { Scanner } from "../../../lib/secrets/scanner.ts";
import { anonymizerOf } from "../../cli/secrets/anonymous.ts";
import { type SecretsReport, showPlaces } from "../../cli/secrets/report.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { SettledOptions } from "../options.ts";

/** A bundle, and its text as it was written. */
export interface WrittenBundle {
  bundle: MemoryBundle;
  text: string;
}

/** Reads a bundle; `null` for a document, and for what no receiver could read as a bundle. */
export async function openBundle(
  payload: Payload,
): Promise<WrittenBundle | null> {
  if (payload.size > MAX_BUNDLE_BYTES) return null;
  const pieces: Bytes[] = [];
  for await (const piece of payload.read(0)) {
    // A document may be long too: it is not read here.
    if (pieces.length === 0 && !/^\s*[{[]/.test(startOf(piece))) return null;
    pieces.push(piece.slice());
  }
  const bytes = concatBytes(...pieces);
  if (!looksLikeBundle(bytes)) return null;
  try {
    const bundle = decodeBundle(bytes);
    return { bundle, text: new TextDecoder().decode(bytes) };
  } catch (error) {
    if (error instanceof SpreadError) return null;
    throw error;
  }
}

function startOf(piece: Bytes): string {
  return new TextDecoder().decode(piece.subarray(0, HEAD_BYTES));
}

/**
 * Takes the secrets out of a bundle, and what `--anonymous` names.
 *
 * @param scanner `null` for no search.
 * @returns The bundle as it may leave; without a payload when nothing in it has to change.
 * @throws {SpreadError} `PAYLOAD_EMPTY` when no file of it can leave.
 */
export async function prepareBundle(
  { bundle, text }: WrittenBundle,
  options: SettledOptions,
  { scanner, placeholders, terminal }: {
    scanner: Scanner | null;
    placeholders: Placeholders;
    terminal: Terminal;
  },
): Promise<{ payload?: Payload; secrets: SecretsReport }> {
  const { anonymous, preview } = options;
  const rename = anonymizerOf(options);
  const files = new Map(
    Array.from(bundle.files, ([name, text]) => [name, rename(text)]),
  );
  const safe = await selectSafely(
    { project: rename(bundle.project), files },
    options,
    scanner,
    placeholders,
  );
  if (preview) showPlaces(safe.places, options, terminal);
  const taken = options.keepSecrets ? [] : safe.places;
  const secrets: SecretsReport = {
    taken_out: countKinds(taken),
    left_out: safe.leftOut,
  };
  const changed: MemoryBundle = {
    ...bundle,
    project: safe.project,
    sender: anonymous ? undefined : bundle.sender,
    secrets: countKinds(taken, bundle.secrets),
    files: safe.files,
  };
  const isSame = changed.project === bundle.project &&
    safe.files.size === files.size &&
    Array.from(safe.files).every(([name, text]) =>
      text === bundle.files.get(name)
    );
  // The text may hold more than was read of it: unknown fields, names that stand twice.
  const isSafe = !anonymous && (scanner === null || options.keepSecrets ||
    isSame && (await scanner.scan([text])).length === 0);
  return isSame && isSafe
    ? { secrets }
    : { payload: new BytesPayload(encodeBundle(changed)), secrets };
}
