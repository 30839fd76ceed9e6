/**
 * Keys of a drop: its name and token at the relay, and the key that seals it, all derived from one
 * secret. See docs/protocol.md, section 15.2.
 *
 * @module
 */

import type { Bytes, FillRandom } from "../bytes.ts";
import { hkdf } from "../crypto/kdf.ts";

/** Length of the id of a drop, in bytes. */
const DROP_ID_BYTES = 16;

/** Length of the salt of a drop, in bytes. */
export const DROP_SALT_BYTES = 16;

/** Derivations from the secret of one drop. */
export class DropKeys {
  private constructor(
    private readonly secret: Bytes,
    /** Name of the drop at the relay, 16 bytes. */
    readonly id: Bytes,
    /** Token of the receiver, 32 bytes. Secret. */
    readonly take: Bytes,
  ) {}

  /** Keys of a drop with a code. @param secret Secret of the code, 16 bytes. */
  static async ofCode(secret: Bytes): Promise<DropKeys> {
    const id = await hkdf(secret, "claude-spread/2 drop id");
    return await DropKeys.ofTopic(secret, id.slice(0, DROP_ID_BYTES));
  }

  /**
   * Keys of a drop for a pair.
   *
   * @param secret Drop secret of the slot, 32 bytes. @param topic Topic of the slot, 16 bytes.
   */
  static async ofTopic(secret: Bytes, topic: Bytes): Promise<DropKeys> {
    const take = await hkdf(secret, "claude-spread/2 drop take");
    return new DropKeys(secret, topic, take);
  }

  /** The key that seals the drop with this salt, which no other drop has: AES-256-GCM. */
  async sealingKey(salt: Bytes): Promise<CryptoKey> {
    const key = await hkdf(this.secret, "claude-spread/2 drop key", salt);
    return await crypto.subtle.importKey("raw", key, "AES-GCM", false, [
      "encrypt",
      "decrypt",
    ]);
  }
}

/** Makes the token by which its sender adds to a drop, asks for it and takes it back, 32 bytes. */
export function makeDeleteToken(fillRandom: FillRandom): Bytes {
  return fillRandom(new Uint8Array(32));
}
