/** Protocol 1 with peers that break it or leave. */

import { assertEquals } from "@std/assert";
import vectors from "../../testdata/protocol1_vectors.json" with {
  type: "json",
};
import { type Bytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { connectMemory } from "../testing/memory_channel.ts";
import { GuessLedger } from "./handshake/guesses.ts";
import { MAX_LEGACY_FRAME_BYTES } from "./legacy.ts";
import { queuedRandom } from "../testing/protocol.ts";
import { MemorySink, MemorySource, payloadOf } from "../testing/payloads.ts";
import {
  hex,
  json,
  messagesOf,
  receive,
  receiveRecorded,
  serve,
} from "../testing/legacy.ts";

const OTHER_TYPES: unknown[] = [null, 7, [], undefined];

function variants(
  message: Record<string, unknown>,
  more: [field: string, value: unknown][],
): Bytes[] {
  const retyped = Object.keys(message).flatMap((field) =>
    OTHER_TYPES.map((value) => ({ ...message, [field]: value }))
  );
  const altered = more.map(([field, value]) => ({
    ...message,
    [field]: value,
  }));
  return [
    ...[...retyped, ...altered].map(json),
    ...["", "{", "null", "[]", '"x"', "1"].map(utf8),
    json([message]),
    Uint8Array.of(0x7b, 0xff, 0x7d),
  ];
}

const A_CHALLENGE = {
  type: "CHALLENGE",
  salt: "ab".repeat(32),
  nonce: "cd".repeat(16),
};

Deno.test("receiveLegacy() ends with BAD_MESSAGE, when the challenge is of another form", async () => {
  const bad = variants(A_CHALLENGE, [
    ["type", "challenge"],
    ["type", "PAYLOAD"],
    ["salt", "ab".repeat(31)],
    ["salt", "ab".repeat(33)],
    ["salt", "zz".repeat(32)],
    ["salt", " ".repeat(64)],
    ["salt", `${"ab".repeat(31)}a`],
    ["nonce", "cd".repeat(15)],
    ["nonce", "cd".repeat(17)],
    ["nonce", `${"cd".repeat(15)}\n\n`],
  ]);
  for (const frame of bad) {
    const [sender, receiver] = connectMemory();
    const receiving = receive(receiver);
    await sender.receive();
    await sender.send(frame);
    assertEquals(await receiving, "BAD_MESSAGE", frame.toHex());
    await sender[Symbol.asyncDispose]();
  }
});

Deno.test("receiveLegacy() ends with BAD_MESSAGE, when the payload is of another form", async () => {
  const { challenge, payload } = messagesOf(vectors.cases[0]!);
  const bad = variants(payload, [
    ["type", "payload"],
    ["salt", "ab".repeat(31)],
    ["nonce", "ab".repeat(11)],
    ["nonce", "ab".repeat(16)],
    ["ciphertext", ""],
    ["ciphertext", "ab".repeat(16)],
    ["ciphertext", `${payload.ciphertext}0`],
    ["ciphertext", `${payload.ciphertext}xx`],
  ]);
  await Promise.all(bad.map(async (frame) => {
    const [sender, receiver] = connectMemory();
    const receiving = receive(receiver);
    await sender.receive();
    await sender.send(json(challenge));
    await sender.receive();
    await sender.send(frame);
    assertEquals(await receiving, "BAD_MESSAGE", frame.toHex());
    await sender[Symbol.asyncDispose]();
  }));
});

Deno.test("serveLegacy() ends with BAD_MESSAGE and counts nothing, when HELLO or AUTH is of another form", async () => {
  const hello = { type: "HELLO", version: 1 };
  const auth = { type: "AUTH", proof: "00".repeat(32) };
  const bad: [before: Bytes[], frame: Bytes][] = [
    ...variants(hello, [["version", 2], ["version", "1"], ["type", "hello"]])
      .map((frame): [Bytes[], Bytes] => [[], frame]),
    ...variants(auth, [
      ["proof", "00".repeat(31)],
      ["proof", "00".repeat(33)],
      ["proof", "zz".repeat(32)],
      ["type", "HELLO"],
    ]).map((frame): [Bytes[], Bytes] => [[json(hello)], frame]),
  ];
  for (const [before, frame] of bad) {
    const [sender, receiver] = connectMemory();
    const guesses = new GuessLedger();
    const serving = serve(sender, payloadOf(1), { guesses });
    for (const each of before) await receiver.send(each);
    await receiver.send(frame);
    assertEquals(await serving, "BAD_MESSAGE", frame.toHex());
    assertEquals(guesses.total, 0);
    await receiver[Symbol.asyncDispose]();
  }
});

const ENDINGS: [name: string, frame: Bytes | null, code: string][] = [
  ["ACK", json({ type: "ACK" }), "delivered"],
  ["ACK with more to it", json({ type: "ACK", x: 1 }), "delivered"],
  ["nothing", null, "PEER_GONE"],
  ["another message", json({ type: "HELLO", version: 1 }), "BAD_MESSAGE"],
  ["no JSON", utf8("ACK"), "BAD_MESSAGE"],
];

for (const [name, frame, code] of ENDINGS) {
  Deno.test(`serveLegacy() ends with ${code}, when ${name} answers its payload`, async () => {
    const v = vectors.cases[0]!;
    const [sender, receiver] = connectMemory();
    const serving = serve(sender, payloadOf(10), {
      passphrase: v.passphrase,
      fillRandom: queuedRandom(
        hex(v.auth_salt),
        hex(v.auth_nonce),
        hex(v.payload_salt),
        hex(v.payload_nonce),
      ),
    });
    const { hello, auth } = messagesOf(v);
    receiver.maxFrameBytes = MAX_LEGACY_FRAME_BYTES;
    await receiver.send(json(hello));
    await receiver.receive();
    await receiver.send(json(auth));
    await receiver.receive();
    if (frame !== null) await receiver.send(frame);
    await receiver[Symbol.asyncDispose]();
    assertEquals(await serving, code);
  });
}

Deno.test("receiveLegacy() does not acknowledge what could not be stored", async () => {
  const cannotStore = () => {
    throw new SpreadError("CANNOT_STORE", "Disk full", "");
  };
  const sinks = [
    new MemorySink(undefined, { before: cannotStore }),
    new MemorySink(undefined, { beforeFinish: cannotStore }),
  ];
  for (const sink of sinks) {
    assertEquals(
      await receiveRecorded(vectors.cases[0]!, sink),
      ["CANNOT_STORE", null],
    );
  }
});

Deno.test("serveLegacy() closes its source and sends nothing, when the source fails", async () => {
  const changed = new SpreadError("PAYLOAD_CHANGED", "It changed", "");
  const source = new MemorySource(payloadOf(200_000), {
    failAt: 100_000,
    failure: changed,
  });
  const [sender, receiver] = connectMemory();
  assertEquals(
    await Promise.all([
      serve(sender, source.payload, { source }),
      receive(receiver),
    ]),
    ["PAYLOAD_CHANGED", "PEER_GONE"],
  );
  assertEquals(source.closed, 1);
});

Deno.test("serveLegacy() and receiveLegacy() end with PEER_GONE, when the other side closes after any message", async () => {
  const { challenge, hello } = messagesOf(vectors.cases[0]!);
  for (const sent of [[], [challenge]]) {
    const [sender, receiver] = connectMemory();
    for (const message of sent) await sender.send(json(message));
    const receiving = receive(receiver);
    for (let i = 0; i <= sent.length; i++) await sender.receive();
    await sender[Symbol.asyncDispose]();
    assertEquals(await receiving, "PEER_GONE");
  }
  const [sender, receiver] = connectMemory();
  receiver.maxFrameBytes = MAX_LEGACY_FRAME_BYTES;
  await receiver.send(json(hello));
  const serving = serve(sender, payloadOf(1));
  await receiver.receive();
  await receiver[Symbol.asyncDispose]();
  assertEquals(await serving, "PEER_GONE");
});
