/**
 * Memory bundles: the memory of a project as one JSON document.
 *
 * A bundle may come from another machine: it is bounded, checked by a schema, and accepted
 * as a whole or not at all. Writes no files. Form and limits: docs/protocol.md, section 11.
 *
 * @module
 */

import * as v from "valibot";
import { type Bytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { BUNDLE_TYPE, kindOf } from "../payload.ts";
import { cleanLine } from "../text/clean_text.ts";
import type { SecretCount } from "../secrets/places.ts";
import { requireSafeNames } from "../files/safe_name.ts";
import { problemOfMemoryName } from "./agent_names.ts";

/** Most files in a bundle. */
export const MAX_FILES = 1000;

/** Longest file, in bytes of UTF-8. */
export const MAX_FILE_BYTES = 5_000_000;

/** Most bytes in all files together, as UTF-8. */
export const MAX_TOTAL_BYTES = 50_000_000;

/** Longest bundle as JSON, in bytes. Escapes make text longer, but seldom double its length. */
export const MAX_BUNDLE_BYTES = 128 * 1024 * 1024;

/** Most kinds of secrets that a bundle counts. */
const MAX_SECRET_KINDS = 200;

/** Kinds of secrets: a few plain words, because whoever receives them sees them. */
const KIND = /^(?:[\w.&+/-]{1,20} ){0,3}[\w.&+/-]{1,20}$/;

/** The memory of a project: texts by name, and their origin. */
export interface MemoryBundle {
  project: string;
  /** `user@host`; absent in bundles of version 1 and when the sender withholds it. */
  sender?: string;
  /** ISO 8601; absent in bundles of version 1. */
  created?: string;
  /** Secrets that the sender's command has taken out; absent when there were none. */
  secrets?: SecretCount[];
  files: Map<string, string>;
}

/** Any text, made safe to show: cleaned, and cut at `maxLength`. */
function line(maxLength: number) {
  return v.pipe(v.string(), v.transform((text) => cleanLine(text, maxLength)));
}

const BundleSchema = v.object({
  type: v.literal(BUNDLE_TYPE),
  project: v.optional(line(255), ""),
  sender: v.optional(line(128)),
  created: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  secrets: v.optional(v.pipe(
    v.array(v.object({
      kind: v.fallback(v.pipe(v.string(), v.regex(KIND)), "secret"),
      places: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    })),
    v.maxLength(MAX_SECRET_KINDS),
  )),
  // Not v.record, which would drop names such as __proto__ instead of refusing them.
  files: v.custom<Record<string, unknown>>(isPlainObject, "is not an object"),
});

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks the names, the number and the sizes of files.
 *
 * @throws {SpreadError} `PAYLOAD_EMPTY`, `PAYLOAD_TOO_LARGE`, `NAME_REFUSED`.
 */
export function requireFits(files: Map<string, string>): void {
  if (files.size === 0) {
    throw new SpreadError("PAYLOAD_EMPTY", "The bundle holds no memory", "");
  }
  if (files.size > MAX_FILES) {
    throw tooLarge(`it has ${files.size} files`);
  }
  requireSafeNames(files.keys());
  let total = 0;
  for (const [name, text] of files) {
    const problem = /\.md$/i.test(name)
      ? problemOfMemoryName(name)
      : "does not end in .md";
    if (problem !== null) throw notMemory(name, problem);
    const size = utf8(text).length;
    if (size > MAX_FILE_BYTES) throw tooLarge(`"${name}" is longer than 5 MB`);
    total += size;
  }
  if (total > MAX_TOTAL_BYTES) {
    throw tooLarge("its files are longer than 50 MB together");
  }
}

/**
 * A bundle as JSON, in the form that the Python version reads too.
 *
 * @throws {SpreadError} As {@linkcode requireFits}.
 */
export function encodeBundle(bundle: MemoryBundle): Bytes {
  requireFits(bundle.files);
  const { project, sender, created, secrets = [], files } = bundle;
  // Without a prototype, so that any name is possible.
  const byName = Object.assign(Object.create(null), Object.fromEntries(files));
  const json = JSON.stringify(
    {
      type: BUNDLE_TYPE,
      version: 2,
      project,
      sender,
      created,
      secrets: secrets.length === 0
        ? undefined
        : secrets.slice(0, MAX_SECRET_KINDS),
      files: byName,
    },
    null,
    1,
  );
  return utf8(`${json}\n`);
}

/**
 * Whether a payload claims to be a bundle; anything else is a document to read.
 *
 * @param bytes Unchecked bytes. Text in Markdown may begin like a list in JSON.
 */
export function looksLikeBundle(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 1024)).trimStart();
  return start.startsWith("{") || (start.startsWith("[") && isJson(bytes));
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads a bundle.
 *
 * @throws {SpreadError} `BUNDLE_REFUSED` (not UTF-8, not JSON, not a bundle) or as
 *   {@linkcode requireFits}.
 */
export function decodeBundle(bytes: Uint8Array): MemoryBundle {
  if (kindOf(bytes) === "session") throw isSession();
  if (bytes.length > MAX_BUNDLE_BYTES) {
    throw tooLarge("its bundle is larger than 128 MiB");
  }
  const { type: _type, files, ...facts } = parseBundle(
    parseJson(decodeText(bytes)),
  );
  const texts = new Map<string, string>();
  for (const [name, text] of Object.entries(files)) {
    if (typeof text !== "string") {
      throw refused(
        `the file "${cleanLine(name, 80)}" is not text`,
      );
    }
    // UTF-8 replaces lone surrogates, so a text with one would differ from its own file.
    texts.set(name, text.toWellFormed());
  }
  requireFits(texts);
  return { ...facts, files: texts };
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refused("it is not UTF-8 text", { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused(
      /[}\]]\s*$/.test(text) ? "it is not JSON" : "it is cut off, or not JSON",
      { cause },
    );
  }
}

function parseBundle(value: unknown): v.InferOutput<typeof BundleSchema> {
  const { success, output, issues } = v.safeParse(BundleSchema, value);
  if (success) return output;
  const [issue] = issues;
  const path = v.getDotPath(issue);
  throw refused(
    path === null || path === "type"
      ? `its type is not "${BUNDLE_TYPE}"`
      : `its field "${path}" is not valid`,
  );
}

function refused(why: string, options?: ErrorOptions): SpreadError {
  return new SpreadError(
    "BUNDLE_REFUSED",
    `Cannot use this as a memory bundle: ${why}`,
    "Ask the sender to share it again; nothing was written",
    options,
  );
}

function isSession(): SpreadError {
  return new SpreadError(
    "BUNDLE_REFUSED",
    "Cannot use this as a memory bundle: it is a packed session",
    "Install it with claude-spread sessions install FILE; nothing was written",
  );
}

function tooLarge(what: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `The memory is too large: ${what}`,
    `Leave some of it out: a bundle holds at most ${MAX_FILES} files of 5 MB each, 50 MB together`,
  );
}

function notMemory(name: string, problem: string): SpreadError {
  return new SpreadError(
    "NAME_REFUSED",
    `Cannot use "${cleanLine(name, 80)}" as a memory: its name ${problem}`,
    "Ask the sender to leave it out; nothing was written",
  );
}
