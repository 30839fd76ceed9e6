/**
 * Bounds on the memory held for a pair and for all clients: when clients hold too much, the relay
 * ends the one that holds the most. Fast senders do not get that far, because the relay stops
 * reading from them earlier.
 *
 * @module
 */

import type { RelayConfig } from "../config.ts";
import type { Client, Clients } from "./clients/client.ts";
import type { MemoryLimit } from "../limits/memory.ts";

/** Most bytes accepted of a client's first message. */
const MAX_FIRST_BYTES = 8 * 1024;

/** Parts of the hub that the bounds need. */
export interface BoundsOptions {
  config: RelayConfig;
  clients: Clients;
  memory: MemoryLimit;
  /** Ends a connection at once. */
  terminate(client: Client, reason: "overflow" | "memory"): void;
  /** Ends a connection whose first message is too long. */
  refuse(client: Client, reason: "invalid_message"): void;
}

/** Applies the bounds to clients. */
export class Bounds {
  constructor(private readonly options: BoundsOptions) {}

  /**
   * Counts the memory of a client from which part of a message has arrived, even while its
   * connection is being closed: the client may send until the end.
   */
  watch(client: Client): void {
    const { wire, role, isOpen } = client;
    wire.count();
    if (isOpen && role.kind === "new" && wire.heldBytes > MAX_FIRST_BYTES) {
      return this.options.refuse(client, "invalid_message");
    }
    this.apply(client, isOpen ? this.#peerOf(client) : undefined);
  }

  /** Ends clients while the pair, or the relay, holds too much. */
  apply(client: Client, peer: Client | undefined): void {
    const { config, clients, memory, terminate } = this.options;
    const [held, peerHeld] = [client.wire.heldBytes, peer?.wire.heldBytes ?? 0];
    if (held + peerHeld > config.maxBufferedBytes) {
      terminate(peerHeld > held ? peer! : client, "overflow");
    }
    while (memory.isOver) {
      const heaviest = clients.heaviest();
      if (heaviest === undefined) return;
      terminate(heaviest, "memory");
    }
  }

  /** Returns the other client of the pair; `undefined` without one. */
  #peerOf({ id, role }: Client): Client | undefined {
    if (role.kind !== "sender" && role.kind !== "receiver") return undefined;
    const { state } = role.room;
    if (state.kind !== "paired") return undefined;
    const { sender, receiver } = state;
    return this.options.clients.get(sender.id === id ? receiver.id : sender.id);
  }
}
