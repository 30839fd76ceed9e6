/**
 * Both sides of protocol 1 in tests, and what the Python original sent.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import vectors from "../../testdata/protocol1_vectors.json" with {
  type: "json",
};
import { type Bytes, utf8 } from "../bytes.ts";
import type { Channel } from "../transports/channel.ts";
import { connectMemory } from "./memory_channel.ts";
import { GuessLedger } from "../protocol/handshake/guesses.ts";
import { receiveLegacy, serveLegacy } from "../protocol/legacy.ts";
import { outcomeOf, random } from "./protocol.ts";
import { MemorySink, MemorySource, offerOf } from "./payloads.ts";
import { Semaphore } from "../waiting.ts";

export const NOW = new Date("2026-01-02T03:04:05.678Z");
export const PASSPHRASE = "mypassphrase";

export const hex = (text: string): Bytes => Uint8Array.fromHex(text);
export const json = (value: unknown): Bytes => utf8(JSON.stringify(value));
export const parse = (frame: Bytes | null): unknown =>
  JSON.parse(new TextDecoder().decode(frame!));

/** The messages of protocol 1, in order. */
interface Messages {
  hello: { type: string; version: number };
  challenge: { type: string; salt: string; nonce: string };
  auth: { type: string; proof: string };
  payload: { type: string; salt: string; nonce: string; ciphertext: string };
  ack: { type: string };
}

/** A case that the original has computed. */
export type Vector = typeof vectors.cases[number];

/** The messages of a case's sender and receiver, as the original computed them. */
export function messagesOf(v: Vector): Messages {
  return {
    hello: { type: "HELLO", version: 1 },
    challenge: { type: "CHALLENGE", salt: v.auth_salt, nonce: v.auth_nonce },
    auth: { type: "AUTH", proof: v.proof },
    payload: {
      type: "PAYLOAD",
      salt: v.payload_salt,
      nonce: v.payload_nonce,
      ciphertext: v.ciphertext,
    },
    ack: { type: "ACK" },
  };
}

/** Serves the first receiver of a channel; "delivered", or the code of the error. */
export async function serve(
  channel: Channel,
  payload: Bytes,
  options: {
    passphrase?: string;
    guesses?: GuessLedger;
    fillRandom?: typeof random;
    source?: MemorySource;
    confirmed?: () => void;
  } = {},
): Promise<string> {
  const {
    passphrase = PASSPHRASE,
    guesses = new GuessLedger(),
    fillRandom = random,
    source = new MemorySource(payload),
    confirmed = () => {},
  } = options;
  return await outcomeOf(channel, async () => {
    const hello = (await channel.receive())!;
    const offer = await offerOf(payload);
    await serveLegacy(channel, hello, offer, source, {
      passphrase,
      guesses,
      fillRandom,
      confirmed: () => {
        confirmed();
        return new Semaphore(1).acquire();
      },
    });
    return "delivered";
  });
}

export async function receive(
  channel: Channel,
  passphrase = PASSPHRASE,
  sink = new MemorySink(),
): Promise<string> {
  return await outcomeOf(channel, async () => {
    await receiveLegacy(channel, passphrase, () => Promise.resolve(sink), NOW);
    return "stored";
  });
}

/**
 * Our receiver against a recorded sender.
 *
 * @param altered Fields of PAYLOAD that are not as recorded.
 * @returns How the receiver ended, and what it answered to PAYLOAD.
 */
export async function receiveRecorded(
  v: Vector,
  sink: MemorySink,
  altered: Record<string, unknown> = {},
): Promise<[outcome: string, answer: unknown]> {
  const { hello, challenge, auth, payload } = messagesOf(v);
  const [sender, receiver] = connectMemory();
  const receiving = receive(receiver, v.passphrase, sink);
  assertEquals(parse(await sender.receive()), hello);
  await sender.send(json(challenge));
  assertEquals(parse(await sender.receive()), auth);
  await sender.send(json({ ...payload, ...altered }));
  const answer = await sender.receive();
  await sender[Symbol.asyncDispose]();
  return [await receiving, answer && parse(answer)];
}

/** The recorded TCP bytes of a message. */
export function recorded(type: string): Bytes {
  const frame = vectors.lan_frames.find((each) => each.message.type === type)!;
  return hex(frame.frame_hex);
}
