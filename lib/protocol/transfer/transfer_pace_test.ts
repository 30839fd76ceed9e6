/** Peers that keep a connection alive on which too little moves, and slow ones that go on. */

import { assert, assertEquals } from "@std/assert";
import { SecureChannel, type SecureChannelOptions } from "../secure_channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import type { Channel } from "../../transports/channel.ts";
import {
  connectLoopback,
  importAesKey,
  outcomeOf,
  pause,
  type SecurePair,
  transfer,
  waitUntil,
  within,
} from "../../testing/protocol.ts";
import {
  MemorySink,
  MemorySource,
  offerOf,
  payloadOf,
} from "../../testing/payloads.ts";
import { receivePayload } from "./receive.ts";
import { encodePosition, RECORD } from "./record_types.ts";
import { sendPayload } from "./send.ts";

const KIB = 1024;
const PAYLOAD = payloadOf(6 * 1024 * KIB);
const OFFER = await offerOf(PAYLOAD);
const NOTHING = new Uint8Array(0);

/** Time limit in these tests, in milliseconds; both sides keep the connection alive. */
const ANSWER_MS = 1_000;
const LIVELY: SecureChannelOptions = { keepAliveMs: 20, silenceMs: 20_000 };

/** Both ends, of which one or both are impatient. */
async function pairOf(
  impatient: "sender" | "receiver" | "both",
  [sender, receiver]: [Channel, Channel] = connectMemory(),
): Promise<SecurePair> {
  const s2r = await importAesKey(new Uint8Array(32).fill(1));
  const r2s = await importAesKey(new Uint8Array(32).fill(2));
  const timing = (side: string) =>
    side === impatient || impatient === "both"
      ? { ...LIVELY, answerMs: ANSWER_MS }
      : LIVELY;
  return {
    sender: new SecureChannel(sender, s2r, r2s, timing("sender")),
    receiver: new SecureChannel(receiver, r2s, s2r, timing("receiver")),
  };
}

/** The sender's outcome with a receiver that does this once it has the offer. */
async function sendTo(
  receive: (receiver: SecureChannel) => Promise<void>,
  ends?: [Channel, Channel],
): Promise<unknown> {
  const { sender, receiver } = await pairOf("sender", ends);
  const source = new MemorySource(PAYLOAD);
  const sending = outcomeOf(
    sender,
    () => sendPayload(sender, OFFER, source, () => {}),
  );
  await receiver.receive();
  const receiving = receive(receiver).catch(() => {});
  const outcome = await within(20 * ANSWER_MS, sending);
  await receiving;
  await receiver[Symbol.asyncDispose]();
  await waitUntil(() => source.active === 0);
  return outcome;
}

const accept = (receiver: SecureChannel) =>
  receiver.send(RECORD.accept, encodePosition(0));

Deno.test("sendPayload() ends a receiver that keeps alive and does not answer the offer", async () => {
  assertEquals(await sendTo(async () => {}), "PEER_SILENT");
});

Deno.test("sendPayload() ends a receiver that keeps alive and takes nothing", async () => {
  for (const connect of [connectMemory, connectLoopback]) {
    assertEquals(await sendTo(accept, await connect()), "PEER_SILENT");
  }
});

Deno.test("sendPayload() ends a receiver that stores a byte at a time", async () => {
  const outcome = await sendTo(async (receiver) => {
    await accept(receiver);
    await pause(100);
    for (let stored = 1;; stored++) {
      await receiver.send(RECORD.credit, encodePosition(stored));
      await pause(20);
    }
  });
  assertEquals(outcome, "PEER_SILENT");
});

Deno.test("sendPayload() ends a receiver that has everything and sends no receipt", async () => {
  const outcome = await sendTo(async (receiver) => {
    await accept(receiver);
    for (let stored = 0;;) {
      const { type, body } = await receiver.receive();
      if (type !== RECORD.data) continue;
      stored += body.length;
      await receiver.send(RECORD.credit, encodePosition(stored));
    }
  });
  assertEquals(outcome, "PEER_SILENT");
});

Deno.test("receivePayload() ends a sender that keeps alive and sends nothing, or a byte at a time", async () => {
  for (const body of [NOTHING, new Uint8Array(1)]) {
    const { sender, receiver } = await pairOf("receiver");
    const sink = new MemorySink();
    const receiving = outcomeOf(
      receiver,
      () =>
        receivePayload(receiver, () => Promise.resolve(sink), () => {}, {
          offer: OFFER,
        }),
    );
    await sender.receive();
    const trickling = (async () => {
      for (;;) {
        await sender.send(RECORD.data, body.slice());
        await pause(20);
      }
    })().catch(() => {});
    assertEquals(await within(20 * ANSWER_MS, receiving), "PEER_SILENT");
    await trickling;
    await sender[Symbol.asyncDispose]();
  }
});

Deno.test("sendPayload() goes on for as long as it takes, while enough moves", async () => {
  const pair = await pairOf("both");
  const payload = payloadOf(320 * KIB);
  // A record each 200 ms: many times the limit in all.
  const sink = new MemorySink(undefined, { before: () => pause(200) });
  const start = performance.now();
  const source = new MemorySource(payload);
  const offer = await offerOf(payload);
  assertEquals(
    await transfer(pair, offer, source, () => Promise.resolve(sink)),
    ["delivered", "stored"],
  );
  assert(performance.now() - start > 3 * ANSWER_MS);
});

Deno.test("sendPayload() does not blame a receiver for a source that takes long", async () => {
  const pair = await pairOf("sender");
  const payload = payloadOf(100 * KIB);
  const source = new MemorySource(payload, {
    before: (position) => position === 0 ? pause(3 * ANSWER_MS) : undefined,
  });
  const sink = new MemorySink();
  const offer = await offerOf(payload);
  assertEquals(
    await transfer(pair, offer, source, () => Promise.resolve(sink)),
    ["delivered", "stored"],
  );
});

Deno.test("sendPayload() sends small records until it knows that the link is fast", async () => {
  for (const slowMs of [0, 200]) {
    const { sender, receiver } = await pairOf("sender");
    const sizes: number[] = [];
    const source = new MemorySource(PAYLOAD, { pieceBytes: 256 * KIB });
    const sending = outcomeOf(
      sender,
      () => sendPayload(sender, OFFER, source, () => {}),
    );
    await receiver.receive();
    await accept(receiver);
    for (let stored = 0; stored < PAYLOAD.length;) {
      const { type, body } = await receiver.receive();
      if (type !== RECORD.data) continue;
      sizes.push(body.length);
      stored += body.length;
      // On a slow link each report comes late.
      if (stored % (64 * KIB) !== 0 && stored < PAYLOAD.length) continue;
      if (stored <= 256 * KIB) await pause(slowMs);
      await receiver.send(RECORD.credit, encodePosition(stored));
    }
    await receiver.send(RECORD.receipt, Uint8Array.fromHex(OFFER.sha256));
    await receiver[Symbol.asyncDispose]();
    await sending;
    assertEquals(new Set(sizes.slice(0, 4)), new Set([16 * KIB]));
    assertEquals(Math.max(...sizes), 256 * KIB);
  }
});
