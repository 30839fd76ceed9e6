/**
 * Catalogues of sessions, from which a receiver chooses.
 *
 * A catalogue is small JSON, made on one machine and read on another: bounded and checked
 * here, on both sides. All text in it is data to show, and is cleaned here. See
 * docs/protocol.md, section 6.7.
 *
 * @module
 */

import * as v from "valibot";
import { type Bytes, utf8 } from "../bytes.ts";
import type { SessionSummary } from "./local/summary.ts";
import { SpreadError } from "../errors.ts";
import { cleanLine } from "../text/clean_text.ts";

/** Most sessions in a catalogue. */
export const MAX_ENTRIES = 1000;

/** Largest catalogue, in bytes. */
export const MAX_CATALOGUE_BYTES = 4 * 1024 * 1024;

/** Longest texts of an entry, in UTF-16 units. */
const MAX_TITLE = 200;
const MAX_PROMPT = 300;
const MAX_NAME = 255;

/** Text to show, cleaned. Control characters would not be there by accident. */
function line(maxLength: number) {
  return v.pipe(
    v.string(),
    v.maxLength(maxLength),
    v.regex(/^\P{Cc}*$/u),
    v.transform((text) => cleanLine(text, maxLength)),
  );
}

const Count = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);

const EntrySchema = v.object({
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{8,64}$/)),
  title: line(MAX_TITLE),
  first_prompt: line(MAX_PROMPT),
  modified: v.pipe(v.string(), v.isoTimestamp()),
  messages: Count,
  bytes: Count,
  branch: v.optional(line(MAX_NAME)),
  project: v.optional(line(MAX_NAME)),
});

/** An offered session; sizes in bytes, times in ISO 8601. */
export type CatalogueEntry = v.InferOutput<typeof EntrySchema>;

const CatalogueSchema = v.object({
  version: v.literal(1),
  sessions: v.pipe(
    v.array(EntrySchema),
    v.minLength(1),
    v.maxLength(MAX_ENTRIES),
    v.check((entries) =>
      new Set(entries.map(({ id }) => id)).size === entries.length
    ),
  ),
});

/** Encodes a catalogue of these sessions, in their order; cleans and cuts texts. */
export function encodeCatalogue(sessions: SessionSummary[]): Bytes {
  const catalogue = { version: 1, sessions: sessions.map(entryOf) };
  return utf8(JSON.stringify(v.parse(CatalogueSchema, catalogue)));
}

function entryOf(session: SessionSummary): CatalogueEntry {
  const { id, modified, messages, bytes } = session;
  const name = session.project.split(/[\\/]/).findLast((part) => part !== "");
  return {
    id,
    title: cleanLine(session.title, MAX_TITLE),
    first_prompt: cleanLine(session.firstPrompt, MAX_PROMPT),
    modified,
    messages,
    bytes,
    branch: cleanLine(session.branch, MAX_NAME) || undefined,
    project: cleanLine(name ?? "", MAX_NAME) || undefined,
  };
}

/**
 * Reads a catalogue from another machine; drops unknown fields.
 *
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodeCatalogue(bytes: Bytes): CatalogueEntry[] {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return v.parse(CatalogueSchema, JSON.parse(text)).sessions;
  } catch (cause) {
    throw new SpreadError(
      "BAD_MESSAGE",
      "Cannot read the sender's list of sessions",
      "Check that both sides are up to date",
      { cause },
    );
  }
}
