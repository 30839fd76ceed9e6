/**
 * The state of a drop, as its sender and receiver see it, and what a relay offers them. See
 * RELAY_SERVER_SPEC.md, sections 17.2 and 17.4.
 *
 * @module
 */

import type { DropsConfig } from "../config.ts";
import { type DropRow, isComplete, PART_BYTES, partCount } from "./drop_row.ts";

/** Life of a drop whose sender names none, in milliseconds. */
const DEFAULT_TTL_MS = 3 * 24 * 60 * 60_000;

/** Limits of a relay that keeps drops. */
export interface DropOffer {
  part_bytes: number;
  max_bytes: number;
  default_ttl_s: number;
  max_ttl_s: number;
}

/** Returns what a relay with these settings offers. */
export function dropOffer({ maxDropBytes, maxTtlMs }: DropsConfig): DropOffer {
  return {
    part_bytes: PART_BYTES,
    max_bytes: maxDropBytes,
    default_ttl_s: Math.min(DEFAULT_TTL_MS, maxTtlMs) / 1000,
    max_ttl_s: maxTtlMs / 1000,
  };
}

/** State of a drop. */
export interface DropState {
  state: "filling" | "waiting" | "taken" | "deleted";
  bytes: number;
  parts: number;
  /** Number of the part that the relay expects. */
  next: number;
  expires_s: number;
  /** Seconds since the receipt, if there was one. */
  taken_s?: number;
}

/** Returns the state of a drop. @param nowMs Milliseconds since 1970. */
export function dropState(row: DropRow, nowMs: number): DropState {
  const state: DropState = {
    state: isComplete(row) ? "waiting" : "filling",
    bytes: row.bytes,
    parts: partCount(row.bytes),
    next: row.next,
    expires_s: seconds(row.expiresMs - nowMs),
  };
  if (row.takenMs === null) return state;
  return { ...state, state: "taken", taken_s: seconds(nowMs - row.takenMs) };
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}
