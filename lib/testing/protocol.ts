/**
 * Kit for protocol tests: connected channels, secrets, outcomes, and a receiver by hand.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concatBytes, type FillRandom, utf8 } from "../bytes.ts";
import {
  calculateGenerator,
  intermediateSessionKey,
  sampleScalar,
  scalarMult,
  scalarMultVfy,
  sidOutput,
} from "../crypto/cpace.ts";
import { lvCat, transcriptIr } from "../crypto/cpace_strings.ts";
import {
  confirmationTag,
  deriveRecordKeys,
  importConfirmationKey,
  verifyConfirmationTag,
} from "../crypto/key_schedule.ts";
import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import {
  GuessLedger,
  passphraseRefused,
} from "../protocol/handshake/guesses.ts";
import {
  type Challenge,
  CONFIRMATION,
  decodeChallenge,
  decodeConfirmation,
  encodeHello,
  encodeProof,
  NONCE_BYTES,
  RECEIVER_ROLE,
  SENDER_ROLE,
} from "../protocol/handshake/messages.ts";
import {
  kindOfPassphrase,
  passwordRelatedString,
} from "../protocol/handshake/secret.ts";
import type { SenderSecrets } from "../protocol/handshake/sender.ts";
import {
  SecureChannel,
  type SecureChannelOptions,
} from "../protocol/secure_channel.ts";
import type { Offer } from "../protocol/transfer/offer.ts";
import {
  type AcceptOffer,
  receivePayload,
} from "../protocol/transfer/receive.ts";
import { type PayloadSource, sendPayload } from "../protocol/transfer/send.ts";
import type { Channel } from "../transports/channel.ts";
import { connectTcp, listenTcp } from "../transports/tcp.ts";
import { connectMemory } from "./memory_channel.ts";

/** Real randomness, for tests that do not depend on it. */
export function random(bytes: Bytes): Bytes {
  return crypto.getRandomValues(bytes);
}

/** Randomness that returns these values, each to a request of exactly its length. */
export function queuedRandom(...values: Bytes[]): FillRandom {
  const queue = [...values];
  return (bytes) => {
    const value = queue.shift();
    assertEquals(bytes.length, value?.length, "randomness of another length");
    bytes.set(value!);
    return bytes;
  };
}

/** Longest wait in a test, in milliseconds: only a test that hangs reaches it. */
export const PATIENCE_MS = 60_000;

/** Waits for `promise`, but not forever: a test that hangs should say where. */
export async function within<T>(
  ms: number,
  promise: PromiseLike<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Still waits after ${ms} ms`)),
      ms,
    );
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until `isTrue()`, looking every few milliseconds. */
export async function waitUntil(isTrue: () => boolean): Promise<void> {
  for (const start = performance.now(); !isTrue();) {
    assert(performance.now() - start < PATIENCE_MS, `Never true: ${isTrue}`);
    await pause(2);
  }
}

/** Lets `ms` milliseconds pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Runs one side to its end and closes its channel, as every caller of the protocol does.
 *
 * @returns The result of `run`, or the code of the {@linkcode SpreadError} it threw.
 */
export async function outcomeOf<T>(
  channel: AsyncDisposable,
  run: () => Promise<T>,
): Promise<T | SpreadErrorCode> {
  try {
    return await within(PATIENCE_MS, run());
  } catch (error) {
    return codeOf(error);
  } finally {
    await within(PATIENCE_MS, channel[Symbol.asyncDispose]());
  }
}

/** The code of a {@linkcode SpreadError}; anything else is a failure of the test. */
export function codeOf(error: unknown): SpreadErrorCode {
  if (error instanceof SpreadError) return error.code;
  throw error;
}

/** A memory connection whose first end sees the other one as `peer`. */
export function connectAs(peer: string): [Channel, Channel] {
  const [a, b] = connectMemory();
  return [Object.defineProperty(a, "peer", { value: peer }), b];
}

/** A TCP connection on this machine. */
export async function connectLoopback(): Promise<[Channel, Channel]> {
  using listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
  const accepting = listener[Symbol.asyncIterator]().next();
  const client = await connectLoopbackTo(listener.port);
  return [(await accepting).value, client];
}

/** A TCP channel to `port` of this machine. */
export function connectLoopbackTo(port: number): Promise<Channel> {
  return connectTcp([{ hostname: "127.0.0.1", port }], {
    timeoutMs: 10_000,
    signal: new AbortController().signal,
  });
}

/** A salt that is the same in every run. */
export const SALT = new Uint8Array(NONCE_BYTES).fill(0x5a);

/** Secrets of a sender, with a ledger of its own. */
export function senderSecrets(
  passphrase: string,
  options: { roomCode?: string; salt?: Bytes; fillRandom?: FillRandom } = {},
): SenderSecrets {
  const { roomCode = "", salt = SALT, fillRandom = random } = options;
  return {
    kind: kindOfPassphrase(passphrase),
    PRS: passwordRelatedString(passphrase, salt),
    salt,
    roomCode,
    fillRandom,
    guesses: new GuessLedger(),
  };
}

/** A receiver by hand: the handshake of docs/protocol.md, section 4, with any `timing`. */
export async function proveByHand(
  channel: Channel,
  passphrase: string,
  timing?: SecureChannelOptions,
): Promise<SecureChannel> {
  const kind = kindOfPassphrase(passphrase);
  const hello = encodeHello(kind, random(new Uint8Array(NONCE_BYTES)));
  await channel.send(hello);
  const frame = await channel.receive();
  assert(frame !== null, "no challenge came");
  const challenge = decodeChallenge(frame);
  const PRS = await passwordRelatedString(passphrase, challenge.salt);
  const agreement = agree(PRS, hello, challenge);
  const { sid, ISK, Yb, ADa } = agreement;
  const macKey = await importConfirmationKey(sid, ISK);
  const tag = await confirmationTag(macKey, Yb, RECEIVER_ROLE);
  await channel.send(encodeProof({ share: Yb, tag }));
  const answer = await channel.receive();
  if (answer?.[0] !== CONFIRMATION) throw passphraseRefused();
  const confirmation = decodeConfirmation(answer);
  assert(
    await verifyConfirmationTag(macKey, confirmation, challenge.share, ADa),
  );
  const keys = await deriveRecordKeys(ISK, sidOutput(agreement.transcript));
  return new SecureChannel(
    channel,
    keys.receiverToSender,
    keys.senderToReceiver,
    timing,
  );
}

function agree(PRS: Bytes, hello: Bytes, challenge: Challenge) {
  const CI = lvCat(
    utf8("claude-spread/2 CPACE-RISTR255-SHA512"),
    utf8("sender"),
    utf8("receiver"),
    utf8(""),
    hello,
  );
  const sid = concatBytes(hello.slice(3), challenge.nonce);
  const g = calculateGenerator(PRS, CI, sid);
  const y = sampleScalar(random);
  const Yb = scalarMult(y, g);
  const K = scalarMultVfy(y, challenge.share)!;
  const ADa = concatBytes(SENDER_ROLE, challenge.salt);
  const transcript = transcriptIr(challenge.share, ADa, Yb, RECEIVER_ROLE);
  const ISK = intermediateSessionKey(sid, K, transcript);
  return { sid, ISK, Yb, ADa, transcript };
}

/** Both ends after a handshake that took place elsewhere. */
export interface SecurePair {
  sender: SecureChannel;
  receiver: SecureChannel;
}

/** Secure channels over these two ends, with keys that are public. */
export async function secure(
  [sender, receiver]: [Channel, Channel],
  timing?: SecureChannelOptions,
): Promise<SecurePair> {
  const s2r = await importAesKey(new Uint8Array(32).fill(1));
  const r2s = await importAesKey(new Uint8Array(32).fill(2));
  return {
    sender: new SecureChannel(sender, s2r, r2s, timing),
    receiver: new SecureChannel(receiver, r2s, s2r, timing),
  };
}

/** A key for records. */
export function importAesKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
}

/**
 * Runs a whole transfer; each side closes when it is done, as callers do.
 *
 * @returns Both outcomes: "delivered" and "stored", or the code of an error.
 */
export async function transfer(
  pair: SecurePair,
  offer: Offer,
  source: PayloadSource,
  accept: AcceptOffer,
): Promise<[sender: string, receiver: string]> {
  return await Promise.all([
    outcomeOf(pair.sender, async () => {
      await sendPayload(pair.sender, offer, source, () => {});
      return "delivered";
    }),
    outcomeOf(pair.receiver, async () => {
      await receivePayload(pair.receiver, accept, () => {});
      return "stored";
    }),
  ]);
}
