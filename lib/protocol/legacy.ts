/**
 * Protocol 1, as the Python original speaks it, for peers that are not yet updated.
 *
 *     HELLO {version}  →  CHALLENGE {salt, nonce}  →  AUTH {proof}
 *                      →  PAYLOAD {salt, nonce, ciphertext} | DENIED {reason}  →  ACK
 *
 * Each message is one frame of UTF-8 JSON. Anyone who watches a run can try passphrases
 * offline afterwards, so both sides speak it only on request (`--legacy`). The payload is
 * one message, held in memory as a whole. See docs/protocol.md, section 8.
 *
 * @module
 */

import * as v from "valibot";
import { type Bytes, concatBytes, type FillRandom, utf8 } from "../bytes.ts";
import { pbkdf2 } from "../crypto/kdf.ts";
import { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import {
  type GuessLedger,
  passphraseRefused,
  tooManyGuesses,
} from "./handshake/guesses.ts";
import { badMessage } from "./handshake/messages.ts";
import type { Offer } from "./transfer/offer.ts";
import type { AcceptOffer } from "./transfer/receive.ts";
import type { PayloadSource } from "./transfer/send.ts";

/** Largest frame of protocol 1, in bytes. */
export const MAX_LEGACY_FRAME_BYTES = 10 * 1024 * 1024;

/**
 * Largest answer to HELLO, in bytes. All other messages but PAYLOAD fit into
 * `MAX_FRAME_BYTES_BEFORE_AUTH`; CHALLENGE of the original has 142 bytes.
 */
export const MAX_LEGACY_ANSWER_BYTES = 256;

/** Largest payload of protocol 1, in bytes: a frame holds it as hex, twice its length. */
export const MAX_LEGACY_PAYLOAD_BYTES = 5_242_789;

/** Time limit for a whole run of protocol 1, in milliseconds. */
export const LEGACY_TIMEOUT_MS = 60_000;

/** Reason that we give to a protocol 1 receiver when we do not serve it; the original prints it. */
export const LEGACY_DENIAL =
  "this sender speaks protocol 2: update claude-spread, or ask the sender to share with --legacy";

const SALT_BYTES = 32;
const CHALLENGE_NONCE_BYTES = 16;
const GCM_NONCE_BYTES = 12;

function hex(minBytes: number, maxBytes = minBytes) {
  return v.pipe(
    v.string(),
    v.minLength(minBytes * 2),
    v.maxLength(maxBytes * 2),
    // One class and no group: a repeated group overflows the stack on 10 MiB.
    v.regex(/^[0-9a-f]*$/i),
    v.check((text) => text.length % 2 === 0),
    v.transform((text) => Uint8Array.fromHex(text) as Bytes),
  );
}

const HelloSchema = v.object({
  type: v.literal("HELLO"),
  version: v.literal(1),
});
const AuthSchema = v.object({ type: v.literal("AUTH"), proof: hex(32) });
const AckSchema = v.object({ type: v.literal("ACK") });
const DeniedSchema = v.object({
  type: v.literal("DENIED"),
  reason: v.string(),
});
const ChallengeSchema = v.object({
  type: v.literal("CHALLENGE"),
  salt: hex(SALT_BYTES),
  nonce: hex(CHALLENGE_NONCE_BYTES),
});
const PayloadSchema = v.object({
  type: v.literal("PAYLOAD"),
  salt: hex(SALT_BYTES),
  nonce: hex(GCM_NONCE_BYTES),
  ciphertext: hex(17, MAX_LEGACY_FRAME_BYTES / 2),
});

/** Secrets and callbacks of a sender of protocol 1. */
export interface LegacySenderSecrets {
  /** As typed: the original does not normalize it. */
  passphrase: string;
  guesses: GuessLedger;
  fillRandom: FillRandom;
  /** Called once the receiver has proved the passphrase; returns the slot for reading the source. */
  confirmed(): Promise<Disposable>;
}

/**
 * Serves one protocol 1 receiver, from its first frame on.
 *
 * @throws {SpreadError} `PASSPHRASE_REFUSED` when the receiver's proof is wrong, which
 *   counts as a guess; `TOO_MANY_GUESSES`, `PAYLOAD_TOO_LARGE`, `BAD_MESSAGE`, `PEER_GONE`
 *   (also when the receiver does not acknowledge).
 */
export async function serveLegacy(
  channel: Channel,
  hello: Uint8Array,
  offer: Offer,
  source: PayloadSource,
  secrets: LegacySenderSecrets,
): Promise<void> {
  const { passphrase, guesses, fillRandom } = secrets;
  parse(HelloSchema, hello);
  if (guesses.isRefused(channel.peer)) {
    return await deny(channel, "too_many_failures", tooManyGuesses());
  }
  if (offer.size > MAX_LEGACY_PAYLOAD_BYTES) {
    return await deny(
      channel,
      "payload is too large for protocol 1",
      tooLarge(),
    );
  }

  const salt = fillRandom(new Uint8Array(SALT_BYTES));
  const nonce = fillRandom(new Uint8Array(CHALLENGE_NONCE_BYTES));
  await sendJson(channel, {
    type: "CHALLENGE",
    salt: salt.toHex(),
    nonce: nonce.toHex(),
  });

  const { proof } = parse(AuthSchema, await present(channel));
  const key = await pbkdf2(utf8(passphrase), salt);
  const isRight = await guesses.attempt(
    channel.peer,
    () => verifyProof(key, nonce, proof),
  )
    .catch((error) => deny(channel, "too_many_failures", error));
  if (!isRight) {
    return await deny(channel, "invalid_proof", passphraseRefused());
  }

  using _turn = await secrets.confirmed();
  await sendJson(channel, await sealPayload(source, passphrase, fillRandom));
  parse(AckSchema, await present(channel));
}

/** Tells a protocol 1 receiver that this sender does not serve it. */
export async function denyLegacy(channel: Channel): Promise<void> {
  await sendJson(channel, { type: "DENIED", reason: LEGACY_DENIAL });
}

/**
 * Receives from a protocol 1 sender.
 *
 * The offer is derived from what arrived, because protocol 1 has none; `now` becomes its
 * creation time.
 *
 * @param greeted The sender's answer to HELLO, if a HELLO was already sent.
 * @throws {SpreadError} `PASSPHRASE_REFUSED`, `TOO_MANY_GUESSES`, `DECLINED` when the
 *   sender does not serve protocol 1, `BAD_MESSAGE`, `PEER_GONE`, and whatever `accept` or
 *   its sink throws.
 */
export async function receiveLegacy(
  channel: Channel,
  passphrase: string,
  accept: AcceptOffer,
  now: Date,
  greeted?: Bytes,
): Promise<Offer> {
  const challenge = answerOf(ChallengeSchema, greeted ?? await greet(channel));

  const key = await pbkdf2(utf8(passphrase), challenge.salt);
  await sendJson(channel, {
    type: "AUTH",
    proof: (await prove(key, challenge.nonce)).toHex(),
  });
  channel.maxFrameBytes = MAX_LEGACY_FRAME_BYTES;

  const message = answerOf(PayloadSchema, await present(channel));
  const payload = await openPayload(message, passphrase);
  const digest = await crypto.subtle.digest("SHA-256", payload);
  const offer: Offer = {
    kind: "distillation",
    name: "distillation.md",
    size: payload.length,
    sha256: new Uint8Array(digest).toHex(),
    created: now.toISOString(),
  };
  const sink = await accept(offer);
  if (sink.offset < payload.length) {
    await sink.write(payload.subarray(sink.offset));
  }
  await sink.finish();
  await sendJson(channel, { type: "ACK" }).catch(() => {});
  return offer;
}

/**
 * Asks whether a sender serves protocol 1, by a greeting that reveals nothing of the
 * passphrase. A sender that has counted too many guesses serves it; one that refuses
 * protocol 1 does not.
 */
export async function servesLegacy(channel: Channel): Promise<boolean> {
  try {
    answerOf(ChallengeSchema, await greet(channel));
    return true;
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    return error.code === "TOO_MANY_GUESSES";
  }
}

/** Greets the sender, and returns its raw answer. */
async function greet(channel: Channel): Promise<Bytes> {
  await sendJson(channel, { type: "HELLO", version: 1 });
  channel.maxFrameBytes = MAX_LEGACY_ANSWER_BYTES;
  return await present(channel);
}

async function sealPayload(
  source: PayloadSource,
  passphrase: string,
  fillRandom: FillRandom,
): Promise<object> {
  const plaintext = concatBytes(
    ...await Array.fromAsync(source.read(0), (piece) => piece.slice()),
  );
  const salt = fillRandom(new Uint8Array(SALT_BYTES));
  const nonce = fillRandom(new Uint8Array(GCM_NONCE_BYTES));
  const key = await importAesKey(
    await pbkdf2(utf8(passphrase), salt),
    "encrypt",
  );
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce },
    key,
    plaintext,
  );
  return {
    type: "PAYLOAD",
    salt: salt.toHex(),
    nonce: nonce.toHex(),
    ciphertext: new Uint8Array(sealed).toHex(),
  };
}

async function openPayload(
  message: v.InferOutput<typeof PayloadSchema>,
  passphrase: string,
): Promise<Bytes> {
  const key = await importAesKey(
    await pbkdf2(utf8(passphrase), message.salt),
    "decrypt",
  );
  try {
    const algorithm = { name: "AES-GCM", iv: message.nonce };
    return new Uint8Array(
      await crypto.subtle.decrypt(algorithm, key, message.ciphertext),
    );
  } catch (cause) {
    throw passphraseRefused(cause);
  }
}

function importAesKey(
  raw: Bytes,
  usage: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, [usage]);
}

async function importHmacKey(
  key: Bytes,
  usage: "sign" | "verify",
): Promise<CryptoKey> {
  return await crypto.subtle.importKey(
    "raw",
    key,
    { name: "HMAC", hash: "SHA-256" },
    false,
    [
      usage,
    ],
  );
}

async function prove(key: Bytes, nonce: Bytes): Promise<Bytes> {
  const mac = await crypto.subtle.sign(
    "HMAC",
    await importHmacKey(key, "sign"),
    nonce,
  );
  return new Uint8Array(mac);
}

async function verifyProof(
  key: Bytes,
  nonce: Bytes,
  proof: Bytes,
): Promise<boolean> {
  return await crypto.subtle.verify(
    "HMAC",
    await importHmacKey(key, "verify"),
    proof,
    nonce,
  );
}

async function sendJson(channel: Channel, message: object): Promise<void> {
  await channel.send(utf8(JSON.stringify(message)));
}

async function deny(
  channel: Channel,
  reason: string,
  error: Error,
): Promise<never> {
  await sendJson(channel, { type: "DENIED", reason }).catch(() => {});
  throw error;
}

async function present(channel: Channel): Promise<Bytes> {
  const frame = await channel.receive();
  if (frame !== null) return frame;
  throw new SpreadError(
    "PEER_GONE",
    "The other side closed the connection before the transfer was complete",
    "Check that the other side speaks protocol 1",
  );
}

/** Reads the sender's answer: a message of this schema, or DENIED. */
function answerOf<T>(
  schema: v.GenericSchema<unknown, T>,
  frame: Uint8Array,
): T {
  const denied = v.safeParse(DeniedSchema, parseJson(frame));
  if (!denied.success) return parse(schema, frame);
  switch (denied.output.reason) {
    case "invalid_proof":
      throw passphraseRefused();
    case "too_many_failures":
      throw tooManyGuesses();
    default:
      throw new SpreadError(
        "DECLINED",
        "The sender does not support protocol 1",
        "Leave --legacy out",
      );
  }
}

function parse<T>(schema: v.GenericSchema<unknown, T>, frame: Uint8Array): T {
  const result = v.safeParse(schema, parseJson(frame));
  if (result.success) return result.output;
  throw badMessage("a message of protocol 1 is not valid", {
    cause: new v.ValiError(result.issues),
  });
}

function parseJson(frame: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(frame));
  } catch (cause) {
    throw badMessage("a message of protocol 1 is not JSON", { cause });
  }
}

/** Error for a protocol 1 receiver at a share that does not serve it. */
export function legacyRefused(): SpreadError {
  return new SpreadError(
    "LEGACY_PEER",
    "A receiver has the Python version of Claude Spread (protocol 1), which this share does not support",
    "Ask the receiver to update, or share with --legacy (anyone who watches the network can then try passphrases offline)",
  );
}

function tooLarge(): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot send more than ${MAX_LEGACY_PAYLOAD_BYTES} bytes over protocol 1`,
    "Ask the receiver to update Claude Spread",
  );
}
