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
import type { RelayConfig } from "./config.ts";
import { Metrics } from "./metrics.ts";
import { blurAddress, limitKey, RateLimit } from "./rate_limits.ts";
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

/** Bytes waiting for one client at which the other side is no longer read, and is read again. */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;

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
  readonly wire: Wire;
  /** What counts as its address in limits. */
  readonly key: string;
  /** Whether it comes from another instance, which answers it for us. */
  readonly isDistant: boolean;
  readonly sinceMs: number;
  role: Role;
  isOpen: boolean;
  /** Whether it has been asked for a sign of life and has not given one. */
  isAsked: boolean;
  isPaused: boolean;
  /** Whose reading waits until this one has taken its messages. */
  waiting: Client | null;
  /** Since when it has taken nothing, while something waits for it. */
  stalledMs: number | null;
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
  readonly #connectionsOf = new Map<string, number>();
  readonly #roomsOf = new Map<string, number>();
  readonly #creates: RateLimit;
  readonly #joins: RateLimit;
  readonly #wrongCodes: RateLimit;
  #directory: Directory | null = null;
  #nextId: ClientId = 1;
  #isEnding = false;

  /** @param secret Key of the resume tokens; the same for all instances of one relay. */
  constructor(config: RelayConfig, secret: string, world: HubWorld) {
    this.#config = config;
    this.#world = world;
    this.#tokens = new ResumeTokens(secret);
    this.#creates = new RateLimit(config.createsPerMinute, world.now);
    this.#joins = new RateLimit(config.joinsPerMinute, world.now);
    this.#wrongCodes = new RateLimit(config.wrongCodesPerMinute, world.now);
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
    for (const { wire } of this.#clients.values()) bytes += wire.bufferedBytes;
    return bytes;
  }

  /** Lets rooms of other instances be found. */
  useDirectory(directory: Directory): void {
    this.#directory = directory;
  }

  /** Why nobody from this address is let in at the moment; `null` when there is no reason. */
  refusesConnection(address: string): RelayError | null {
    if (this.#isEnding) return "shutting_down";
    const own = this.#connectionsOf.get(limitKey(address)) ?? 0;
    const isFull = this.#clients.size >= this.#config.maxConnections ||
      own >= this.#config.maxConnectionsPerAddress;
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
      wire,
      key: limitKey(wire.address),
      isDistant,
      sinceMs: this.#world.now(),
      role: { kind: "new" },
      isOpen: true,
      isAsked: false,
      isPaused: false,
      waiting: null,
      stalledMs: null,
    };
    this.#clients.set(client.id, client);
    add(this.#connectionsOf, client.key, 1);
    return {
      begun: () => this.#greetHead(client),
      message: (data, isText) => this.#take(client, data, isText),
      alive: () => {
        client.isAsked = false;
      },
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
      this.#checkStall(client, now);
      const isUndecided = client.role.kind === "new" &&
        now - client.sinceMs >= UNDECIDED_MS;
      if (isUndecided) this.#terminate(client, "undecided");
    }
  }

  /** Asks every client for a sign of life, and ends those that gave none to the last call. */
  ping(): void {
    for (const client of [...this.#clients.values()]) {
      // One that is not read cannot show that it lives, and one that has much to take first
      // shows it late: that one is measured by what it takes.
      if (client.isPaused || client.waiting !== null) continue;
      if (client.isAsked) this.#terminate(client, "silent");
      else {
        client.isAsked = true;
        client.wire.ping();
      }
    }
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
      client.wire.terminate();
      this.#gone(client, false);
    }
  }

  #take(client: Client, data: Uint8Array, isText: boolean): void {
    if (!client.isOpen) return;
    client.isAsked = false;
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
    const isBehind = client.wire.bufferedBytes > LOW_WATER_BYTES;
    if (!client.isDistant && !isBehind) this.#tell(client, { type: "PONG" });
  }

  /** The same for a head that comes alone: the system of the client holds the rest back. */
  #greetHead(client: Client): void {
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
    const refusal = this.#refusesRoom(client, this.#creates);
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

  #refusesRoom(client: Client, limit: RateLimit): RelayError | null {
    if (this.#isEnding) return "shutting_down";
    if (!limit.take(client.key)) return "rate_limited";
    return this.#isFull(client) ? "too_many_rooms" : null;
  }

  /** Whether this client may not have one more room. */
  #isFull(client: Client): boolean {
    const own = this.#roomsOf.get(client.key) ?? 0;
    return this.#entries.size >= this.#config.maxRooms ||
      own >= this.#config.maxRoomsPerAddress;
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
      ownerAddress: owner.wire.address,
      room,
      // Whoever comes back to it may be gone again before it is there.
      graceEndsMs: room.kind === "away"
        ? createdMs + this.#config.graceMs
        : null,
      receivers: 0,
      bytes: 0,
    };
    this.#entries.set(code, entry);
    add(this.#roomsOf, entry.ownerKey, 1);
    return entry;
  }

  async #join(
    client: Client,
    message: Extract<ClientMessage, { type: "JOIN_ROOM" }>,
  ): Promise<void> {
    if (this.#isEnding) return this.#refuse(client, "shutting_down");
    const { room_id: code, protocol = 1 } = message;
    if (!this.#joins.take(client.key) || !this.#wrongCodes.has(client.key)) {
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
        remote = await this.#directory.lead(code, watched(client));
      } catch {
        return this.#refuse(client, "room_not_found");
      }
      if (!client.isOpen) return remote?.closed(true);
    }
    if (remote === null) {
      this.#wrongCodes.take(client.key);
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
    if (!this.#joins.take(client.key) || !this.#wrongCodes.has(client.key)) {
      return this.#refuse(client, "rate_limited");
    }
    const createdS = this.#tokens.verify(code, token);
    const leftMs = createdS === null
      ? 0
      : createdS * 1000 + this.#config.roomTtlMs - this.#world.wallClock();
    if (createdS === null || leftMs <= 0) {
      this.#wrongCodes.take(client.key);
      return this.#refuse(client, "room_not_found");
    }
    if (!this.#entries.has(code) && this.#isFull(client)) {
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
      to.wire.send(data, isText && !asBinary, () => this.#drained(to));
      if (to.wire.bufferedBytes > this.#config.maxBufferedBytes) {
        this.#terminate(to, "overflow");
      } else if (to.wire.bufferedBytes > HIGH_WATER_BYTES && !client.isPaused) {
        client.isPaused = true;
        client.wire.pause();
        to.waiting = client;
        to.stalledMs = this.#world.now();
      }
    });
  }

  #drained(client: Client): void {
    client.isAsked = false;
    if (client.waiting === null) return;
    client.stalledMs = this.#world.now();
    if (client.wire.bufferedBytes <= LOW_WATER_BYTES) this.#readAgain(client);
  }

  /** Lets whoever waited for this client be read again. */
  #readAgain(client: Client): void {
    const { waiting } = client;
    client.waiting = null;
    client.stalledMs = null;
    if (waiting === null) return;
    waiting.isPaused = false;
    waiting.isAsked = false;
    waiting.wire.resume();
  }

  #checkStall(client: Client, now: number): void {
    if (client.stalledMs === null) return;
    if (now - client.stalledMs < this.#config.stallMs) return;
    this.#terminate(client, "stalled");
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
    if (client?.isOpen) client.wire.send(JSON.stringify(message), true);
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
    this.#readAgain(client);
    // Reading goes on, or the closing handshake would never be seen.
    if (client.isPaused) client.wire.resume();
    client.wire.close();
  }

  #terminate(
    client: Client,
    reason: "silent" | "stalled" | "overflow" | "undecided",
  ): void {
    this.metrics.count("connections_ended", 1, reason);
    client.wire.terminate();
    this.#gone(client, false);
  }

  /** A connection has ended. */
  #gone(client: Client, clean: boolean): void {
    if (!this.#clients.delete(client.id)) return;
    add(this.#connectionsOf, client.key, -1);
    this.#readAgain(client);
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
    add(this.#roomsOf, entry.ownerKey, -1);
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

/** The client's wire, for a directory: what it does there shows in the client. */
function watched(client: Client): Wire {
  const { wire } = client;
  const pause = (isPaused: boolean) => {
    client.isPaused = isPaused;
    client.isAsked = false;
    if (isPaused) wire.pause();
    else wire.resume();
  };
  return {
    address: wire.address,
    get bufferedBytes() {
      return wire.bufferedBytes;
    },
    send: (data, isText, onTaken) =>
      wire.send(data, isText, () => {
        client.isAsked = false;
        onTaken?.();
      }),
    pause: () => pause(true),
    resume: () => pause(false),
    ping: () => wire.ping(),
    close: () => wire.close(),
    terminate: () => wire.terminate(),
  };
}

function decodeControl(data: Uint8Array): ClientMessage | null {
  if (data.length > MAX_CONTROL_LENGTH) return null;
  return decodeClientMessage(new TextDecoder().decode(data));
}

function isLast(room: Room): boolean {
  return (room.kind === "paired" || room.kind === "draining") && room.isLast;
}

/** Counts by key; keys that nobody has are forgotten. */
function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
