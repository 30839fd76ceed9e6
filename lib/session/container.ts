/**
 * The file that carries a session: the order and the limits of its lines.
 *
 * A line of JSON that states format, version and encoding; then, compressed or not, lines
 * of JSON in parts: facts, the transcript, what it refers to, an end. A file without the
 * end is incomplete. Other modules interpret the lines. See docs/protocol.md, section 12.
 *
 * @module
 */

import * as v from "valibot";
import { SpreadError } from "../errors.ts";
import { problemOfName } from "../files/safe_name.ts";
import { type Encoding, ENCODINGS, SESSION_FORMAT } from "../payload.ts";
import { CHANGED, LEFT_OUT } from "./tally.ts";

/** Version of the format, as the file states it. */
const VERSION = 1;

/** Longest line, in bytes: a message with a few images in it. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Largest session before compression, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024 * 1024;

/** Largest session as it is installed, in bytes. */
export const MAX_REBUILT_BYTES = 2 * MAX_BODY_BYTES;

/** Most other files of one session: transcripts of subagents, outputs of tools. */
export const MAX_COMPANIONS = 2000;

const HeadSchema = v.object({
  format: v.literal(SESSION_FORMAT),
  version: v.number(),
  encoding: v.picklist(ENCODINGS),
});

/** A name of a session's other file; never a path. */
export const COMPANION_NAME = /^(?!\.)[\w.-]{1,200}(?<!\.)$/;

const CompanionName = v.pipe(
  v.string(),
  v.regex(COMPANION_NAME),
  v.check((name) => problemOfName(name) === null),
);

const Line = v.pipe(v.string(), v.maxLength(4096));

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

function counts<const Name extends string>(names: readonly Name[]) {
  return v.fallback(
    v.optional(v.partial(v.object(
      Object.fromEntries(names.map((name) => [name, Count])) as Record<
        Name,
        typeof Count
      >,
    ))),
    undefined,
  );
}

/** Most kinds of secrets that a session counts. */
const MAX_SECRET_KINDS = 200;

/** Secrets that the sender has taken out, by kinds that can be shown as they are. */
const Secrets = v.fallback(
  v.optional(v.pipe(
    v.array(v.object({
      kind: v.pipe(v.string(), v.regex(/^[\w.][\w .&/+-]{0,59}$/)),
      places: v.pipe(Count, v.minValue(1)),
    })),
    v.maxLength(MAX_SECRET_KINDS),
  )),
  undefined,
);

/** A line that begins a part. */
const PartSchema = v.variant("part", [
  v.object({
    part: v.literal("session"),
    /** The sender's id of it. */
    id: Line,
    title: Line,
    /** The first prompt, to recognize it by. */
    prompt: v.fallback(Line, ""),
    /** The folder in which it was started, on the sender's machine. */
    project: Line,
    /** Folder of its other files, on the sender's machine. */
    companions: Line,
  }),
  /** Messages before the last compaction. */
  v.object({ part: v.literal("earlier") }),
  v.object({ part: v.literal("transcript") }),
  v.object({ part: v.literal("subagent"), name: CompanionName }),
  v.object({ part: v.literal("tool_result"), name: CompanionName }),
  v.object({
    part: v.literal("end"),
    left_out: counts(LEFT_OUT),
    changed: counts(CHANGED),
    secrets: Secrets,
  }),
]);

/** The first line of a part. */
export type Part = v.InferOutput<typeof PartSchema>;

/** Facts about a session. */
export type SessionFacts = Extract<Part, { part: "session" }>;

/** Encodes the file's own first line. */
export function encodeHead(encoding: Encoding): string {
  const head = { format: SESSION_FORMAT, version: VERSION, encoding };
  return JSON.stringify(head) + "\n";
}

/**
 * Reads the file's own first line.
 *
 * @throws {SpreadError} `SESSION_REFUSED` when it is not such a file, or has another
 *   version.
 */
export function decodeHead(text: string): Encoding {
  const head = v.safeParse(HeadSchema, parseJson(text));
  if (!head.success) {
    throw refused(
      "it is not a packed session",
      "Choose a file written by claude-spread sessions export or receive --output",
    );
  }
  const { version, encoding } = head.output;
  if (version !== VERSION) {
    throw refused(
      `it has version ${version}, and this program reads version ${VERSION}`,
      "Update Claude Spread on both sides",
    );
  }
  return encoding;
}

/**
 * Reads a line that begins a part; `null` for a line inside a part.
 *
 * @throws {SpreadError} `SESSION_REFUSED` when the part is unknown.
 */
export function asPart(line: unknown): Part | null {
  if (typeof line !== "object" || line === null || !("part" in line)) {
    return null;
  }
  const part = v.safeParse(PartSchema, line);
  if (part.success) return part.output;
  throw refused("it has an unknown part", SEND_AGAIN);
}

/** A JSON value, or `undefined` when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const SEND_AGAIN = "Ask for the session again; nothing was installed";

/** Error for a file that cannot be used. */
export function refused(
  why: string,
  hint: string,
  cause?: unknown,
): SpreadError {
  return new SpreadError(
    "SESSION_REFUSED",
    `Cannot use this session: ${why}`,
    hint,
    { cause },
  );
}

/** Error for something larger than allowed. */
export function tooLarge(what: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot use this session: ${what}`,
    "Nothing was installed",
  );
}

/** Error for a session that grows too much while it is rebuilt. */
export function growsTooLarge(): SpreadError {
  return tooLarge("it is too large once rebuilt");
}
