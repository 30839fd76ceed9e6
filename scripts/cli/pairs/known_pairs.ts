/**
 * The pairs of this machine for commands that use them: read, with what is wrong said once, and
 * with the keys that are derived from their seeds.
 *
 * @module
 */

import type { Bytes } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { PairKey } from "../../../lib/pairs/derive.ts";
import { isCopied, otherRole, type Pair } from "../../../lib/pairs/pair.ts";
import { readPairs } from "../../../lib/pairs/pair_files.ts";
import { pairsFolder } from "../surroundings.ts";
import type { Terminal } from "../terminal.ts";

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
  terminal: Pick<Terminal, "warn">,
  names?: readonly string[],
): Promise<KnownPair[]> {
  const { pairs, problems } = await readPairs(pairsFolder());
  for (const { message } of problems) terminal.warn(message);
  const wanted = names === undefined
    ? pairs
    : await Promise.all(names.map((name) => find(name, pairs)));
  warnOfCopies(wanted, terminal);
  return await Promise.all(wanted.map(async (pair) => ({
    pair,
    key: await PairKey.of(Uint8Array.fromHex(pair.seed) as Bytes),
  })));
}

/** Warns of pairs that came here with a copy of the home folder. */
export function warnOfCopies(
  pairs: readonly Pair[],
  terminal: Pick<Terminal, "warn">,
): void {
  const here = Deno.hostname();
  for (const pair of pairs) {
    if (isCopied(pair, here)) terminal.warn(copied(pair));
  }
}

function copied({ name, host }: Pair): string {
  return `the pair ${name} was made on "${host}" and copied here: both machines can pose as this ` +
    `side of it. Forget it on one of them (claude-spread forget ${name})`;
}

/** The pair that an instance is announced for, and whether the sender has our own role in it. */
export async function findPair(
  pairs: readonly KnownPair[],
  instance: string,
  to: readonly string[],
): Promise<{ known: KnownPair; isOurRole: boolean } | null> {
  let ours: KnownPair | null = null;
  for (const known of pairs) {
    const { key, pair: { role } } = known;
    const [theirTag, ourTag] = await Promise.all([
      key.lanTag(otherRole(role), instance),
      key.lanTag(role, instance),
    ]);
    if (to.includes(theirTag.toHex())) return { known, isOurRole: false };
    if (to.includes(ourTag.toHex())) ours = known;
  }
  return ours && { known: ours, isOurRole: true };
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
    `This machine has no pair "${name}"`,
    [
      ...meant === null ? [] : [`Did you mean ${meant}?`],
      names.length === 0
        ? "No machine is paired with this one yet; claude-spread pair makes a pair"
        : `The pairs are ${names.join(", ")}`,
    ].join(" "),
  );
}
