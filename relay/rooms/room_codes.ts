/**
 * Room codes and resume tokens.
 *
 * A token is a message authentication code over the room code, the room's topics and its birth: the
 * time of its creation and a nonce, which distinguish it from every later room with the same code.
 * Every instance with the same key can check a token, and none has to remember it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { timingSafeEqual } from "@std/crypto";
import type { FillRandom } from "../../lib/bytes.ts";
import { ROOM_CODE_ALPHABET, ROOM_CODE_LENGTH } from "../../lib/room_code.ts";

/** Generates a room code. It has at least one digit, so that it cannot be taken for a word. */
export function generateRoomCode(fillRandom: FillRandom): string {
  for (;;) {
    const code = Array.from(
      { length: ROOM_CODE_LENGTH },
      () => randomChar(fillRandom),
    ).join("");
    if (/\d/.test(code)) return code;
  }
}

function randomChar(fillRandom: FillRandom): string {
  const count = ROOM_CODE_ALPHABET.length;
  // Values beyond the last full multiple would make the first characters more likely.
  const limit = 256 - (256 % count);
  for (;;) {
    const [value] = fillRandom(new Uint8Array(1));
    if (value! < limit) return ROOM_CODE_ALPHABET[value! % count]!;
  }
}

/** Bytes of the nonce in a birth. */
const NONCE_BYTES = 9;

/** Distinguishes a room from every other one with the same code: `SECONDS.NONCE`. */
export type Birth = string;

/** A room as its resume token names it. */
export interface NamedRoom {
  readonly code: string;
  readonly birth: Birth;
  /** Topics by which receivers find it; none when its code is enough. */
  readonly topics: readonly string[];
}

/**
 * Makes the birth of a new room.
 *
 * @param createdS Creation time of the room, in seconds since 1970.
 */
export function makeBirth(createdS: number, fillRandom: FillRandom): Birth {
  const nonce = fillRandom(new Uint8Array(NONCE_BYTES));
  return `${createdS}.${Buffer.from(nonce).toString("base64url")}`;
}

/** Returns when a room was created, in seconds since 1970. */
export function createdAtS(birth: Birth): number {
  return Number.parseInt(birth);
}

/** Makes and checks resume tokens. */
export class ResumeTokens {
  constructor(private readonly secret: string) {}

  issue(room: NamedRoom): string {
    return `${room.birth}.${this.#mac(room).toString("base64url")}`;
  }

  /**
   * Returns the birth of the room that the token was issued for; `null` when it was issued for a
   * room with another code or other topics, or is forged. The caller compares the birth with that
   * of the room.
   */
  verify(room: Omit<NamedRoom, "birth">, token: string): Birth | null {
    const match = /^(\d{1,12}\.[\w-]{12})\.([\w-]{43})$/.exec(token);
    if (match === null) return null;
    const birth = match[1]!;
    const given = new Uint8Array(Buffer.from(match[2]!, "base64url"));
    const right = new Uint8Array(this.#mac({ ...room, birth }));
    const isRight = given.length === right.length &&
      timingSafeEqual(given, right);
    return isRight ? birth : null;
  }

  /** Returns a name for a room in the log that does not reveal its code. */
  blur(code: string): string {
    return createHmac("sha256", this.secret).update(`log ${code}`)
      .digest("hex").slice(0, 12);
  }

  #mac({ code, birth, topics }: NamedRoom): Buffer {
    const parts = ["resume", code, birth];
    if (topics.length > 0) parts.push(topics.join(","));
    return createHmac("sha256", this.secret).update(parts.join(" ")).digest();
  }
}
