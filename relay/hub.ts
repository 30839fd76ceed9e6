/**
 * The hub: holds the clients and their rooms, takes what clients say to the machine of
 * `rooms.ts`, and does what that answers.
 *
 * Knows neither sockets nor the console; clock and randomness are passed in. What peers say
 * to each other passes through and is neither read nor kept.
 *
 * @module
 */

import { pause } from "../lib/pause.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  MAX_CONTROL_LENGTH,
  RELAY_PROTOCOL,
  type RelayError,
  type RelayMessage,
} from "../lib/relay_messages.ts";
import { isRoomCode } from "../lib/room_code.ts";
import { Admission } from "./admission.ts";
import type { RelayConfig } from "./config.ts";
import { Link } from "./link.ts";
import { Metrics } from "./metrics.ts";
import { blurAddress, limitKey } from "./rate_limits.ts";
import {
  type FillRandom,
  generateRoomCode,
  ResumeTokens,
} from "./room_codes.ts";
import {
  type Action,
  type ClientId,
  membersOf,
  type Outcome,
  type Room,
  type RoomEvent,
  step,
} from "./rooms.ts";
import type { Directory, DirectoryEvents, Wire, WireEvents } from "./wire.ts";

/** Messages of fewer bytes are answered by a word. */
const SMALL_BYTES = 32 * 1024;

/** Time for a connection to say what it wants, in milliseconds. */
const UNDECIDED_MS = 30_000;

/** What the hub takes from its surroundings. */
export interface HubWorld {
  /** Milliseconds that never go back. */
  now(): number;
  /** Milliseconds since 1970. */
  wallClock(): number;
  fillRandom: FillRandom;
  /** Takes one line of the log, as an object. */
  log(line: Record<string, unknown>): void;
}

/** What one connection is to the hub. */
type Role =
  | { kind: "new" }
  /** Another instance is being asked. */
  | { kind: "pending" }
  | { kind: "sender"; entry: Entry; protocol: number }
  | { kind: "receiver"; entry: Entry; protocol: number }
  /** Talks to another instance, through us. */
  | { kind: "guest"; remote: WireEvents; protocol: number };

interface Client {
  readonly id: ClientId;
  readonly link: Link;
  /** What counts as its address in limits. */
  readonly key: string;
  /** Whether it comes from another instance, which answers it for us. */
  readonly isDistant: boolean;
  readonly sinceMs: number;
  role: Role;
  isOpen: boolean;
}

/** A room with what the machine need not know. */
interface Entry {
  readonly code: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly ownerKey: string;
  readonly ownerAddress: string;
  room: Room;
  graceEndsMs: number | null;
  receivers: number;
  bytes: number;
}

/** Every room and connection of one process. */
export class Hub implements DirectoryEvents {
  readonly metrics = new Metrics();
  readonly #config: RelayConfig;
  readonly #world: HubWorld;
  readonly #tokens: ResumeTokens;
  readonly #clients = new Map<ClientId, Client>();
  readonly #entries = new Map<string, Entry>();
  readonly #admission: Admission;
  #directory: Directory | null = null;
  #nextId: ClientId = 1;
  #isEnding = false;

  /** @param secret Key of the resume tokens; the same for all instances of one relay. */
  constructor(config: RelayConfig, secret: string, world: HubWorld) {
    this.#config = config;
    this.#world = world;
    this.#tokens = new ResumeTokens(secret);
    this.#admission = new Admission(config, world.now);
  }

  /** Rooms that are open here. */
  get roomCount(): number {
    return this.#entries.size;
  }

  /** Connections that are open here. */
  get peerCount(): number {
    return this.#clients.size;
  }

  /** Bytes waiting for all clients. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const { link } of this.#clients.values()) {
      bytes += link.wire.bufferedBytes;
    }
    return bytes;
  }

  /** Lets rooms of other instances be found. */
  useDirectory(directory: Directory): void {
    this.#directory = directory;
  }

  /** Why nobody from this address is let in at the moment; `null` when there is no reason. */
  refusesConnection(address: string): RelayError | null {
    if (this.#isEnding) return "shutting_down";
    const isFull = this.#admission.connections.isFull(limitKey(address));
    if (isFull) this.metrics.count("refusals", 1, "too_many_connections");
    return isFull ? "too_many_connections" : null;
  }

  /** Takes a new connection; what happens on it is to be told to the events returned. */
  connect(wire: Wire): WireEvents {
    return this.#admit(wire, false);
  }

  /** A receiver comes from another instance, which has applied its limits. */
  arrive(wire: Wire): WireEvents {
    return this.#admit(wire, true);
  }

  #admit(wire: Wire, isDistant: boolean): WireEvents {
    const client: Client = {
      id: this.#nextId++,
      link: new Link(wire, this.#world.now),
      key: limitKey(wire.address),
      isDistant,
      sinceMs: this.#world.now(),
      role: { kind: "new" },
      isOpen: true,
    };
    this.#clients.set(client.id, client);
    this.#admission.connections.add(client.key);
    return {
      // The system of the client holds the rest back, see #acknowledge().
      begun: () => this.#greet(client),
      message: (data, isText) => this.#take(client, data, isText),
      alive: () => client.link.heard(),
      closed: (clean) => this.#gone(client, clean),
    };
  }

  /** Ends a room that another instance has taken over: its receivers ask again, and find it there. */
  evict(code: string): void {
    const entry = this.#entries.get(code);
    if (entry === undefined) return;
    this.#close(entry, "moved");
    for (const id of membersOf(entry.room)) {
      this.#refuse(this.#clients.get(id), "sender_disconnected");
    }
  }

  /** Looks after what only time tells; to be called about once a second. */
  tick(): void {
    const now = this.#world.now();
    for (const entry of [...this.#entries.values()]) {
      if (entry.graceEndsMs !== null && now >= entry.graceEndsMs) {
        this.#step(entry, { kind: "graceOver" });
      } else if (now >= entry.expiresMs + this.#config.roomTtlMs) {
        // A pair that has talked for as long again as rooms last.
        this.#step(entry, { kind: "expire" });
      } else if (now >= entry.expiresMs && !isLast(entry.room)) {
        this.#step(entry, { kind: "expire" });
      }
    }
    for (const client of [...this.#clients.values()]) {
      if (client.link.hasStalled(this.#config.stallMs)) {
        this.#terminate(client, "stalled");
      }
      const isUndecided = client.role.kind === "new" &&
        now - client.sinceMs >= UNDECIDED_MS;
      if (isUndecided) this.#terminate(client, "undecided");
    }
  }

  /** Asks every client for a sign of life, and ends those that gave none to the last call. */
  ping(): void {
    for (const client of [...this.#clients.values()]) {
      if (!client.link.ask()) this.#terminate(client, "silent");
    }
  }

  /** Says a word to every client that is in a room, where silence would end the process. */
  stayAwake(): void {
    for (const client of this.#clients.values()) this.#greet(client);
  }

  /** Lets nobody in any more, tells those who wait, and then, at the latest, those who talk. */
  async shutdown(signal: AbortSignal): Promise<void> {
    this.#isEnding = true;
    this.#shutdownRooms(({ kind }) => kind !== "paired");
    while (this.#entries.size > 0 && !signal.aborted) {
      await pause(20, signal);
      this.#shutdownRooms(({ kind }) => kind !== "paired");
    }
    this.#shutdownRooms(() => true);
    for (const client of this.#clients.values()) {
      this.#refuse(client, "shutting_down");
    }
  }

  #shutdownRooms(which: (room: Room) => boolean): void {
    for (const entry of [...this.#entries.values()]) {
      if (which(entry.room)) this.#step(entry, { kind: "shutdown" });
    }
  }

  /** Ends whatever connection is left. */
  terminateAll(): void {
    for (const client of [...this.#clients.values()]) {
      client.link.wire.terminate();
      this.#gone(client, false);
    }
  }

  #take(client: Client, data: Uint8Array, isText: boolean): void {
    if (!client.isOpen) return;
    client.link.heard();
    const { role } = client;
    switch (role.kind) {
      case "guest":
        role.remote.message(data, isText);
        if (role.protocol >= RELAY_PROTOCOL) this.#acknowledge(client, data);
        return;
      case "sender":
      case "receiver":
        if (isText && role.protocol >= RELAY_PROTOCOL) break;
        this.#pass(client, role.entry, data, isText);
        if (role.protocol >= RELAY_PROTOCOL) this.#acknowledge(client, data);
        return;
    }
    const message = isText ? decodeControl(data) : null;
    if (message === null) return this.#refuse(client, "invalid_message");
    this.#obey(client, message);
  }

  /**
   * Answers a small message with a word, which takes its acknowledgement along at once: a
   * client whose system holds small messages back until the last one is acknowledged
   * (Nagle's algorithm) would wait 40 ms for it.
   */
  #acknowledge(client: Client, { length }: Uint8Array): void {
    if (length < SMALL_BYTES) this.#pong(client);
  }

  /** Says nothing to who does not listen: an unread word for each message would pile up. */
  #pong(client: Client): void {
    if (client.isDistant || client.link.isBehind) return;
    this.#tell(client, { type: "PONG" });
  }

  /** Says a word that nobody has asked for to a client that speaks protocol 2. */
  #greet(client: Client): void {
    const { role } = client;
    if (role.kind === "new" || role.kind === "pending") return;
    if (role.protocol >= RELAY_PROTOCOL) this.#pong(client);
  }

  #obey(client: Client, message: ClientMessage): void {
    const { role } = client;
    if (message.type === "PING") return this.#pong(client);
    if (message.type === "RELEASE_PEER" && role.kind === "sender") {
      const { peer_id: peerId } = message;
      this.#pong(client);
      return this.#step(role.entry, { kind: "release", peerId });
    }
    if (role.kind !== "new") return this.#refuse(client, "invalid_message");
    switch (message.type) {
      case "CREATE_ROOM":
        return void this.#create(client, message.protocol ?? 1);
      case "JOIN_ROOM":
        return void this.#join(client, message);
      case "RESUME_ROOM":
        return void this.#resume(client, message);
      default:
        return this.#refuse(client, "invalid_message");
    }
  }

  async #create(client: Client, protocol: number): Promise<void> {
    const refusal = this.#refusesRoom(client);
    if (refusal !== null) return this.#refuse(client, refusal);
    client.role = { kind: "pending" };
    const code = await this.#freeCode();
    if (!client.isOpen) return this.#directory?.release(code ?? "");
    if (code === null) return this.#refuse(client, "too_many_rooms");
    const createdS = Math.floor(this.#world.wallClock() / 1000);
    const sender = { id: client.id, protocol };
    const entry = this.#open(code, client, this.#config.roomTtlMs, {
      kind: "waiting",
      sender,
    });
    client.role = { kind: "sender", entry, protocol };
    this.metrics.count("rooms_created");
    this.#tell(client, {
      type: "ROOM_CREATED",
      room_id: code,
      resume_token: this.#tokens.issue(code, createdS),
      ttl_s: this.#config.roomTtlMs / 1000,
    });
  }

  #refusesRoom({ key }: Client): RelayError | null {
    if (this.#isEnding) return "shutting_down";
    if (!this.#admission.mayCreate(key)) return "rate_limited";
    return this.#admission.rooms.isFull(key) ? "too_many_rooms" : null;
  }

  /** A code that nobody has; `null` when none could be had. */
  async #freeCode(): Promise<string | null> {
    for (let attempt = 0; attempt < 10; attempt++) {
      const code = generateRoomCode(this.#world.fillRandom);
      if (this.#entries.has(code)) continue;
      if (this.#directory === null) return code;
      try {
        const ttlMs = this.#config.roomTtlMs;
        if (await this.#directory.claim(code, ttlMs)) return code;
      } catch {
        return null;
      }
    }
    return null;
  }

  #open(code: string, owner: Client, ttlMs: number, room: Room): Entry {
    const createdMs = this.#world.now();
    const entry: Entry = {
      code,
      createdMs,
      expiresMs: createdMs + ttlMs,
      ownerKey: owner.key,
      ownerAddress: owner.link.wire.address,
      room,
      // Whoever comes back to it may be gone again before it is there.
      graceEndsMs: room.kind === "away"
        ? createdMs + this.#config.graceMs
        : null,
      receivers: 0,
      bytes: 0,
    };
    this.#entries.set(code, entry);
    this.#admission.rooms.add(entry.ownerKey);
    return entry;
  }

  async #join(
    client: Client,
    message: Extract<ClientMessage, { type: "JOIN_ROOM" }>,
  ): Promise<void> {
    if (this.#isEnding) return this.#refuse(client, "shutting_down");
    const { room_id: code, protocol = 1 } = message;
    if (!this.#admission.mayJoin(client.key)) {
      return this.#refuse(client, "rate_limited");
    }
    const entry = this.#entries.get(code);
    if (entry === undefined) return await this.#lead(client, message);
    const receiver = {
      id: client.id,
      protocol,
      peerId: `peer-${client.id}`,
    };
    client.role = { kind: "receiver", entry, protocol };
    const { maxQueue } = this.#config;
    this.#step(entry, { kind: "join", receiver, maxQueue });
  }

  /** Looks for a room elsewhere. */
  async #lead(
    client: Client,
    message: Extract<ClientMessage, { type: "JOIN_ROOM" }>,
  ): Promise<void> {
    const code = message.room_id;
    let remote: WireEvents | null = null;
    if (this.#directory !== null && isRoomCode(code)) {
      client.role = { kind: "pending" };
      try {
        remote = await this.#directory.lead(code, client.link.watched());
      } catch {
        return this.#refuse(client, "room_not_found");
      }
      if (!client.isOpen) return remote?.closed(true);
    }
    if (remote === null) {
      this.#admission.countWrongCode(client.key);
      return this.#refuse(client, "room_not_found");
    }
    const { protocol = 1 } = message;
    client.role = { kind: "guest", remote, protocol };
    remote.message(new TextEncoder().encode(JSON.stringify(message)), true);
  }

  async #resume(
    client: Client,
    message: Extract<ClientMessage, { type: "RESUME_ROOM" }>,
  ): Promise<void> {
    if (this.#isEnding) return this.#refuse(client, "shutting_down");
    const { room_id: code, resume_token: token, protocol = 1 } = message;
    if (!this.#admission.mayJoin(client.key)) {
      return this.#refuse(client, "rate_limited");
    }
    const createdS = this.#tokens.verify(code, token);
    const leftMs = createdS === null
      ? 0
      : createdS * 1000 + this.#config.roomTtlMs - this.#world.wallClock();
    if (createdS === null || leftMs <= 0) {
      this.#admission.countWrongCode(client.key);
      return this.#refuse(client, "room_not_found");
    }
    const isFull = this.#admission.rooms.isFull(client.key);
    if (!this.#entries.has(code) && isFull) {
      return this.#refuse(client, "too_many_rooms");
    }
    client.role = { kind: "pending" };
    const entry = await this.#reopen(client, code, leftMs);
    if (!client.isOpen || entry === null) {
      return this.#refuse(client, "room_not_found");
    }
    client.role = { kind: "sender", entry, protocol };
    entry.graceEndsMs = null;
    this.metrics.count("rooms_resumed");
    this.#tell(client, {
      type: "ROOM_RESUMED",
      room_id: code,
      ttl_s: Math.floor(leftMs / 1000),
    });
    const sender = { id: client.id, protocol };
    this.#step(entry, { kind: "resume", sender });
  }

  /** The room to come back to: ours, or, with a token that proves it, one that was lost or is elsewhere. */
  async #reopen(
    client: Client,
    code: string,
    leftMs: number,
  ): Promise<Entry | null> {
    const known = this.#entries.get(code);
    if (known !== undefined) return known;
    try {
      await this.#directory?.takeOver(code, leftMs);
    } catch {
      return null;
    }
    return this.#entries.get(code) ??
      this.#open(code, client, Math.min(leftMs, this.#config.roomTtlMs), {
        kind: "away",
        queue: [],
      });
  }

  /** Hands a message on to the other side of the room. */
  #pass(client: Client, entry: Entry, data: Uint8Array, isText: boolean): void {
    this.#step(entry, { kind: "message", from: client.id }, (to, asBinary) => {
      entry.bytes += data.length;
      this.metrics.count("messages_forwarded");
      this.metrics.count("bytes_forwarded", data.length);
      const { maxBufferedBytes } = this.#config;
      const asText = isText && !asBinary;
      if (!to.link.forward(data, asText, client.link, maxBufferedBytes)) {
        this.#terminate(to, "overflow");
      }
    });
  }

  #step(
    entry: Entry,
    event: RoomEvent,
    forward?: (to: Client, asBinary: boolean) => void,
  ): void {
    const { room, actions } = step(entry.room, event);
    if (room !== null) entry.room = room;
    if (room !== null && room.kind !== "away") entry.graceEndsMs = null;
    for (const action of actions) this.#do(entry, action, forward);
  }

  #do(
    entry: Entry,
    action: Action,
    forward?: (to: Client, asBinary: boolean) => void,
  ): void {
    switch (action.kind) {
      case "tell": {
        const { word } = action;
        const client = this.#clients.get(action.to);
        if (word.type === "ROOM_JOINED") this.#countJoin(entry);
        if (word.type === "ERROR") {
          this.metrics.count("refusals", 1, word.reason);
        }
        this.#tell(
          client,
          word.type.startsWith("ROOM_")
            ? { ...word, room_id: entry.code } as RelayMessage
            : word as RelayMessage,
        );
        return;
      }
      case "forward": {
        const to = this.#clients.get(action.to);
        if (to !== undefined) forward?.(to, action.asBinary);
        return;
      }
      case "close":
        return this.#dismiss(this.#clients.get(action.id));
      case "startGrace":
        entry.graceEndsMs = this.#world.now() + this.#config.graceMs;
        return;
      case "end":
        return this.#close(entry, action.outcome);
    }
  }

  #countJoin(entry: Entry): void {
    entry.receivers++;
    this.metrics.count("joins");
  }

  #tell(client: Client | undefined, message: RelayMessage): void {
    if (client?.isOpen) client.link.wire.send(JSON.stringify(message), true);
  }

  #refuse(client: Client | undefined, reason: RelayError): void {
    if (client === undefined || !client.isOpen) return;
    this.metrics.count("refusals", 1, reason);
    this.#tell(client, { type: "ERROR", reason });
    const { role } = client;
    this.#dismiss(client);
    this.#leave(client, role, true);
  }

  /** Closes a connection in order; the room, if any, knows of it. */
  #dismiss(client: Client | undefined): void {
    if (client === undefined || !client.isOpen) return;
    client.isOpen = false;
    client.link.close();
  }

  #terminate(
    client: Client,
    reason: "silent" | "stalled" | "overflow" | "undecided",
  ): void {
    this.metrics.count("connections_ended", 1, reason);
    client.link.wire.terminate();
    this.#gone(client, false);
  }

  /** A connection has ended. */
  #gone(client: Client, clean: boolean): void {
    if (!this.#clients.delete(client.id)) return;
    this.#admission.connections.remove(client.key);
    client.link.release();
    const wasOpen = client.isOpen;
    client.isOpen = false;
    if (wasOpen) this.#leave(client, client.role, clean);
    else if (client.role.kind === "guest") client.role.remote.closed(clean);
  }

  #leave(client: Client, role: Role, clean: boolean): void {
    client.role = { kind: "pending" };
    if (role.kind === "guest") role.remote.closed(clean);
    if (role.kind !== "sender" && role.kind !== "receiver") return;
    if (this.#entries.get(role.entry.code) !== role.entry) return;
    this.#step(role.entry, { kind: "leave", id: client.id, clean });
  }

  #close(entry: Entry, outcome: Outcome | "moved"): void {
    if (!this.#entries.delete(entry.code)) return;
    this.#admission.rooms.remove(entry.ownerKey);
    if (outcome !== "moved") this.#directory?.release(entry.code);
    this.metrics.count("rooms_ended", 1, outcome);
    this.#world.log({
      event: "room_ended",
      outcome,
      room: this.#tokens.blur(entry.code),
      sender: blurAddress(entry.ownerAddress),
      receivers: entry.receivers,
      bytes: entry.bytes,
      seconds: Math.round((this.#world.now() - entry.createdMs) / 1000),
    });
  }
}

function decodeControl(data: Uint8Array): ClientMessage | null {
  if (data.length > MAX_CONTROL_LENGTH) return null;
  return decodeClientMessage(new TextDecoder().decode(data));
}

function isLast(room: Room): boolean {
  return (room.kind === "paired" || room.kind === "draining") && room.isLast;
}
