/**
 * A pair: two machines that have met once and share a seed since. See docs/protocol.md,
 * section 14.
 *
 * @module
 */

import * as v from "valibot";
import { RelaySchema } from "../files/entry_files.ts";

/** Most pairs of a machine; further ones are refused. */
export const MAX_PAIRS = 64;

/** Most characters of a name. */
export const MAX_NAME_LENGTH = 32;

/** Side of a pair: `a` showed the words when the two met, `b` typed them. */
export type Role = "a" | "b";

/** Returns the role of the other side. */
export function otherRole(role: Role): Role {
  return role === "a" ? "b" : "a";
}

/** A name by {@linkcode cleanName}. */
export const NameSchema = v.pipe(
  v.string(),
  v.maxLength(MAX_NAME_LENGTH),
  v.check((name) => name !== "" && cleanName(name) === name),
);

/**
 * The last day on which slots were used. Each topic of a day is used once before one is used again.
 */
const UsedSchema = v.object({
  day: v.pipe(v.string(), v.isoDate()),
  /** How often a slot of that day was used. */
  count: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

/** The file of a pair. */
export const PairSchema = v.object({
  version: v.literal(1),
  /** Name of the file, ours alone: 8 hex digits. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
  /** Our name for the other side; no other pair has it. */
  name: NameSchema,
  /** The other side's name for us. */
  own_name: NameSchema,
  role: v.picklist(["a", "b"]),
  /** 32 bytes in hex; secret. */
  seed: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** Relay at which the two look for each other; absent for the local network alone. */
  relay: v.optional(RelaySchema),
  /** Time at which the two met. */
  made: v.pipe(v.string(), v.isoTimestamp()),
  /** Host name of this machine at that time: another one shows that the file was copied. */
  host: v.pipe(v.string(), v.maxLength(255)),
  used: v.optional(UsedSchema),
});

/** One pair, as its file has it. */
export type Pair = v.InferOutput<typeof PairSchema>;

/**
 * Makes a name of what a person or the other side wrote: small letters, NFKC, without characters
 * that show as nothing, and with `-` for everything between letters and digits but `.` and `_`; at
 * most {@linkcode MAX_NAME_LENGTH} UTF-16 units.
 *
 * @returns An empty text when nothing is left.
 */
export function cleanName(text: string): string {
  return text.slice(0, 256).replace(UNSEEN, "")
    .normalize("NFKC").toLowerCase().normalize("NFKC")
    .replace(/[^\p{L}\p{M}\p{N}._]+/gu, "-")
    .replace(/^[^\p{L}\p{N}]+/u, "")
    .slice(0, MAX_NAME_LENGTH)
    .replace(/[^\p{L}\p{M}\p{N}]+$/u, "");
}

/** Letters and marks that show as nothing: two names must not look the same because of them. */
const UNSEEN = /[\p{DI}\u{16fe4}]/gu;

/**
 * Whether the file of a pair was made on another machine, and came here by a copy. The domain of a
 * host name does not count: networks give another one.
 *
 * @param host Host name of this machine.
 */
export function isCopied(pair: Pick<Pair, "host">, host: string): boolean {
  const short = (name: string) => name.split(".", 1)[0]!.toLowerCase();
  return short(pair.host) !== short(host);
}

/** Makes a name unique among those taken: `cedar`, then `cedar-2`, `cedar-3` and so on. */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2;; number++) {
    const suffix = `-${number}`;
    const start = cleanName(name.slice(0, MAX_NAME_LENGTH - suffix.length));
    const candidate = start + suffix;
    if (!taken.has(candidate)) return candidate;
  }
}
