/**
 * Receivers of drops: whoever has the code, or pairs.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { makeCode } from "../../../lib/drops/code.ts";
import { DropKeys } from "../../../lib/drops/keys.ts";
import { SLOTS } from "../../../lib/pairs/derive.ts";
import { takeSlot } from "../../../lib/pairs/slots.ts";
import type { KnownPair } from "../../cli/pairs/known_pairs.ts";
import { fillRandom, pairsFolder } from "../../cli/surroundings.ts";
import type { LeaveOptions } from "./options.ts";

/** One drop that is to be left. */
export interface Target {
  /** Address of the relay. */
  relay: string;
  /** The code for the receiver, where there is one. Secret. */
  code?: string;
  /** Our name for the pair that it is for. */
  to?: string;
  /** Ways to name and seal it, until one is free at the relay. */
  keys(): AsyncIterable<DropKeys>;
}

/**
 * The drops to leave: one with a code at `relay`, or one for each pair.
 *
 * @param pairs Those that the drops are for; `null` for one with a code.
 * @throws {SpreadError} `PAIR_UNUSABLE` for a pair without a relay.
 */
export async function makeTargets(
  pairs: readonly KnownPair[] | null,
  { relay }: LeaveOptions,
): Promise<Target[]> {
  return pairs === null ? [await withCode(relay!)] : pairs.map(forPair);
}

async function withCode(relay: string): Promise<Target> {
  const { secret, code } = await makeCode(fillRandom);
  return {
    relay,
    code,
    async *keys() {
      yield await DropKeys.ofCode(secret);
    },
  };
}

function forPair({ pair, key }: KnownPair): Target {
  const { name, relay, role } = pair;
  if (relay === undefined) throw noRelay(name);
  return {
    relay,
    to: name,
    async *keys() {
      for (let count = 0; count < SLOTS; count++) {
        const slot = await takeSlot(pairsFolder(), pair, new Date());
        const [secret, topic] = await Promise.all([
          key.dropSecret(role, slot),
          key.topic(role, slot),
        ]);
        yield await DropKeys.ofTopic(secret, topic);
      }
    },
  };
}

function noRelay(name: string): SpreadError {
  return new SpreadError(
    "PAIR_UNUSABLE",
    `Cannot leave anything for ${name}: the pair was made without a relay`,
    "Pair the two machines again: claude-spread pair --relay",
  );
}
