/**
 * Options and events of a tunnel end.
 *
 * @module
 */

import type { SideState, TunnelSide } from "../schema.ts";
import type { Store } from "../store.ts";

/** Intervals and time limits of tunnels, in milliseconds. */
export interface TunnelTimes {
  /** Time between two signs of life of an instance. */
  beatMs: number;
  /** Longest silence of a living instance. */
  liveMs: number;
  /** Lifetime of blocks and states in KV. */
  keepMs: number;
  /** Time for the other end to read the rest once this one has ended. */
  lingerMs: number;
}

/** Options of a tunnel end. */
export interface TunnelOptions {
  id: string;
  side: TunnelSide;
  /** The instance at the other end. */
  peer: string;
  store: Store;
  now: () => number;
  maxMessageBytes: number;
  times: TunnelTimes;
}

/** The ways in which a tunnel ends; only a `lost` one may lose messages. */
export type Ending = NonNullable<SideState["end"]>;

/** Events that a tunnel reports to its end. */
export interface TunnelEvents {
  message(data: Uint8Array, isText: boolean): void;
  /** Called once, after the last message. */
  ended(how: Ending): void;
}
