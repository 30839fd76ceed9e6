/**
 * The hub: turns messages of clients into events of `room.ts`, and performs the actions returned.
 *
 * Knows neither sockets nor the console; clock and randomness are passed in. The hub forwards
 * messages between peers without reading or keeping them.
 *
 * @module
 */

import { networkKey } from "../../lib/admission/network_key.ts";
import type { FillRandom } from "../../lib/bytes.ts";
import {
  type ClientMessage,
  RELAY_PROTOCOL,
  type RelayError,
  type RelayMessage,
} from "../../lib/relay_messages.ts";
import { pause } from "../../lib/waiting.ts";
import type { RelayConfig } from "../config.ts";
import { Bounds } from "./bounds.ts";
import { type Client, Clients, decodeWord } from "./clients/client.ts";
import type { Directory, DirectoryEvents } from "./directory.ts";
import { Metrics } from "../metrics.ts";
import { Limits } from "../limits/limits.ts";
import { type ClientAction, type OpenRoom, OpenRooms } from "./open_rooms.ts";
import { MemoryLimit } from "../limits/memory.ts";
import { membersOf } from "./room.ts";
import { ResumeTokens } from "./room_codes.ts";
import { RoomRequests } from "./room_requests.ts";
import type { Wire, WireEvents } from "./clients/wire.ts";

/** Clock, randomness and log of the hub. */
export interface HubOptions {
  /** Milliseconds that never go back. */
  now(): number;
  /** Milliseconds since 1970. */
  wallClock(): number;
  fillRandom: FillRandom;
  /** Writes one line of the log, given as an object. */
  log(line: Record<string, unknown>): void;
}

/** Reasons to terminate a connection, as the metrics count them. */
type Fault = "silent" | "stalled" | "overflow" | "memory" | "undecided";

/** Every room and connection of one process. */
export class Hub implements DirectoryEvents {
  readonly metrics = new Metrics();
  readonly #config: RelayConfig;
  readonly #memory: MemoryLimit;
  readonly #bounds: Bounds;
  readonly #clients: Clients;
  readonly #rooms: OpenRooms;
  readonly #requests: RoomRequests;

  /** @param secret Key of the resume tokens; the same for all instances of one relay. */
  constructor(config: RelayConfig, secret: string, options: HubOptions) {
    const { now } = options;
    this.#config = config;
    this.#memory = new MemoryLimit(config.maxTotalBytes);
    this.#clients = new Clients(this.#memory, now);
    this.#bounds = new Bounds({
      config,
      clients: this.#clients,
      memory: this.#memory,
      terminate: (client, reason) => this.#terminate(client, reason),
      refuse: (client, reason) => this.#refuse(client, reason),
    });
    const common = {
      ...options,
      config,
      metrics: this.metrics,
      tokens: new ResumeTokens(secret),
    };
    this.#rooms = new OpenRooms({
      ...common,
      onAction: (room, action) => this.#do(room, action),
    });
    this.#requests = new RoomRequests({
      ...common,
      limits: new Limits(config, now),
      clients: this.#clients,
      rooms: this.#rooms,
      refuse: (client, reason) => this.#refuse(client, reason),
    });
  }

  get roomCount(): number {
    return this.#rooms.count;
  }

  get peerCount(): number {
    return this.#clients.count;
  }

  /** Bytes held for all clients: queued messages, and parts of messages that are arriving. */
  get bufferedBytes(): number {
    return this.#memory.heldBytes;
  }

  /** Makes rooms of other instances reachable. */
  useDirectory(directory: Directory): void {
    this.#requests.useDirectory(directory);
    this.#rooms.useDirectory(directory);
  }

  /** Returns the rooms of all instances with these topics. Rejects when the directory fails. */
  lookUp(topics: readonly string[]): ReturnType<OpenRooms["lookUp"]> {
    return this.#rooms.lookUp(topics);
  }

  /** Whether the relay is ending, so that it takes no new connection. */
  get isEnding(): boolean {
    return this.#requests.isEnding;
  }

  /** Takes a new connection; the caller reports its events to the object returned. */
  connect(wire: Wire): WireEvents {
    return this.#admit(wire, false);
  }

  /** Takes a receiver from another instance, which has already applied its limits. */
  arrive(wire: Wire): WireEvents {
    return this.#admit(wire, true);
  }

  #admit(wire: Wire, isDistant: boolean): WireEvents {
    const client = this.#clients.add(wire, networkKey(wire.address), isDistant);
    return {
      coming: () => this.#bounds.watch(client),
      message: (data, isText) => this.#take(client, data, isText),
      alive: () => client.wire.heard(),
      closed: (clean) => this.#gone(client, clean),
    };
  }

  /** Ends a room that another instance has taken over: receivers join again and find it there. */
  evict(code: string): void {
    const room = this.#rooms.get(code);
    if (room === undefined) return;
    this.#rooms.close(room, "moved");
    for (const id of membersOf(room.state)) {
      this.#refuse(this.#clients.get(id), "sender_disconnected");
    }
  }

  /** Does everything that depends on time; call it about once a second. */
  tick(): void {
    this.#rooms.tick();
    this.#requests.tick();
    for (const client of this.#clients.all()) {
      // For words of the relay, and messages from another instance, which no peer here forwards.
      this.#bounds.apply(client, undefined);
      if (client.wire.hasStalled(this.#config.stallMs)) {
        this.#terminate(client, "stalled");
      }
      if (this.#clients.isUndecided(client)) {
        this.#terminate(client, "undecided");
      }
    }
  }

  /** Pings every client, and terminates those that did not answer the last ping. */
  ping(): void {
    for (const client of this.#clients.all()) {
      if (!client.wire.ask()) this.#terminate(client, "silent");
    }
  }

  /** Sends PONG to every client in a room, where silence would end the process. */
  stayAwake(): void {
    this.#clients.stayAwake();
  }

  /** Refuses clients and ends waiting rooms, then the rest, at the latest on `signal`. */
  async shutdown(signal: AbortSignal): Promise<void> {
    this.#requests.isEnding = true;
    this.#rooms.shutdown(({ kind }) => kind !== "paired");
    while (this.#rooms.count > 0 && !signal.aborted) {
      await pause(20, signal);
      this.#rooms.shutdown(({ kind }) => kind !== "paired");
    }
    this.#rooms.shutdown(() => true);
    for (const client of this.#clients.all()) {
      this.#refuse(client, "shutting_down");
    }
  }

  /** Terminates every remaining connection. */
  terminateAll(): void {
    for (const client of this.#clients.all()) {
      client.wire.terminate();
      this.#gone(client, false);
    }
  }

  #take(client: Client, data: Uint8Array, isText: boolean): void {
    if (!client.isOpen) return;
    client.wire.heard();
    const { role } = client;
    const isWord = role.kind === "new" || role.kind === "pending" ||
      isText && role.protocol >= RELAY_PROTOCOL;
    if (isWord) return this.#obey(client, isText ? decodeWord(data) : null);
    if (role.kind === "guest") role.remote.message(data, isText);
    else this.#pass(client, role.room, data, isText);
  }

  #obey(client: Client, message: ClientMessage | null): void {
    const { role } = client;
    if (message === null) return this.#refuse(client, "invalid_message");
    if (message.type === "PING") return this.#clients.pong(client);
    if (message.type === "RELEASE_PEER" && role.kind === "sender") {
      const { peer_id: peerId } = message;
      this.#clients.pong(client);
      return this.#rooms.step(role.room, { kind: "release", peerId });
    }
    if (role.kind !== "new") return this.#refuse(client, "invalid_message");
    this.#requests.answer(client, message);
  }

  /** Forwards a message to the other side of the room. */
  #pass(
    client: Client,
    room: OpenRoom,
    data: Uint8Array,
    isText: boolean,
  ): void {
    const event = { kind: "message", from: client.id } as const;
    this.#rooms.step(room, event, (room, action) => {
      if (action.kind !== "forward") return this.#do(room, action);
      const to = this.#clients.get(action.to);
      if (to === undefined) return;
      room.bytes += data.length;
      this.metrics.count("messages_forwarded");
      this.metrics.count("bytes_forwarded", data.length);
      const asText = isText && !action.asBinary;
      to.wire.forward(data, asText, client.wire);
      this.#bounds.apply(to, client);
    });
  }

  #do(room: OpenRoom, action: ClientAction): void {
    switch (action.kind) {
      case "tell": {
        const { word } = action;
        if (word.type === "ROOM_JOINED") {
          room.receivers++;
          this.metrics.count("joins");
        }
        if (word.type === "ERROR") {
          this.metrics.count("refusals", 1, word.reason);
        }
        const isOfRoom = word.type.startsWith("ROOM_");
        const message = isOfRoom ? { ...word, room_id: room.code } : word;
        const to = this.#clients.get(action.to);
        return this.#clients.tell(to, message as RelayMessage);
      }
      case "close":
        return this.#clients.dismiss(this.#clients.get(action.id));
    }
  }

  #refuse(client: Client | undefined, reason: RelayError): void {
    if (client === undefined || !client.isOpen) return;
    this.metrics.count("refusals", 1, reason);
    this.#clients.tell(client, { type: "ERROR", reason });
    this.#clients.dismiss(client);
    this.#leave(client, true);
  }

  #terminate(client: Client, reason: Fault): void {
    this.metrics.count("connections_ended", 1, reason);
    client.wire.terminate();
    this.#gone(client, false);
  }

  #gone(client: Client, clean: boolean): void {
    if (!this.#clients.remove(client)) return;
    const wasOpen = client.isOpen;
    client.isOpen = false;
    if (wasOpen) this.#leave(client, clean);
    else if (client.role.kind === "guest") client.role.remote.closed(clean);
  }

  /** Tells a client's room, here or on another instance, that the client has left. */
  #leave(client: Client, clean: boolean): void {
    const { role } = client;
    client.role = { kind: "pending" };
    if (role.kind === "guest") role.remote.closed(clean);
    if (role.kind !== "sender" && role.kind !== "receiver") return;
    const { room } = role;
    if (this.#rooms.get(room.code) !== room) return;
    this.#rooms.step(room, { kind: "leave", id: client.id, clean });
  }
}
