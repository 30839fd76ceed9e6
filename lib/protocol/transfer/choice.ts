/**
 * Choices: requests of a receiver for entries of a catalogue.
 *
 * Encoding and strict decoding only; the order of records is the job of `send_chosen.ts`
 * and `receive_chosen.ts`. See docs/protocol.md, section 6.6.
 *
 * @module
 */

import * as v from "valibot";
import { type Bytes, utf8 } from "../../bytes.ts";
import {
  ChoiceIdSchema,
  type Encoding,
  ENCODINGS,
  parseJson,
} from "./offer.ts";

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
