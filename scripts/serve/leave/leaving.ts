/**
 * Leaving a payload at one relay: it is sent, noted, and taken back if that fails.
 *
 * @module
 */

import type { DropLimits } from "../../../lib/drops/answers.ts";
import { DropRelay } from "../../../lib/drops/drop_relay.ts";
import { type DropEntry, removeDropEntry } from "../../../lib/drops/entries.ts";
import { type DropKeys, makeDeleteToken } from "../../../lib/drops/keys.ts";
import { leaveDrop } from "../../../lib/drops/leave.ts";
import { DropRefused } from "../../../lib/drops/refusals.ts";
import { DropSealer } from "../../../lib/drops/seal.ts";
import { SpreadError } from "../../../lib/errors.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { nameRelay } from "../../../lib/transports/relay/errors.ts";
import { dropsFolder, fillRandom } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { DroppedPayload } from "./dropped_payload.ts";
import type { Target } from "./targets.ts";
import {
  keepEntry,
  noteEnd,
  noteLeft,
  requireWanted,
} from "./written_entry.ts";

/** Time to take back what a stopped command has left, in milliseconds. */
const TAKE_BACK_MS = 3_000;

/** A relay that will keep a drop. */
export interface KeepingRelay {
  target: Target;
  relay: DropRelay;
  proxy: string | null;
  limits: DropLimits;
  /** Life of the drop, in seconds. */
  life: number;
}

/** A payload on its way to a relay. */
export class DropLeaving {
  constructor(
    private readonly place: KeepingRelay,
    private readonly dropped: DroppedPayload,
    private readonly terminal: Terminal,
  ) {}

  /**
   * Leaves it, under the first of the target's names that is free.
   *
   * @returns The entry, and whether `status` and `stop` find it.
   */
  async leave(): Promise<{ entry: DropEntry; isKnown: boolean }> {
    const { target, relay } = this.place;
    try {
      for await (const keys of target.keys()) {
        const left = await this.#leaveAs(keys);
        if (left !== null) return left;
      }
    } catch (error) {
      throw relay.inWords(error);
    }
    // A code is new: a relay that has a drop of its name breaks the rules.
    throw target.to === undefined
      ? relay.inWords(new DropRefused("drop_exists"))
      : noneFree(target.to);
  }

  /** Leaves it under one name; `null` when that is in use. */
  async #leaveAs(
    keys: DropKeys,
  ): Promise<{ entry: DropEntry; isKnown: boolean } | null> {
    const { place, terminal, dropped: { offer, source } } = this;
    const { relay, limits, life } = place;
    const sealer = new DropSealer(keys, offer, source, limits.max_bytes);
    const token = makeDeleteToken(fillRandom);
    const entry = entryOf(offer, place, keys, token.toHex());
    const isKnown = await keepEntry(entry, terminal);
    const checkWanted = async () => {
      if (isKnown) await requireWanted(entry);
    };
    try {
      await leaveDrop(relay, sealer, {
        keys,
        deleteToken: token,
        ttlS: life,
        fillRandom,
        onProgress: (bytes) =>
          terminal.progress(nameRelay(relay.url), bytes, sealer.bytes),
        onForgotten: checkWanted,
      });
      await checkWanted();
    } catch (error) {
      if (DropRefused.is(error, "drop_exists")) {
        await removeDropEntry(dropsFolder(), entry.id);
        return null;
      }
      await this.#takeBack(entry);
      throw error;
    }
    const left = { ...entry, left: new Date().toISOString() };
    if (isKnown) await noteLeft(left, terminal);
    return { entry: left, isKnown };
  }

  /** Takes back what was left before a failure; the entry stays when that fails too. */
  async #takeBack(entry: DropEntry): Promise<void> {
    const { proxy, relay: { url } } = this.place;
    const signal = AbortSignal.timeout(TAKE_BACK_MS);
    using relay = new DropRelay(url, { proxy, signal, pausesMs: [] });
    const isGone = await relay.takeBack(entry.drop, entry.token).then(
      () => true,
      (error) => DropRefused.is(error, "drop_not_found", "drop_taken"),
    );
    await noteEnd(entry, isGone, this.terminal);
  }
}

function entryOf(
  { kind, name, size, work }: Offer,
  { target: { relay, to }, life }: KeepingRelay,
  keys: DropKeys,
  token: string,
): DropEntry {
  const now = Date.now();
  return {
    version: 1,
    id: fillRandom(new Uint8Array(4)).toHex(),
    drop: keys.id.toHex(),
    relay,
    token,
    kind,
    name,
    size,
    work: work?.size,
    to,
    begun: new Date(now).toISOString(),
    expires: new Date(now + life * 1000).toISOString(),
  };
}

/** Error for a pair whose names at the relay are all in use. */
function noneFree(to: string): SpreadError {
  return new SpreadError(
    "RELAY_BUSY",
    `Cannot leave more for ${to} today: eight drops wait already, or were taken`,
    "Wait until tomorrow, or share while both machines are awake, without --leave",
  );
}
