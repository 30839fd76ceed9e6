/**
 * Values that the two sides of a pair derive from their seed, and nobody else can. See
 * docs/protocol.md, section 14.
 *
 * @module
 */

import { type Bytes, utf8 } from "../bytes.ts";
import { lvCat } from "../crypto/cpace_strings.ts";
import { hkdf } from "../crypto/kdf.ts";
import type { Role } from "./pair.ts";

/** Length of the tags of an announcement and of a first message, in bytes. */
const PAIR_TAG_BYTES = 8;

/** Length of a topic, in bytes; also that of the id of a drop. */
const TOPIC_BYTES = 16;

/** Topics that a side has for each day. */
export const SLOTS = 8;

/** A topic's place: the day in UTC (`2026-11-29`) and one of {@linkcode SLOTS} numbers from 0. */
export interface Slot {
  day: string;
  slot: number;
}

/** The derivations from the seed of one pair; the seed itself cannot be read back. */
export class PairKey {
  private constructor(
    private readonly key: CryptoKey,
    /** CPace's password-related string for shares between the two, 32 bytes. */
    readonly PRS: Bytes,
  ) {}

  /** @param seed 32 bytes. */
  static async of(seed: Bytes): Promise<PairKey> {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const [key, PRS] = await Promise.all([
      crypto.subtle.importKey("raw", seed, algorithm, false, ["sign"]),
      hkdf(seed, "claude-spread/2 pair"),
    ]);
    return new PairKey(key, PRS);
  }

  /**
   * Tag of an announcement on the local network.
   *
   * @param role Role of the sender. @param instance Name of the announced instance.
   */
  lanTag(role: Role, instance: string): Promise<Bytes> {
    return this.#mac(PAIR_TAG_BYTES, "lan", role, instance);
  }

  /** Tag of a receiver's first message. @param nonce Its nonce, 16 bytes. */
  helloTag(nonce: Bytes): Promise<Bytes> {
    return this.#mac(PAIR_TAG_BYTES, "tag", nonce);
  }

  /** Topic at a relay, by which the other side finds a room or a drop. @param role The sender's. */
  topic(role: Role, { day, slot }: Slot): Promise<Bytes> {
    return this.#mac(TOPIC_BYTES, "relay", role, day, `${slot}`);
  }

  /** Secret of the drop that is left in a slot, 32 bytes. @param role Role of the sender. */
  dropSecret(role: Role, { day, slot }: Slot): Promise<Bytes> {
    return this.#mac(32, "drop", role, day, `${slot}`);
  }

  async #mac(length: number, ...parts: (string | Bytes)[]): Promise<Bytes> {
    const bytes = parts.map((part) =>
      typeof part === "string" ? utf8(part) : part
    );
    const mac = await crypto.subtle.sign("HMAC", this.key, lvCat(...bytes));
    return new Uint8Array(mac, 0, length);
  }
}

/** The day of a time, in UTC: `2026-11-29`. */
export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/**
 * The slots in which something of the other side may wait, newest day first: from tomorrow, because
 * a clock may be a day off, back to eight days ago, because a drop is kept for seven.
 */
export function slotsToAsk(now: Date): Slot[] {
  const slots: Slot[] = [];
  for (let ahead = 1; ahead >= -DAYS_BACK; ahead--) {
    const day = dayOf(new Date(now.getTime() + ahead * DAY_MS));
    for (let slot = 0; slot < SLOTS; slot++) slots.push({ day, slot });
  }
  return slots;
}

/** Days before today that are asked for. */
const DAYS_BACK = 8;

const DAY_MS = 24 * 60 * 60 * 1000;
