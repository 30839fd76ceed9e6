/**
 * Answers of a relay about drops, checked before anything of them is used. See
 * RELAY_SERVER_SPEC.md, section 17.
 *
 * @module
 */

import * as v from "valibot";
import type { Bytes } from "../bytes.ts";
import { MAX_DROP_BYTES, PART_BYTES, partCount } from "./layout.ts";
import { badAnswer, DropRefused } from "./refusals.ts";

/** Longest life of a drop at any relay, in seconds. */
export const MAX_TTL_S = 7 * 24 * 60 * 60;

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Seconds = v.pipe(Count, v.maxValue(MAX_TTL_S));

const LimitsSchema = v.object({
  part_bytes: v.literal(PART_BYTES),
  max_bytes: v.pipe(Count, v.minValue(1)),
  default_ttl_s: Seconds,
  max_ttl_s: Seconds,
});

/** Limits of a relay: most bytes of a drop, and seconds that it keeps one. */
export type DropLimits = v.InferOutput<typeof LimitsSchema>;

const StateSchema = v.pipe(
  v.object({
    state: v.picklist(["filling", "waiting", "taken", "deleted"]),
    bytes: v.pipe(Count, v.minValue(1), v.maxValue(MAX_DROP_BYTES)),
    parts: Count,
    next: Count,
    expires_s: Seconds,
    taken_s: v.optional(Seconds),
  }),
  v.check(({ bytes, parts }) => parts === partCount(bytes)),
);

/** State of a drop: `next` is the part that the relay expects; times are in seconds from now. */
export type DropAnswer = v.InferOutput<typeof StateSchema>;

const RefusalSchema = v.object({
  error: v.pipe(v.string(), v.regex(/^[a-z_]{1,40}$/)),
  retry_s: v.fallback(v.optional(v.pipe(Count, v.maxValue(3600))), undefined),
  max_bytes: v.fallback(v.optional(Count), undefined),
});

/** @throws {SpreadError} `BAD_MESSAGE`. @param url The relay, for the error. */
export function readLimits(body: Bytes, url: string): DropLimits {
  return read(LimitsSchema, body, url);
}

/** @throws {SpreadError} `BAD_MESSAGE`. @param url The relay, for the error. */
export function readState(body: Bytes, url: string): DropAnswer {
  return read(StateSchema, body, url);
}

/** Reads a refusal; `null` when the body is not one. */
export function readRefusal(body: Bytes): DropRefused | null {
  const { success, output } = v.safeParse(RefusalSchema, parsed(body));
  if (!success) return null;
  const { error, ...fields } = output;
  return new DropRefused(error, fields);
}

function read<T>(
  schema: v.GenericSchema<unknown, T>,
  body: Bytes,
  url: string,
): T {
  const { success, output } = v.safeParse(schema, parsed(body));
  if (success) return output;
  throw badAnswer(url);
}

/** Reads bytes as JSON; `undefined` when they are not JSON. */
function parsed(body: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
