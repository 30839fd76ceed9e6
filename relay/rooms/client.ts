/**
 * Clients: the connections of one process, what each is to the hub, what it is told, and how it
 * is let go. What follows for its room is the hub's.
 *
 * @module
 */

import {
  type ClientMessage,
  decodeClientMessage,
  MAX_CONTROL_LENGTH,
  RELAY_PROTOCOL,
  type RelayMessage,
} from "../../lib/relay_messages.ts";
import { ClientWire } from "./client_wire.ts";
import type { OpenRoom } from "./open_rooms.ts";
import type { ClientId } from "./room_events.ts";
import type { Wire, WireEvents } from "./wire.ts";

/** Messages of fewer bytes are answered by a word. */
const SMALL_BYTES = 32 * 1024;

/** Time for a connection to say what it wants, in milliseconds. */
const UNDECIDED_MS = 30_000;

/** What one connection is to the hub. */
export type Role =
  | { kind: "new" }
  /** Another instance is being asked. */
  | { kind: "pending" }
  | { kind: "sender"; room: OpenRoom; protocol: number }
  | { kind: "receiver"; room: OpenRoom; protocol: number }
  /** Talks to another instance, through us. */
  | { kind: "guest"; remote: WireEvents; protocol: number };

/** One connection. */
export interface Client {
  readonly id: ClientId;
  readonly wire: ClientWire;
  /** What counts as its address in limits. */
  readonly key: string;
  /** Whether it comes from another instance, which answers it for us. */
  readonly isDistant: boolean;
  readonly sinceMs: number;
  role: Role;
  isOpen: boolean;
}

/** The clients of one process. */
export class Clients {
  readonly #clients = new Map<ClientId, Client>();
  #nextId: ClientId = 1;

  /** @param now Milliseconds that never go back. */
  constructor(private readonly now: () => number) {}

  /** Connections that are open here. */
  get count(): number {
    return this.#clients.size;
  }

  /** Bytes waiting for all of them. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const { wire } of this.#clients.values()) bytes += wire.bufferedBytes;
    return bytes;
  }

  /** Takes a new connection. @param key What counts as its address in limits. */
  add(wire: Wire, key: string, isDistant: boolean): Client {
    const client: Client = {
      id: this.#nextId++,
      wire: new ClientWire(wire, this.now),
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

  /** All of them, as they are now. */
  all(): Client[] {
    return [...this.#clients.values()];
  }

  /** Forgets a connection that has ended; `false` when it was forgotten before. */
  remove({ id, wire }: Client): boolean {
    if (!this.#clients.delete(id)) return false;
    wire.release();
    return true;
  }

  /** Whether a client has not said in time what it wants. */
  isUndecided({ role, sinceMs }: Client): boolean {
    return role.kind === "new" && this.now() - sinceMs >= UNDECIDED_MS;
  }

  /** Tells a client something, unless it is gone. */
  tell(client: Client | undefined, message: RelayMessage): void {
    if (client?.isOpen) client.wire.send(JSON.stringify(message), true);
  }

  /** Says nothing to a client that does not listen: an unread word for each message would pile up. */
  pong(client: Client): void {
    if (client.isDistant || client.wire.isBehind) return;
    this.tell(client, { type: "PONG" });
  }

  /**
   * Answers a small message with a word, which takes its acknowledgement along at once: a
   * client whose system holds small messages back until the last one is acknowledged
   * (Nagle's algorithm) would wait 40 ms for it.
   */
  acknowledge(client: Client, { length }: Uint8Array): void {
    if (length < SMALL_BYTES) this.pong(client);
  }

  /** Says a word that nobody has asked for to a client that speaks protocol 2. */
  greet(client: Client): void {
    const { role } = client;
    if (role.kind === "new" || role.kind === "pending") return;
    if (role.protocol >= RELAY_PROTOCOL) this.pong(client);
  }

  /** Closes a connection in order. */
  dismiss(client: Client | undefined): void {
    if (client === undefined || !client.isOpen) return;
    client.isOpen = false;
    client.wire.close();
  }
}

/** Reads a word; `null` when it is none of a client's. */
export function decodeWord(data: Uint8Array): ClientMessage | null {
  if (data.length > MAX_CONTROL_LENGTH) return null;
  return decodeClientMessage(new TextDecoder().decode(data));
}
