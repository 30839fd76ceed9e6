/**
 * The open rooms of this instance: opens and reopens them, applies steps of `room.ts`, and closes
 * them when a step or the clock says so. Actions for clients go to the hub.
 *
 * @module
 */

import type { Place } from "../../lib/admission/admission.ts";
import type { RelayConfig } from "../config.ts";
import type { Directory } from "./directory.ts";
import type { Metrics } from "../metrics.ts";
import { blurAddress } from "../limits/rate_limits.ts";
import type { FillRandom } from "../../lib/bytes.ts";
import {
  generateRoomCode,
  type NamedRoom,
  type ResumeTokens,
} from "./room_codes.ts";
import type { Action, Outcome, RoomEvent } from "./room_events.ts";
import { lookUp, RoomTopics } from "./room_topics.ts";
import { type Room, step } from "./room.ts";

/** Attempts to draw a free code before giving up. */
const MAX_DRAWS = 10;

/** A room, with facts that the state machine does not need. */
export interface OpenRoom extends NamedRoom {
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly ownerAddress: string;
  /** The room's place in the limits in total and of the owner's address. */
  readonly place: Place;
  state: Room;
  graceEndsMs: number | null;
  receivers: number;
  bytes: number;
}

/** The client that creates a room, or resumes it. */
export interface RoomOwner {
  readonly wire: { readonly address: string };
}

/** An action that concerns a client. */
export type ClientAction = Exclude<
  Action,
  { kind: "startGrace" } | { kind: "end" }
>;

/** Settings, clock, randomness and log of the open rooms. */
export interface OpenRoomsOptions {
  config: RelayConfig;
  metrics: Metrics;
  tokens: ResumeTokens;
  fillRandom: FillRandom;
  /** Milliseconds that never go back. */
  now(): number;
  /** Writes one line of the log, given as an object. */
  log(line: Record<string, unknown>): void;
  /** Carries out an action for a client. */
  onAction(room: OpenRoom, action: ClientAction): void;
}

/** The open rooms of one process. */
export class OpenRooms {
  readonly #rooms = new Map<string, OpenRoom>();
  readonly #topics = new RoomTopics();
  readonly #options: OpenRoomsOptions;
  #directory: Directory | null = null;

  constructor(options: OpenRoomsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#rooms.size;
  }

  get(code: string): OpenRoom | undefined {
    return this.#rooms.get(code);
  }

  /** Makes rooms known to other instances. */
  useDirectory(directory: Directory): void {
    this.#directory = directory;
  }

  /** Returns a code that no room has, for this room; `null` when all attempts failed. */
  async freeCode(room: Omit<NamedRoom, "code">): Promise<string | null> {
    const { config, fillRandom } = this.#options;
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const code = generateRoomCode(fillRandom);
      if (this.#rooms.has(code)) continue;
      if (this.#directory === null) return code;
      try {
        const named = { ...room, code };
        if (await this.#directory.claim(named, config.roomTtlMs)) return code;
      } catch {
        return null;
      }
    }
    return null;
  }

  /** Frees a code that turned out not to be needed. */
  giveBack(code: string): void {
    this.#directory?.release(code);
  }

  /**
   * Returns the rooms with these topics, in the order of the topics. Rejects when the directory
   * fails.
   */
  async lookUp(
    topics: readonly string[],
  ): Promise<{ topic: string; room: string }[]> {
    const distant = await this.#directory?.topics();
    const indexes = [this.#topics.codes, distant ?? new Map()];
    return lookUp(topics, indexes);
  }

  /** Opens a room; `place` is disposed of when the room closes. */
  open(
    { code, birth, topics }: NamedRoom,
    owner: RoomOwner,
    place: Place,
    ttlMs: number,
    state: Room,
  ): OpenRoom {
    const { config, now } = this.#options;
    const createdMs = now();
    const room: OpenRoom = {
      code,
      birth,
      topics,
      createdMs,
      expiresMs: createdMs + ttlMs,
      ownerAddress: owner.wire.address,
      place,
      state,
      // The sender that resumes the room may be gone before the room is open.
      graceEndsMs: state.kind === "away" ? createdMs + config.graceMs : null,
      receivers: 0,
      bytes: 0,
    };
    this.#rooms.set(code, room);
    this.#topics.add(room);
    return room;
  }

  /**
   * Makes this instance the owner of a room that another instance had; `false` when the code
   * belongs to a room of another birth by now, `null` when the directory fails.
   */
  async claim(named: NamedRoom, leftMs: number): Promise<boolean | null> {
    try {
      return await this.#directory?.takeOver(named, leftMs) ?? true;
    } catch {
      return null;
    }
  }

  /**
   * Returns the room to resume: the one that this instance has by now, or else a new one with the
   * same code and birth, which keeps `place`. `null` when the code belongs to a room of another
   * birth. The caller has checked the token.
   *
   * @param leftMs Remaining lifetime of the room.
   */
  reopen(
    owner: RoomOwner,
    named: NamedRoom,
    place: Place,
    leftMs: number,
  ): OpenRoom | null {
    const known = this.find(named);
    if (known !== undefined) {
      place[Symbol.dispose]();
      return known;
    }
    const ttlMs = Math.min(leftMs, this.#options.config.roomTtlMs);
    const away: Room = { kind: "away", queue: [] };
    return this.open(named, owner, place, ttlMs, away);
  }

  /** Returns the open room with this code: `undefined` for none, `null` for one of another birth. */
  find({ code, birth }: NamedRoom): OpenRoom | null | undefined {
    const room = this.#rooms.get(code);
    return room === undefined || room.birth === birth ? room : null;
  }

  /** Applies one event to a room. */
  step(
    room: OpenRoom,
    event: RoomEvent,
    onAction = this.#options.onAction,
  ): void {
    const { room: state, actions } = step(room.state, event);
    if (state !== null) room.state = state;
    if (state !== null && state.kind !== "away") room.graceEndsMs = null;
    const { config, now } = this.#options;
    for (const action of actions) {
      if (action.kind === "end") this.close(room, action.outcome);
      else if (action.kind === "startGrace") {
        room.graceEndsMs = now() + config.graceMs;
      } else onAction(room, action);
    }
  }

  /** Ends rooms whose grace period or lifetime is over. */
  tick(): void {
    const { config, now } = this.#options;
    for (const room of [...this.#rooms.values()]) {
      const overdueMs = now() - room.expiresMs;
      if (room.graceEndsMs !== null && now() >= room.graceEndsMs) {
        this.step(room, { kind: "graceOver" });
      } else if (overdueMs >= (isLast(room.state) ? config.roomTtlMs : 0)) {
        // The last pair may continue for one more lifetime.
        this.step(room, { kind: "expire" });
      }
    }
  }

  /** Ends the rooms whose state `which` picks, because the relay is ending. */
  shutdown(which: (state: Room) => boolean): void {
    for (const room of [...this.#rooms.values()]) {
      if (which(room.state)) this.step(room, { kind: "shutdown" });
    }
  }

  /** Forgets a room and logs how it ended; does nothing for a room already forgotten. */
  close(room: OpenRoom, outcome: Outcome | "moved"): void {
    if (!this.#rooms.delete(room.code)) return;
    this.#topics.remove(room);
    const { metrics, tokens, now, log } = this.#options;
    room.place[Symbol.dispose]();
    if (outcome !== "moved") this.#directory?.release(room.code);
    metrics.count("rooms_ended", 1, outcome);
    log({
      event: "room_ended",
      outcome,
      room: tokens.blur(room.code),
      sender: blurAddress(room.ownerAddress),
      receivers: room.receivers,
      bytes: room.bytes,
      seconds: Math.round((now() - room.createdMs) / 1000),
    });
  }
}

function isLast(state: Room): boolean {
  return (state.kind === "paired" || state.kind === "draining") && state.isLast;
}
