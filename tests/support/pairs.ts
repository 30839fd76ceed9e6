/**
 * Machines that are paired with each other, without the command that pairs them.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import type { Pair } from "../../lib/pairs/pair.ts";
import { writePair } from "../../lib/pairs/pair_files.ts";
import type { Machine } from "./machine.ts";

/** Folder of the pairs of a machine. */
export function pairsOf({ home }: Machine): string {
  const state = Deno.build.os === "darwin"
    ? "Library/Application Support"
    : ".local/state";
  return `${home}/${state}/claude-spread/pairs`;
}

/** Makes the file of a pair. */
export function pairFile(fields: Partial<Pair> = {}): Pair {
  return {
    version: 1,
    id: hex(4),
    name: "cedar",
    own_name: "maple",
    role: "a",
    seed: hex(32),
    made: "2026-11-20T08:00:00.000Z",
    host: Deno.hostname(),
    ...fields,
  };
}

/**
 * Pairs two machines.
 *
 * @param more Fields of both files, such as the relay.
 * @returns Both files.
 */
export async function pairUp(
  [a, nameOfA]: [Machine, string],
  [b, nameOfB]: [Machine, string],
  more: Partial<Pair> = {},
): Promise<[a: Pair, b: Pair]> {
  const seed = hex(32);
  const atA = pairFile({
    seed,
    role: "a",
    name: nameOfB,
    own_name: nameOfA,
    ...more,
  });
  const atB = pairFile({
    seed,
    role: "b",
    name: nameOfA,
    own_name: nameOfB,
    ...more,
  });
  await writePair(pairsOf(a), atA);
  await writePair(pairsOf(b), atB);
  return [atA, atB];
}

function hex(length: number): string {
  return crypto.getRandomValues(new Uint8Array(length) as Bytes).toHex();
}
