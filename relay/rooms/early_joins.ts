/**
 * Early joins: receivers that ask, soon after the relay has started, for a room whose sender may
 * not be back yet. The relay lets them wait for a moment before it says that there is no such room.
 *
 * @module
 */

import type { ClientMessage } from "../../lib/relay_messages.ts";
import type { RelayConfig } from "../config.ts";
import type { Client } from "./clients/client.ts";

/** Time after the start in which receivers wait for a sender to come back, in milliseconds. */
export const EARLY_MS = 15_000;

type Join = Extract<ClientMessage, { type: "JOIN_ROOM" }>;

/** A waiting receiver and its request. */
export interface EarlyJoin {
  client: Client;
  message: Join;
}

/** The waiting receivers: of one address, at most as many as the wrong codes it has per minute. */
export class EarlyJoins {
  readonly #waiting = new Map<Client, Join>();
  readonly #endsMs: number;

  /** @param now Milliseconds that never go back. */
  constructor(
    private readonly config: RelayConfig,
    private readonly now: () => number,
  ) {
    // Without a secret that outlives the process, no sender can come back to its room.
    const canComeBack = config.secret !== "" || config.backend === "kv";
    this.#endsMs = canComeBack ? now() + EARLY_MS : -Infinity;
  }

  /** Lets a receiver wait; `false` when it has to be refused at once. */
  keep({ client, message }: EarlyJoin): boolean {
    if (this.now() >= this.#endsMs) return false;
    const clients = [...this.#waiting.keys()];
    const others = clients.filter(({ key }) => key === client.key).length;
    if (others >= this.config.wrongCodesPerMinute) return false;
    this.#waiting.set(client, message);
    return true;
  }

  /** Removes and returns the connected receivers that wait for a room; by default for any room. */
  take(code?: string): EarlyJoin[] {
    const taken: EarlyJoin[] = [];
    for (const [client, message] of this.#waiting) {
      if (code !== undefined && message.room_id !== code) continue;
      this.#waiting.delete(client);
      if (client.isOpen) taken.push({ client, message });
    }
    return taken;
  }
}
