/**
 * Room codes and resume tokens.
 *
 * A token is a message authentication code over the room code and the time of its creation. Every
 * instance with the same key can check it, and none has to remember it.
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

/** Makes and checks resume tokens. */
export class ResumeTokens {
  constructor(private readonly secret: string) {}

  /** @param createdS Creation time of the room, in seconds since 1970. */
  issue(code: string, createdS: number): string {
    return `${createdS}.${this.#mac(code, createdS).toString("base64url")}`;
  }

  /**
   * Returns when the room was created, in seconds since 1970; `null` for another room's token.
   */
  verify(code: string, token: string): number | null {
    const match = /^(\d{1,12})\.([\w-]{43})$/.exec(token);
    if (match === null) return null;
    const createdS = Number(match[1]);
    const given = new Uint8Array(Buffer.from(match[2]!, "base64url"));
    const right = new Uint8Array(this.#mac(code, createdS));
    const isRight = given.length === right.length &&
      timingSafeEqual(given, right);
    return isRight ? createdS : null;
  }

  /** Returns a name for a room in the log that does not reveal its code. */
  blur(code: string): string {
    return createHmac("sha256", this.secret).update(`log ${code}`)
      .digest("hex").slice(0, 12);
  }

  #mac(code: string, createdS: number): Buffer {
    return createHmac("sha256", this.secret)
      .update(`resume ${code} ${createdS}`).digest();
  }
}
