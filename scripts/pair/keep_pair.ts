/**
 * Keeps a new pair in a file of this machine, under a name that no other pair has.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { SpreadError } from "../../lib/errors.ts";
import {
  cleanName,
  MAX_PAIRS,
  type Pair,
  uniqueName,
} from "../../lib/pairs/pair.ts";
import { readPairs, writePair } from "../../lib/pairs/pair_files.ts";
import { changePairs } from "../../lib/pairs/pair_lock.ts";
import { badMessage } from "../../lib/protocol/handshake/messages.ts";
import { fillRandom, pairsFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";

/** The facts about a new pair that do not depend on what is there already. */
export interface NewPair {
  /** Name of the other side, by {@linkcode readName}. */
  wanted: string;
  /** Name of this side. */
  ownName: string;
  role: Pair["role"];
  /** 32 bytes; secret. */
  seed: Bytes;
  relay: string | undefined;
}

/**
 * Makes sure, before anything is shown or dialed, that there is space for one more pair.
 *
 * @throws {SpreadError} `PAIR_UNUSABLE` when there is not; `CANNOT_STORE` when the folder cannot be
 *   read.
 */
export async function checkSpace(): Promise<void> {
  const { pairs, problems } = await readPairs(pairsFolder());
  if (pairs.length + problems.length >= MAX_PAIRS) throw full();
}

/**
 * The name of the other side, cleaned.
 *
 * @throws {SpreadError} `BAD_MESSAGE` when nothing is left of it.
 */
export function readName(text: string): string {
  const name = cleanName(text);
  if (name === "") throw badMessage("its name has neither letter nor digit");
  return name;
}

/**
 * Writes the file of a new pair.
 *
 * @throws {SpreadError} `PAIR_UNUSABLE` when there are too many; `CANNOT_STORE`.
 */
export async function keepPair(made: NewPair): Promise<Pair> {
  const folder = pairsFolder();
  return await changePairs(folder, () => keepIn(folder, made));
}

async function keepIn(folder: string, made: NewPair): Promise<Pair> {
  const { pairs, problems } = await readPairs(folder);
  if (pairs.length + problems.length >= MAX_PAIRS) throw full();
  const { wanted, ownName, role, seed, relay } = made;
  // Two machines of one name would be hard to tell apart, too.
  const taken = new Set([ownName, ...pairs.map(({ name }) => name)]);
  const pair: Pair = {
    version: 1,
    id: newId(new Set([...pairs, ...problems].map(({ id }) => id))),
    name: uniqueName(wanted, taken),
    own_name: ownName,
    role,
    seed: seed.toHex(),
    relay,
    made: new Date().toISOString(),
    host: Deno.hostname(),
  };
  await writePair(folder, pair);
  return pair;
}

/** Says that there is a pair now, and why it has another name if it has. */
export function sayPaired(
  terminal: Terminal,
  { name, own_name, relay }: Pair,
  wanted: string,
): void {
  terminal.say(
    `paired with ${name}, which calls this machine ${own_name}; ${
      whereTo(relay)
    }`,
    "paired",
    { name, own_name, relay },
  );
  if (name === wanted) return;
  terminal.warn(
    wanted === own_name
      ? `both machines are called ${wanted}, so the other one is ${name} here`
      : `there is another pair ${wanted}, so this one is ${name}; if both are the same ` +
        `machine, forget the earlier one: claude-spread forget ${wanted}`,
  );
}

function whereTo(relay: string | undefined): string {
  return relay === undefined
    ? "the two find each other on the local network"
    : `the two find each other on the local network, and at ${relay}`;
}

/** A name for the file, which no other one has. */
function newId(taken: ReadonlySet<string>): string {
  for (;;) {
    const id = fillRandom(new Uint8Array(4)).toHex();
    if (!taken.has(id)) return id;
  }
}

function full(): SpreadError {
  return new SpreadError(
    "PAIR_UNUSABLE",
    `This machine has ${MAX_PAIRS} pairs, as many as it can have`,
    "Forget one: claude-spread forget NAME; claude-spread pairs lists them",
  );
}
