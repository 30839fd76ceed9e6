/**
 * Drops that this user has left: how they stand, by their relay's word, and taking them back.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import { DropRelay, type DropRelayOptions } from "./drop_relay.ts";
import type { DropEntry } from "./entries.ts";
import { badAnswer, DropRefused } from "./refusals.ts";

/** Time in which a drop that has just been begun may not be at its relay, in milliseconds. */
const BEGINNING_MS = 60_000;

/**
 * Time after which a drop has expired by our own clock, which may be a day off, when its relay does
 * not tell, in milliseconds.
 */
const SURELY_EXPIRED_MS = 24 * 60 * 60 * 1000;

/** State of a drop: `unknown` when its relay does not tell. */
export type OwnDropState =
  | "filling"
  | "waiting"
  | "unknown"
  | NonNullable<DropEntry["over"]>["how"];

/** A drop as it stands. */
export interface OwnDrop {
  state: OwnDropState;
  /** Its entry, with what the relay has told. */
  entry: DropEntry;
  /** Why it is unknown: a sentence without a final period. */
  why?: string;
}

/** Means of asking a relay: one attempt each. */
export interface Asking extends Pick<DropRelayOptions, "proxy" | "signal"> {
  now: Date;
}

/** Asks the relay how a drop stands, unless it is over. */
export async function lookAtDrop(
  entry: DropEntry,
  asking: Asking,
): Promise<OwnDrop> {
  if (entry.over !== undefined) return { state: entry.over.how, entry };
  const { now } = asking;
  using relay = relayOf(entry, asking);
  try {
    const { state, taken_s } = await relay.look(entry.drop, {
      delete: entry.token,
    });
    switch (state) {
      case "taken":
        return over(entry, "taken", before(now, taken_s ?? 0));
      case "deleted":
        return over(entry, "back", now);
      case "filling":
        return { state, entry };
      case "waiting":
        // Its sender was killed before it could write that.
        return { state, entry: { left: now.toISOString(), ...entry } };
    }
  } catch (error) {
    if (!DropRefused.is(error, "drop_not_found")) {
      const inWords = relay.inWords(error);
      if (!(inWords instanceof SpreadError)) throw error;
      if (hasSurelyExpired(entry, now)) return overAt(entry, now);
      return { state: "unknown", entry, why: inWords.message };
    }
    return gone(entry, now);
  }
}

/**
 * Takes a drop back.
 *
 * @returns How it ended: `back`, or whatever was faster.
 * @throws {SpreadError} When the relay did not delete it, as far as is known.
 */
export async function takeBackDrop(
  entry: DropEntry,
  asking: Asking,
): Promise<OwnDrop> {
  const { now } = asking;
  using relay = relayOf(entry, asking);
  try {
    const { state, taken_s } = await relay.takeBack(entry.drop, entry.token);
    if (state === "taken") {
      return over(entry, "taken", before(now, taken_s ?? 0));
    }
    if (state === "deleted") return over(entry, "back", now);
    throw badAnswer(relay.url);
  } catch (error) {
    if (DropRefused.is(error, "drop_not_found")) return notThere(entry, now);
    if (DropRefused.is(error, "drop_taken")) return over(entry, "taken", now);
    const inWords = relay.inWords(error);
    if (!(inWords instanceof SpreadError)) throw error;
    if (hasSurelyExpired(entry, now)) return overAt(entry, now);
    throw inWords;
  }
}

/** Whether no relay has the drop any more, also one that has ended for good. */
function hasSurelyExpired({ expires }: DropEntry, now: Date): boolean {
  return now.getTime() - Date.parse(expires) > SURELY_EXPIRED_MS;
}

function relayOf({ relay }: DropEntry, { proxy, signal }: Asking): DropRelay {
  return new DropRelay(relay, { proxy, signal, pausesMs: [] });
}

/** A drop that its relay does not have. */
function gone(entry: DropEntry, now: Date): OwnDrop {
  const isBeginning = entry.left === undefined &&
    now.getTime() - Date.parse(entry.begun) < BEGINNING_MS;
  return isBeginning ? { state: "filling", entry } : overAt(entry, now);
}

/**
 * A drop to be taken back that its relay does not have. If it was never complete, its sender may be
 * about to begin it, and learns from the entry that it must not.
 */
function notThere(entry: DropEntry, now: Date): OwnDrop {
  const lost = overAt(entry, now);
  if (lost.state !== "lost" || entry.left !== undefined) return lost;
  return { ...over(entry, "back", now), state: "lost" };
}

/** A drop that is over: it has expired, or its relay lost or deleted it before its time. */
function overAt(entry: DropEntry, now: Date): OwnDrop {
  const expires = new Date(entry.expires);
  return now >= expires
    ? over(entry, "expired", expires)
    : over(entry, "lost", now);
}

function over(
  entry: DropEntry,
  how: NonNullable<DropEntry["over"]>["how"],
  at: Date,
): OwnDrop {
  return {
    state: how,
    entry: { ...entry, over: { at: at.toISOString(), how } },
  };
}

function before(now: Date, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000);
}
