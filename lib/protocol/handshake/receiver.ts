/**
 * The receiver's side of the handshake, up to the stretching of the passphrase: sends M1
 * and reads M2. The rest is in `receiver_proof.ts`, which loads during the stretching.
 *
 * @module
 */

import type { Bytes, FillRandom } from "../../bytes.ts";
import { stretchPassphrase } from "../../crypto/kdf.ts";
import type { Channel } from "../../transports/channel.ts";
import { tooManyGuesses } from "./guesses.ts";
import {
  badMessage,
  type Challenge,
  decodeChallenge,
  decodeRefusal,
  encodeHello,
  leftEarly,
  LEGACY_FIRST_BYTE,
  legacyPeer,
  NONCE_BYTES,
  tooBusy,
} from "./messages.ts";
import type { SecureChannel, SecureChannelOptions } from "../secure_channel.ts";

/** Secrets and callbacks of a receiver. */
export interface ReceiverSecrets {
  passphrase: string;
  /** The relay's room code; empty on the LAN. */
  roomCode: string;
  fillRandom: FillRandom;
  /** Called while the stretching keeps another thread busy: a moment to load the next modules. */
  onIdle?: () => void;
}

/**
 * Runs the receiver's side.
 *
 * @throws {SpreadError} `PASSPHRASE_REFUSED` for any failure once the proof is sent: the
 *   sender may have counted a guess. Before that `BAD_MESSAGE`, `PEER_GONE`,
 *   `TOO_MANY_GUESSES`, `PEER_BUSY`, `LEGACY_PEER`.
 */
export async function handshakeAsReceiver(
  channel: Channel,
  secrets: ReceiverSecrets,
  timing?: SecureChannelOptions,
): Promise<SecureChannel> {
  const { passphrase, roomCode, fillRandom, onIdle } = secrets;
  // M1
  const hello = encodeHello(fillRandom(new Uint8Array(NONCE_BYTES)));
  await channel.send(hello);

  // M2
  const challenge = readChallenge(await channel.receive());
  const stretching = stretchPassphrase(passphrase, challenge.salt);
  const loading = import("./receiver_proof.ts");
  onIdle?.();
  const { proveAsReceiver } = await loading;
  const opening = { hello, challenge, stretching, roomCode };
  return await proveAsReceiver(channel, opening, fillRandom, timing);
}

function readChallenge(frame: Bytes | null): Challenge {
  if (frame === null) throw leftEarly();
  if (frame[0] === LEGACY_FIRST_BYTE) throw legacyPeer();
  switch (decodeRefusal(frame)) {
    case "tooManyGuesses":
      throw tooManyGuesses();
    case "busy":
      throw tooBusy();
    case "version":
      throw badMessage("it does not speak protocol 2");
  }
  return decodeChallenge(frame);
}
