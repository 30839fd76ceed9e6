/**
 * The directory of a relay of several instances, as the hub sees it.
 *
 * @module
 */

import type { NamedRoom } from "./room_codes.ts";
import type { CodesByTopic } from "./room_topics.ts";
import type { Wire, WireEvents } from "./clients/wire.ts";

/**
 * Rooms beyond this process: finds those of other instances. The directory reports to the hub
 * through {@linkcode DirectoryEvents}.
 */
export interface Directory {
  /** Claims the code of a new room for this instance; `false` when another room has it. */
  claim(room: NamedRoom, ttlMs: number): Promise<boolean>;
  /**
   * Makes this instance the owner of a room whose sender has connected here; `false` when the code
   * belongs to a room of another birth by now.
   */
  takeOver(room: NamedRoom, ttlMs: number): Promise<boolean>;
  /** Frees a room code; never fails. */
  release(code: string): void;
  /**
   * Connects a client to the instance that has its room. Messages of the client go to the events
   * returned, messages from that instance to `wire`; `null` when no instance has the room.
   */
  lead(code: string, wire: Wire): Promise<WireEvents | null>;
  /** Returns the rooms of all instances by topic, as they are now. */
  topics(): Promise<CodesByTopic>;
}

/** Calls from a directory to its hub. */
export interface DirectoryEvents {
  /** A receiver has come from another instance. */
  arrive(wire: Wire): WireEvents;
  /** Another instance has taken over a room. */
  evict(code: string): void;
}
