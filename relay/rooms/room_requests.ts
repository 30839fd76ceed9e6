/**
 * Requests for rooms: answers a client's first message, within the limits of its address.
 *
 * @module
 */

import type { FillRandom } from "../../lib/bytes.ts";
import {
  type ClientMessage,
  RELAY_PROTOCOL,
  type RelayError,
} from "../../lib/relay_messages.ts";
import { isRoomCode } from "../../lib/room_code.ts";
import type { RelayConfig } from "../config.ts";
import type { Client, Clients } from "./clients/client.ts";
import type { Directory } from "./directory.ts";
import { EarlyJoins } from "./early_joins.ts";
import type { Limits } from "../limits/limits.ts";
import type { Metrics } from "../metrics.ts";
import type { OpenRooms } from "./open_rooms.ts";
import {
  type Birth,
  createdAtS,
  makeBirth,
  type ResumeTokens,
} from "./room_codes.ts";
import { isTopicOf } from "./room_topics.ts";
import type { WireEvents } from "./clients/wire.ts";

type Message<T extends ClientMessage["type"]> = Extract<
  ClientMessage,
  { type: T }
>;

/** Parts of the hub that answering needs. */
export interface RoomRequestsOptions {
  config: RelayConfig;
  limits: Limits;
  metrics: Metrics;
  tokens: ResumeTokens;
  clients: Clients;
  rooms: OpenRooms;
  /** Milliseconds that never go back. */
  now(): number;
  /** Milliseconds since 1970. */
  wallClock(): number;
  fillRandom: FillRandom;
  /** Tells a client the reason, and closes its connection. */
  refuse(client: Client, reason: RelayError): void;
}

/** Answers first messages. */
export class RoomRequests {
  /** Whether the relay is ending, so that it grants no further request. */
  isEnding = false;
  readonly #options: RoomRequestsOptions;
  readonly #early: EarlyJoins;
  #directory: Directory | null = null;

  constructor(options: RoomRequestsOptions) {
    this.#options = options;
    this.#early = new EarlyJoins(options.config, options.now);
  }

  /** Makes rooms of other instances reachable. */
  useDirectory(directory: Directory): void {
    this.#directory = directory;
  }

  /** Answers the first message of a client. */
  answer(client: Client, message: ClientMessage): void {
    switch (message.type) {
      case "CREATE_ROOM":
        return void this.#create(client, message);
      case "JOIN_ROOM":
        return void this.#join(client, message);
      case "RESUME_ROOM":
        return void this.#resume(client, message);
      default:
        return this.#options.refuse(client, "invalid_message");
    }
  }

  /** Creates a room. */
  async #create(
    client: Client,
    { protocol = 1, topics = [] }: Message<"CREATE_ROOM">,
  ): Promise<void> {
    const { config, clients, limits, rooms, tokens, metrics, refuse } =
      this.#options;
    const { wallClock, fillRandom } = this.#options;
    if (this.isEnding) return refuse(client, "shutting_down");
    if (!limits.mayCreate(client.key)) return refuse(client, "rate_limited");
    const place = limits.rooms.enter(client.key);
    if (place === null) return refuse(client, "too_many_rooms");
    client.role = { kind: "pending" };
    const birth = makeBirth(Math.floor(wallClock() / 1000), fillRandom);
    const code = await rooms.freeCode({ birth, topics });
    if (code === null || !client.isOpen) {
      place[Symbol.dispose]();
      if (code !== null) rooms.giveBack(code);
      return refuse(client, "too_many_rooms");
    }
    const sender = { id: client.id, protocol };
    const state = { kind: "waiting", sender } as const;
    const named = { code, birth, topics };
    const room = rooms.open(named, client, place, config.roomTtlMs, state);
    client.role = { kind: "sender", room, protocol };
    metrics.count("rooms_created");
    clients.tell(client, {
      type: "ROOM_CREATED",
      room_id: code,
      resume_token: tokens.issue(named),
      ...topics.length > 0 && { topics: true },
      ttl_s: config.roomTtlMs / 1000,
    });
  }

  /** Lets a receiver into a room, here or on another instance. */
  async #join(client: Client, message: Message<"JOIN_ROOM">): Promise<void> {
    const { limits, refuse } = this.#options;
    if (this.isEnding) return refuse(client, "shutting_down");
    if (!limits.mayJoin(client.key)) return refuse(client, "rate_limited");
    await this.#find(client, message, true);
  }

  /** Looks again for the rooms of early receivers; call it about once a second. */
  tick(): void {
    for (const { client, message } of this.#early.take()) {
      void this.#find(client, message, false);
    }
  }

  /**
   * Finds a receiver's room, here or on another instance, and lets the receiver in.
   *
   * @param isNew Whether this is the first attempt, so that the receiver is not waiting yet.
   */
  async #find(
    client: Client,
    message: Message<"JOIN_ROOM">,
    isNew: boolean,
  ): Promise<void> {
    if (this.#enter(client, message)) return;
    client.role = { kind: "pending" };
    const remote = await this.#lead(client, message);
    if (!client.isOpen) return remote?.closed(true);
    if (remote !== null) {
      const { protocol = 1 } = message;
      client.role = { kind: "guest", remote, protocol };
      const request = new TextEncoder().encode(JSON.stringify(message));
      return remote.message(request, true);
    }
    // The sender may have come back here meanwhile.
    if (!this.#enter(client, message)) this.#miss(client, message, isNew);
  }

  /**
   * Lets a receiver into a room of this instance; `false` when there is no such room, or the topic
   * is not one of its topics.
   */
  #enter(
    client: Client,
    { room_id: code, protocol = 1, topic }: Message<"JOIN_ROOM">,
  ): boolean {
    const { config, rooms } = this.#options;
    const room = rooms.get(code);
    if (room === undefined || !isTopicOf(room.topics, topic)) return false;
    const { id } = client;
    client.role = { kind: "receiver", room, protocol };
    rooms.step(room, {
      kind: "join",
      receiver: { id, protocol, peerId: `peer-${id}` },
      maxQueue: config.maxQueue,
    });
    return true;
  }

  /** Connects to the instance that has the room; `null` when none has, or the database fails. */
  async #lead(
    client: Client,
    { room_id: code }: Message<"JOIN_ROOM">,
  ): Promise<WireEvents | null> {
    if (this.#directory === null || !isRoomCode(code)) return null;
    try {
      return await this.#directory.lead(code, client.wire.watched());
    } catch {
      return null;
    }
  }

  /** Refuses a receiver whose room was not found, or lets it wait, soon after the start. */
  #miss(
    client: Client,
    message: Message<"JOIN_ROOM">,
    isNew: boolean,
  ): void {
    const { limits, clients, refuse } = this.#options;
    const { room_id: code, protocol = 1 } = message;
    if (isRoomCode(code) && this.#early.keep({ client, message })) {
      if (!isNew || protocol < RELAY_PROTOCOL) return;
      const word = { type: "ROOM_QUEUED", room_id: code, ahead: 0 } as const;
      return clients.tell(client, word);
    }
    limits.countWrongCode(client.key);
    refuse(client, "room_not_found");
  }

  /** Lets a sender resume its room. */
  async #resume(
    client: Client,
    message: Message<"RESUME_ROOM">,
  ): Promise<void> {
    const { limits, clients, rooms, metrics, tokens, refuse } = this.#options;
    if (this.isEnding) return refuse(client, "shutting_down");
    if (!limits.mayJoin(client.key)) return refuse(client, "rate_limited");
    const { room_id: code, protocol = 1, topics = [] } = message;
    const birth = tokens.verify({ code, topics }, message.resume_token);
    const leftMs = birth === null ? 0 : this.#timeLeft(birth);
    if (birth === null || leftMs <= 0) {
      limits.countWrongCode(client.key);
      return refuse(client, "room_not_found");
    }
    const named = { code, birth, topics };
    let room = rooms.find(named);
    if (room === undefined) {
      const place = limits.rooms.enter(client.key);
      if (place === null) return refuse(client, "too_many_rooms");
      client.role = { kind: "pending" };
      const isOurs = await rooms.claim(named, leftMs);
      if (!isOurs) {
        place[Symbol.dispose]();
        // A sender for which no room was found would make a new one, with another code.
        const isGone = isOurs === false;
        return refuse(client, isGone ? "room_not_found" : "too_many_rooms");
      }
      // No await from here on: an eviction in between would leave the sender in a forgotten room.
      room = rooms.reopen(client, named, place, leftMs);
    }
    if (room === null) return refuse(client, "room_not_found");
    // A sender that is gone may come back to the room during the grace period.
    if (!client.isOpen) return;
    client.role = { kind: "sender", room, protocol };
    room.graceEndsMs = null;
    metrics.count("rooms_resumed");
    clients.tell(client, {
      type: "ROOM_RESUMED",
      room_id: code,
      ttl_s: Math.floor(leftMs / 1000),
    });
    const sender = { id: client.id, protocol };
    rooms.step(room, { kind: "resume", sender });
    for (const { client, message } of this.#early.take(code)) {
      if (!this.#enter(client, message)) this.#miss(client, message, false);
    }
  }

  /** Remaining lifetime of a room, in milliseconds; 0 or less when it is over. */
  #timeLeft(birth: Birth): number {
    const { config, wallClock } = this.#options;
    return createdAtS(birth) * 1000 + config.roomTtlMs - wallClock();
  }
}
