/**
 * The directory of a relay of several instances, as the hub sees it.
 *
 * @module
 */

import type { Wire, WireEvents } from "./wire.ts";

/**
 * Rooms beyond this process: how an instance finds those of the others. Its work is told to
 * the hub by {@linkcode DirectoryEvents}.
 */
export interface Directory {
  /** Takes a free room code for this instance; `false` when it is taken. */
  claim(code: string, ttlMs: number): Promise<boolean>;
  /** Makes this instance the owner of a room whose sender has come here. */
  takeOver(code: string, ttlMs: number): Promise<void>;
  /** Gives a room code back; never fails. */
  release(code: string): void;
  /**
   * Leads a client to the instance that has its room. What the client sends goes to
   * the events returned, what comes from there to `wire`; `null` when nobody has the room.
   */
  lead(code: string, wire: Wire): Promise<WireEvents | null>;
}

/** What a directory asks of its hub. */
export interface DirectoryEvents {
  /** Someone comes from another instance. */
  arrive(wire: Wire): WireEvents;
  /** Another instance has taken a room over. */
  evict(code: string): void;
}
