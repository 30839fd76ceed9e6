/**
 * The pairs of this machine for commands that use them: read, with what is wrong said once, and
 * with the keys that are derived from their seeds.
 *
 * @module
 */

import type { Bytes } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { PairKey } from "../../../lib/pairs/derive.ts";
import { isCopied, type Pair } from "../../../lib/pairs/pair.ts";
import { readPairs } from "../../../lib/pairs/pair_files.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import { pairsFolder } from "../surroundings.ts";
import type { Terminal } from "../terminal.ts";

/** Longest host name that is shown, in UTF-16 units. */
const MAX_HOST_LENGTH = 128;

/** A pair and its key. */
export interface KnownPair {
  pair: Pair;
  key: PairKey;
}

/**
 * Reads the pairs of this machine, and warns of files that cannot be used.
 *
 * @param names The only pairs wanted; absent for all.
 * @throws {SpreadError} `NO_PAIR` for a name that no pair has; `CANNOT_STORE` when the folder cannot
 *   be read.
 */
export async function openPairs(
  terminal: Terminal,
  names?: readonly string[],
): Promise<KnownPair[]> {
  const { pairs, problems } = await readPairs(pairsFolder());
  for (const { message } of problems) terminal.warn(message);
  const wanted = names === undefined
    ? pairs
    : await Promise.all(names.map((name) => find(name, pairs)));
  for (const pair of wanted) warnOfCopy(pair, terminal);
  return await Promise.all(wanted.map(async (pair) => ({
    pair,
    key: await PairKey.of(Uint8Array.fromHex(pair.seed) as Bytes),
  })));
}

function warnOfCopy(pair: Pair, terminal: Terminal): void {
  if (!isCopied(pair, Deno.hostname())) return;
  terminal.warn(
    `the pair "${pair.name}" was made on ${
      cleanLine(pair.host, MAX_HOST_LENGTH)
    } and copied here: both machines can pose as this side of it. ` +
      "If that was not meant, forget it and pair again",
  );
}

/** The pair of a name. @throws {SpreadError} `NO_PAIR`. */
async function find(name: string, pairs: readonly Pair[]): Promise<Pair> {
  const found = pairs.find((pair) => pair.name === name);
  if (found !== undefined) return found;
  const { nearest } = await import("../help/suggestion.ts");
  const names = pairs.map((pair) => pair.name);
  const meant = nearest(name, names);
  throw new SpreadError(
    "NO_PAIR",
    `There is no pair "${name}" on this machine`,
    [
      ...meant === null ? [] : [`Did you mean ${meant}?`],
      names.length === 0
        ? "No machine is paired with this one yet: claude-spread pair"
        : `The pairs are ${names.join(", ")}`,
    ].join(" "),
  );
}
