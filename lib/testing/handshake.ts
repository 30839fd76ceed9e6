/**
 * Both sides of the handshake in tests, and shares that are none.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type Bytes } from "../bytes.ts";
import type { Channel } from "../transports/channel.ts";
import { encodeHello, NONCE_BYTES } from "../protocol/handshake/messages.ts";
import { random } from "./protocol.ts";
import { flip } from "./interposed.ts";
import { handshakeAsReceiver } from "../protocol/handshake/receiver.ts";
import { SecureChannel } from "../protocol/secure_channel.ts";
import {
  handshakeAsSender,
  type SenderSecrets,
} from "../protocol/handshake/sender.ts";

/** Generated words: a passphrase of a person's own would be stretched in every handshake. */
export const PASSPHRASE = "cedar-niece-zippy-iron";

/** Words of the same kind that are wrong. */
export const WRONG_WORDS = "cedar-niece-zippy-acid";
export const HELLO_FRAME = encodeHello(
  "words",
  new Uint8Array(NONCE_BYTES).fill(7),
);

/** The generator of the group: a valid share that nobody knows the scalar of. */
export const VALID_ELEMENT = Uint8Array.fromHex(
  "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
);

export const BAD_ELEMENTS: [name: string, share: Bytes][] = [
  ["the neutral element", new Uint8Array(32)],
  ["a negative field element", flip(new Uint8Array(32), 0)],
  ["a field element beyond the prime", new Uint8Array(32).fill(0xff)],
  // RFC 9496, appendix A.2: non-square x².
  [
    "bytes that encode no element",
    Uint8Array.fromHex(
      "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    ),
  ],
];

/** The sender's side with its first frame read, as a share reads it. */
export async function asSender(
  channel: Channel,
  secrets: SenderSecrets,
): Promise<SecureChannel> {
  const hello = await channel.receive();
  assert(hello !== null);
  return await answerHello(channel, hello, secrets);
}

/**
 * The sender's side from the first frame on. A handshake may end before the secret is derived,
 * which goes on beside it: this waits for both.
 */
export async function answerHello(
  channel: Channel,
  hello: Bytes,
  secrets: SenderSecrets,
): Promise<SecureChannel> {
  try {
    return await handshakeAsSender(channel, hello, secrets);
  } finally {
    if (secrets.kind !== "pair") await secrets.PRS;
  }
}

export function asReceiver(
  channel: Channel,
  passphrase: string,
  roomCode = "",
): Promise<SecureChannel> {
  return handshakeAsReceiver(channel, {
    secret: passphrase,
    roomCode,
    fillRandom: random,
  });
}
