/**
 * Requests for rooms: answers a client's first message, within the limits of its address.
 *
 * @module
 */

import type { ClientMessage, RelayError } from "../../lib/relay_messages.ts";
import { isRoomCode } from "../../lib/room_code.ts";
import type { RelayConfig } from "../config.ts";
import type { Admission } from "./admission.ts";
import type { Client, Clients } from "./client.ts";
import type { Directory } from "./directory.ts";
import type { Metrics } from "../metrics.ts";
import type { OpenRooms } from "./open_rooms.ts";
import type { ResumeTokens } from "./room_codes.ts";
import type { WireEvents } from "./wire.ts";

type Message<T extends ClientMessage["type"]> = Extract<
  ClientMessage,
  { type: T }
>;

/** Parts of the hub that answering needs. */
export interface RoomRequestsOptions {
  config: RelayConfig;
  admission: Admission;
  metrics: Metrics;
  tokens: ResumeTokens;
  clients: Clients;
  rooms: OpenRooms;
  /** Milliseconds since 1970. */
  wallClock(): number;
  /** Tells a client the reason, and closes its connection. */
  refuse(client: Client, reason: RelayError): void;
}

/** Answers first messages. */
export class RoomRequests {
  /** Whether the relay is ending, so that it grants no further request. */
  isEnding = false;
  readonly #options: RoomRequestsOptions;
  #directory: Directory | null = null;

  constructor(options: RoomRequestsOptions) {
    this.#options = options;
  }

  /** Makes rooms of other instances reachable. */
  useDirectory(directory: Directory): void {
    this.#directory = directory;
  }

  /** Creates a room. */
  async create(
    client: Client,
    { protocol = 1 }: Message<"CREATE_ROOM">,
  ): Promise<void> {
    const { config, clients, rooms, tokens, metrics, wallClock, refuse } =
      this.#options;
    const refusal = this.#refusesRoom(client);
    if (refusal !== null) return refuse(client, refusal);
    client.role = { kind: "pending" };
    const code = await rooms.freeCode();
    if (!client.isOpen) return rooms.giveBack(code ?? "");
    if (code === null) return refuse(client, "too_many_rooms");
    const createdS = Math.floor(wallClock() / 1000);
    const sender = { id: client.id, protocol };
    const state = { kind: "waiting", sender } as const;
    const room = rooms.open(code, client, config.roomTtlMs, state);
    client.role = { kind: "sender", room, protocol };
    metrics.count("rooms_created");
    clients.tell(client, {
      type: "ROOM_CREATED",
      room_id: code,
      resume_token: tokens.issue(code, createdS),
      ttl_s: config.roomTtlMs / 1000,
    });
  }

  #refusesRoom({ key }: Client): RelayError | null {
    const { admission } = this.#options;
    if (this.isEnding) return "shutting_down";
    if (!admission.mayCreate(key)) return "rate_limited";
    return admission.rooms.isFull(key) ? "too_many_rooms" : null;
  }

  /** Lets a receiver into a room, here or on another instance. */
  async join(client: Client, message: Message<"JOIN_ROOM">): Promise<void> {
    const { config, admission, rooms, refuse } = this.#options;
    if (this.isEnding) return refuse(client, "shutting_down");
    if (!admission.mayJoin(client.key)) return refuse(client, "rate_limited");
    const { room_id: code, protocol = 1 } = message;
    const room = rooms.get(code);
    if (room === undefined) return await this.#lead(client, message);
    const { id } = client;
    client.role = { kind: "receiver", room, protocol };
    rooms.step(room, {
      kind: "join",
      receiver: { id, protocol, peerId: `peer-${id}` },
      maxQueue: config.maxQueue,
    });
  }

  /** Looks for a room on other instances. */
  async #lead(client: Client, message: Message<"JOIN_ROOM">): Promise<void> {
    const { admission, refuse } = this.#options;
    const { room_id: code, protocol = 1 } = message;
    let remote: WireEvents | null = null;
    if (this.#directory !== null && isRoomCode(code)) {
      client.role = { kind: "pending" };
      try {
        remote = await this.#directory.lead(code, client.wire.watched());
      } catch {
        return refuse(client, "room_not_found");
      }
      if (!client.isOpen) return remote?.closed(true);
    }
    if (remote === null) {
      admission.countWrongCode(client.key);
      return refuse(client, "room_not_found");
    }
    client.role = { kind: "guest", remote, protocol };
    remote.message(new TextEncoder().encode(JSON.stringify(message)), true);
  }

  /** Lets a sender resume its room. */
  async resume(
    client: Client,
    message: Message<"RESUME_ROOM">,
  ): Promise<void> {
    const { admission, clients, rooms, metrics, refuse } = this.#options;
    if (this.isEnding) return refuse(client, "shutting_down");
    if (!admission.mayJoin(client.key)) return refuse(client, "rate_limited");
    const { room_id: code, protocol = 1 } = message;
    const leftMs = this.#timeLeft(message);
    if (leftMs <= 0) {
      admission.countWrongCode(client.key);
      return refuse(client, "room_not_found");
    }
    if (rooms.get(code) === undefined) {
      if (admission.rooms.isFull(client.key)) {
        return refuse(client, "too_many_rooms");
      }
      client.role = { kind: "pending" };
      if (!await rooms.claim(code, leftMs)) {
        return refuse(client, "room_not_found");
      }
    }
    // From here on at once: an eviction in between would leave a sender in a forgotten room. A
    // sender that is gone may come back to the room during the grace period.
    const room = rooms.reopen(client, code, leftMs);
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
  }

  /** Remaining lifetime of the room, in milliseconds; 0 when the token is not for it. */
  #timeLeft({ room_id: code, resume_token }: Message<"RESUME_ROOM">): number {
    const { config, tokens, wallClock } = this.#options;
    const createdS = tokens.verify(code, resume_token);
    if (createdS === null) return 0;
    return createdS * 1000 + config.roomTtlMs - wallClock();
  }
}
