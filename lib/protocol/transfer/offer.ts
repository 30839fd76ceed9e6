/**
 * Offers, the sender's description of a payload before it sends it, with the reasons to refuse
 * one; and choices, the receiver's request for an entry of a catalogue.
 *
 * All of it comes from another machine. It is bounded and checked here, and it is data to
 * show, never a path to open or a command to run.
 *
 * @module
 */

import * as v from "valibot";
import { type Bytes, utf8 } from "../../bytes.ts";
import { type Encoding, ENCODINGS, PAYLOAD_KINDS } from "../../payload.ts";
import { badMessage } from "../handshake/messages.ts";

/** Largest payload, in bytes: 1 TiB, so that every position is an exact number. */
export const MAX_PAYLOAD_BYTES = 2 ** 40;

/** Largest JSON body of an OFFER, DECLINE or ABORT record, in bytes. */
export const MAX_JSON_BYTES = 16 * 1024;

/** Identifier of one entry of a catalogue. */
const ChoiceIdSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{1,64}$/),
);

/** Choices of a share with work: the payload, unless that is a catalogue, and the work. */
export const TEXT_CHOICE = "text";
export const WORK_CHOICE = "work";

/** Text to show: no control characters, so that it cannot steer a terminal. */
function line(maxLength: number) {
  return v.pipe(v.string(), v.maxLength(maxLength), v.regex(/^\P{Cc}*$/u));
}

const GitSchema = v.object({
  branch: v.optional(line(255)),
  commit: v.optional(
    v.pipe(v.string(), v.regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)),
  ),
  remote: v.optional(line(1024)),
});

/** Number of bytes of a payload. */
const SizeSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(MAX_PAYLOAD_BYTES),
);

const HashSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const OfferSchema = v.object({
  kind: v.picklist(PAYLOAD_KINDS),
  name: v.pipe(line(255), v.minLength(1)),
  size: SizeSchema,
  sha256: HashSchema,
  created: v.pipe(
    v.string(),
    v.isoTimestamp(),
    // `Date` does not understand all forms of an offset.
    v.check((text) => !Number.isNaN(Date.parse(text))),
  ),
  sender: v.optional(line(128)),
  project: v.optional(line(255)),
  git: v.optional(GitSchema),
  catalogue: v.optional(v.literal(true)),
  choice: v.optional(ChoiceIdSchema),
  encoding: v.optional(v.picklist(ENCODINGS)),
  room: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9]{6}$/))),
  work: v.optional(v.object({ size: SizeSchema, sha256: HashSchema })),
});

/**
 * Description of a payload: kind, name to show, size in bytes, SHA-256 in hex, time of
 * creation (ISO 8601), and, where the sender gives them, user, project and git state.
 * `catalogue` marks a list to choose from; `choice` and `encoding` name the chosen entry
 * and the packing of its bytes. `room` is that of a share for pairs, by which a receiver knows it
 * when it finds it on the local network too. `work` is size and hash of the unfinished work that comes
 * along, if some does.
 */
export type Offer = v.InferOutput<typeof OfferSchema>;

/** Reasons for which one side ends a transfer. */
export const END_REASONS = [
  "unwanted",
  "too_large",
  "cannot_store",
  "changed",
  "corrupt",
  "not_offered",
  "cannot_pack",
  "declined",
] as const;

/** One of {@linkcode END_REASONS}. */
export type EndReason = typeof END_REASONS[number];

// A reason from a later version still ends the transfer; it just has no message of its
// own.
const ReasonSchema = v.object({
  reason: v.fallback(v.picklist(END_REASONS), "declined"),
});

/** The body of an OFFER record. */
export function encodeOffer(offer: Offer): Bytes {
  return utf8(JSON.stringify(v.parse(OfferSchema, offer)));
}

/**
 * Reads an OFFER; drops unknown fields.
 *
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodeOffer(body: Bytes): Offer {
  return parseJson(OfferSchema, body, "OFFER");
}

/** The body of a DECLINE or ABORT record. */
export function encodeReason(reason: EndReason): Bytes {
  return utf8(JSON.stringify({ reason }));
}

/**
 * Reads a DECLINE or ABORT.
 *
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodeReason(body: Bytes): EndReason {
  return parseJson(ReasonSchema, body, "DECLINE").reason;
}

/**
 * Reads the JSON body of a record, bounded and checked.
 *
 * @param name Name of the record in errors.
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function parseJson<T>(
  schema: v.GenericSchema<unknown, T>,
  body: Bytes,
  name: string,
): T {
  if (body.length > MAX_JSON_BYTES) {
    throw badMessage(`${name} is ${body.length} bytes long`);
  }
  try {
    return v.parse(
      schema,
      JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)),
    );
  } catch (cause) {
    throw badMessage(`${name} is not valid`, { cause });
  }
}

/** Most encodings that a receiver may name, including those of later versions. */
const MAX_ENCODINGS = 8;

const ChoiceSchema = v.object({
  id: ChoiceIdSchema,
  encodings: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/))),
    v.maxLength(MAX_ENCODINGS),
    v.transform((names) =>
      ENCODINGS.filter((encoding) =>
        encoding === "identity" || names.includes(encoding)
      )
    ),
  ),
});

/** One entry of a catalogue, and the encodings that the receiver can decode. */
export interface Choice {
  id: string;
  encodings: Encoding[];
}

/** The body of a CHOOSE record. */
export function encodeChoice(choice: Choice): Bytes {
  return utf8(JSON.stringify(choice));
}

/**
 * Reads a CHOOSE; drops unknown encodings and always includes `identity`.
 *
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodeChoice(body: Bytes): Choice {
  return parseJson(ChoiceSchema, body, "CHOOSE");
}
