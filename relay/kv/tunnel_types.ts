/**
 * What a tunnel is made of, and what it tells its end.
 *
 * @module
 */

import type { Side, SideState } from "./schema.ts";
import type { Store } from "./store.ts";

/** How tunnels measure time, in milliseconds. */
export interface TunnelTimes {
  /** Time between two signs of life of an instance. */
  beatMs: number;
  /** How long an instance may be silent. */
  liveMs: number;
  /** How long KV keeps blocks and states. */
  keepMs: number;
  /** How long the other end may take to read the rest once this one has ended. */
  lingerMs: number;
}

/** What a tunnel is made of. */
export interface TunnelOptions {
  id: string;
  side: Side;
  /** The instance at the other end. */
  peer: string;
  store: Store;
  now: () => number;
  maxMessageBytes: number;
  times: TunnelTimes;
}

/** How a tunnel ends; only a `lost` one may lose messages. */
export type Ending = NonNullable<SideState["end"]>;

/** What a tunnel tells its end. */
export interface TunnelEvents {
  message(data: Uint8Array, isText: boolean): void;
  /** Told once, after the last message. */
  ended(how: Ending): void;
}
