/**
 * Clients: the connections of one process, their roles, the messages to them, and their
 * dismissal. The hub decides what follows for their rooms.
 *
 * @module
 */

import {
  type ClientMessage,
  decodeClientMessage,
  MAX_CONTROL_LENGTH,
  RELAY_PROTOCOL,
  type RelayMessage,
} from "../../../lib/relay_messages.ts";
import { ClientWire } from "./client_wire.ts";
import type { MemoryLimit } from "../../limits/memory.ts";
import type { OpenRoom } from "../open_rooms.ts";
import type { ClientId } from "../room_events.ts";
import type { Wire, WireEvents } from "./wire.ts";

/** Time for a connection to send its request, in milliseconds. */
const UNDECIDED_MS = 30_000;

/** Role of a connection in the hub. */
export type ClientRole =
  | { kind: "new" }
  /** The hub is waiting for another instance. */
  | { kind: "pending" }
  | { kind: "sender"; room: OpenRoom; protocol: number }
  | { kind: "receiver"; room: OpenRoom; protocol: number }
  /** The client talks to another instance through this one. */
  | { kind: "guest"; remote: WireEvents; protocol: number };

/** One connection. */
export interface Client {
  readonly id: ClientId;
  readonly wire: ClientWire;
  /** The address that limits count, from `networkKey()`. */
  readonly key: string;
  /** Whether the client comes from another instance, which answers its `PING`. */
  readonly isDistant: boolean;
  readonly sinceMs: number;
  role: ClientRole;
  isOpen: boolean;
}

/** The clients of one process. */
export class Clients {
  readonly #clients = new Map<ClientId, Client>();
  #nextId: ClientId = 1;

  /** @param now Milliseconds that never go back. */
  constructor(
    private readonly memory: MemoryLimit,
    private readonly now: () => number,
  ) {}

  /** Number of open connections. */
  get count(): number {
    return this.#clients.size;
  }

  /** Returns the client with the most bytes held; `undefined` when nothing is held. */
  heaviest(): Client | undefined {
    let found: Client | undefined;
    for (const client of this.#clients.values()) {
      const most = found?.wire.heldBytes ?? 0;
      if (client.wire.heldBytes > most) found = client;
    }
    return found;
  }

  /**
   * Adds a new connection.
   *
   * @param key The address that limits count.
   */
  add(wire: Wire, key: string, isDistant: boolean): Client {
    const client: Client = {
      id: this.#nextId++,
      wire: new ClientWire(wire, this.memory, this.now),
      key,
      isDistant,
      sinceMs: this.now(),
      role: { kind: "new" },
      isOpen: true,
    };
    this.#clients.set(client.id, client);
    return client;
  }

  get(id: ClientId): Client | undefined {
    return this.#clients.get(id);
  }

  /** Returns a snapshot of all clients. */
  all(): Client[] {
    return [...this.#clients.values()];
  }

  /** Removes a connection that has ended; `false` when it was already removed. */
  remove({ id, wire }: Client): boolean {
    if (!this.#clients.delete(id)) return false;
    wire.leave();
    return true;
  }

  /** Whether a client has not sent its request in time. */
  isUndecided({ role, sinceMs }: Client): boolean {
    return role.kind === "new" && this.now() - sinceMs >= UNDECIDED_MS;
  }

  /** Sends a message to a client, unless it is gone. */
  tell(client: Client | undefined, message: RelayMessage): void {
    if (client?.isOpen) client.wire.send(JSON.stringify(message), true);
  }

  /** Sends PONG, except to a client that reads too slowly, where unread ones would pile up. */
  pong(client: Client): void {
    if (client.wire.isBehind) return;
    this.tell(client, { type: "PONG" });
  }

  /** Sends PONG, unasked, to every client in a room that speaks protocol 2. */
  stayAwake(): void {
    for (const client of this.#clients.values()) {
      const { role, isDistant } = client;
      if (isDistant || role.kind === "new" || role.kind === "pending") continue;
      if (role.protocol >= RELAY_PROTOCOL) this.pong(client);
    }
  }

  /** Closes a connection in order. */
  dismiss(client: Client | undefined): void {
    if (client === undefined || !client.isOpen) return;
    client.isOpen = false;
    client.wire.close();
  }
}

/** Decodes a control message; `null` when it is not one that clients send. */
export function decodeWord(data: Uint8Array): ClientMessage | null {
  if (data.length > MAX_CONTROL_LENGTH) return null;
  return decodeClientMessage(new TextDecoder().decode(data));
}
