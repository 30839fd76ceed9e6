/**
 * Bounds on the memory of pairs and of the relay: who holds most is ended when too much is held.
 * Nobody comes that far by being fast, because reading stops before.
 *
 * @module
 */

import type { RelayConfig } from "../config.ts";
import type { Client, Clients } from "./client.ts";
import type { Memory } from "../limits/memory.ts";

/** Most bytes that are taken of a client that has not said what it wants. */
const MAX_FIRST_BYTES = 8 * 1024;

/** Parts of the hub that the bounds need. */
export interface BoundsOptions {
  config: RelayConfig;
  clients: Clients;
  memory: Memory;
  /** Ends a connection at once. */
  terminate(client: Client, reason: "overflow" | "memory"): void;
  /** Ends a connection whose first message is too long. */
  refuse(client: Client, reason: "invalid_message"): void;
}

/** Applies the bounds. */
export class Bounds {
  constructor(private readonly options: BoundsOptions) {}

  /**
   * Counts what is held of a client of which part of a message has come, even while its
   * connection is being closed: until then it may send.
   */
  watch(client: Client): void {
    const { wire, role, isOpen } = client;
    wire.count();
    if (isOpen && role.kind === "new" && wire.heldBytes > MAX_FIRST_BYTES) {
      return this.options.refuse(client, "invalid_message");
    }
    this.apply(client, isOpen ? this.#peerOf(client) : undefined);
  }

  /** Applies the bounds after something of a pair was counted. */
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

  /** The other one of a client's pair. */
  #peerOf({ id, role }: Client): Client | undefined {
    if (role.kind !== "sender" && role.kind !== "receiver") return undefined;
    const { state } = role.room;
    if (state.kind !== "paired") return undefined;
    const { sender, receiver } = state;
    return this.options.clients.get(sender.id === id ? receiver.id : sender.id);
  }
}
