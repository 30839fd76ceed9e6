/**
 * The rooms that are open on this instance: made, taken up again, moved on by the machine of
 * `room.ts`, and ended by time or by what it says. The hub does what a step asks for clients.
 *
 * @module
 */

import type { RelayConfig } from "../config.ts";
import type { Admission } from "./admission.ts";
import type { Directory } from "./directory.ts";
import type { Metrics } from "./metrics.ts";
import { blurAddress } from "./rate_limits.ts";
import { type FillRandom } from "../../lib/bytes.ts";
import { generateRoomCode, type ResumeTokens } from "./room_codes.ts";
import { type Action, type Outcome, type RoomEvent } from "./room_events.ts";
import { type Room, step } from "./room.ts";

/** Codes that are drawn before the answer is that there is none. */
const MAX_DRAWS = 10;

/** A room with what the machine need not know. */
export interface OpenRoom {
  readonly code: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly ownerKey: string;
  readonly ownerAddress: string;
  state: Room;
  graceEndsMs: number | null;
  receivers: number;
  bytes: number;
}

/** The client that makes a room, or comes back to it. */
export interface Owner {
  /** What counts as its address in limits. */
  readonly key: string;
  readonly wire: { readonly address: string };
}

/** An action that concerns clients. */
export type ClientAction = Exclude<
  Action,
  { kind: "startGrace" } | { kind: "end" }
>;

/** What rooms take from their surroundings. */
export interface OpenRoomsOptions {
  config: RelayConfig;
  admission: Admission;
  metrics: Metrics;
  tokens: ResumeTokens;
  fillRandom: FillRandom;
  /** Milliseconds that never go back. */
  now(): number;
  /** Takes one line of the log, as an object. */
  log(line: Record<string, unknown>): void;
  /** Does what a step asks for a client. */
  onAction(room: OpenRoom, action: ClientAction): void;
}

/** The rooms of one process. */
export class OpenRooms {
  readonly #rooms = new Map<string, OpenRoom>();
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

  /** Lets rooms of other instances be known. */
  useDirectory(directory: Directory): void {
    this.#directory = directory;
  }

  /** A code that nobody has; `null` when none could be had. */
  async freeCode(): Promise<string | null> {
    const { config, fillRandom } = this.#options;
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const code = generateRoomCode(fillRandom);
      if (this.#rooms.has(code)) continue;
      if (this.#directory === null) return code;
      try {
        if (await this.#directory.claim(code, config.roomTtlMs)) return code;
      } catch {
        return null;
      }
    }
    return null;
  }

  /** Gives a code back that is not needed after all. */
  giveBack(code: string): void {
    this.#directory?.release(code);
  }

  /** Opens a room. */
  open(code: string, owner: Owner, ttlMs: number, state: Room): OpenRoom {
    const { config, admission, now } = this.#options;
    const createdMs = now();
    const room: OpenRoom = {
      code,
      createdMs,
      expiresMs: createdMs + ttlMs,
      ownerKey: owner.key,
      ownerAddress: owner.wire.address,
      state,
      // Whoever comes back to it may be gone again before it is there.
      graceEndsMs: state.kind === "away" ? createdMs + config.graceMs : null,
      receivers: 0,
      bytes: 0,
    };
    this.#rooms.set(code, room);
    admission.rooms.add(room.ownerKey);
    return room;
  }

  /**
   * The room to come back to: ours, or, with a token that proves it, one that was lost or is
   * elsewhere. `null` when the directory fails.
   */
  async reopen(
    owner: Owner,
    code: string,
    leftMs: number,
  ): Promise<OpenRoom | null> {
    const known = this.#rooms.get(code);
    if (known !== undefined) return known;
    try {
      await this.#directory?.takeOver(code, leftMs);
    } catch {
      return null;
    }
    const ttlMs = Math.min(leftMs, this.#options.config.roomTtlMs);
    return this.#rooms.get(code) ??
      this.open(code, owner, ttlMs, { kind: "away", queue: [] });
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

  /** Looks after what only time tells. */
  tick(): void {
    const { config, now } = this.#options;
    for (const room of [...this.#rooms.values()]) {
      const overdueMs = now() - room.expiresMs;
      if (room.graceEndsMs !== null && now() >= room.graceEndsMs) {
        this.step(room, { kind: "graceOver" });
      } else if (overdueMs >= (isLast(room.state) ? config.roomTtlMs : 0)) {
        // The last pair may go on for as long again as rooms last.
        this.step(room, { kind: "expire" });
      }
    }
  }

  /** Ends the rooms whose state `which` picks, because the relay ends. */
  shutdown(which: (state: Room) => boolean): void {
    for (const room of [...this.#rooms.values()]) {
      if (which(room.state)) this.step(room, { kind: "shutdown" });
    }
  }

  /** Forgets a room and notes how it ended; nothing happens to one that is forgotten. */
  close(room: OpenRoom, outcome: Outcome | "moved"): void {
    if (!this.#rooms.delete(room.code)) return;
    const { admission, metrics, tokens, now, log } = this.#options;
    admission.rooms.remove(room.ownerKey);
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
