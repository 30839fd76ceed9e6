/** Protocol 1 against what the Python original computed, and against itself. */

import { assert, assertEquals } from "@std/assert";
import vectors from "../../testdata/protocol1_vectors.json" with {
  type: "json",
};
import { type Bytes, utf8 } from "../bytes.ts";
import { FRAME_PREFIX_BYTES } from "../transports/frames.ts";
import { connectMemory } from "../testing/memory_channel.ts";
import { MAX_FRAME_BYTES_BEFORE_AUTH } from "../transports/channel.ts";
import { listenTcp } from "../transports/tcp.ts";
import {
  MAX_LEGACY_ANSWER_BYTES,
  MAX_LEGACY_FRAME_BYTES,
  MAX_LEGACY_PAYLOAD_BYTES,
  receiveLegacy,
} from "./legacy.ts";
import {
  connectLoopback,
  connectLoopbackTo,
  queuedRandom,
} from "../testing/protocol.ts";
import {
  MemorySink,
  MemorySource,
  offerOf,
  payloadOf,
} from "../testing/payloads.ts";
import {
  hex,
  json,
  messagesOf,
  NOW,
  parse,
  PASSPHRASE,
  receive,
  receiveRecorded,
  recorded,
  serve,
} from "../testing/legacy.ts";

for (const v of vectors.cases) {
  Deno.test(`serveLegacy() sends what the original sends, for the passphrase ${JSON.stringify(v.passphrase)}`, async () => {
    const { hello, challenge, auth, payload, ack } = messagesOf(v);
    const [sender, receiver] = connectMemory();
    const serving = serve(sender, utf8(v.plaintext), {
      passphrase: v.passphrase,
      fillRandom: queuedRandom(
        hex(v.auth_salt),
        hex(v.auth_nonce),
        hex(v.payload_salt),
        hex(v.payload_nonce),
      ),
    });
    receiver.maxFrameBytes = MAX_LEGACY_FRAME_BYTES;
    await receiver.send(json(hello));
    assertEquals(parse(await receiver.receive()), challenge);
    await receiver.send(json(auth));
    assertEquals(parse(await receiver.receive()), payload);
    await receiver.send(json(ack));
    assertEquals(await serving, "delivered");
    await receiver[Symbol.asyncDispose]();
  });

  Deno.test(`receiveLegacy() answers as the original and opens what it sealed, for the passphrase ${JSON.stringify(v.passphrase)}`, async () => {
    const sink = new MemorySink();
    assertEquals(await receiveRecorded(v, sink), ["stored", { type: "ACK" }]);
    assertEquals(sink.bytes, utf8(v.plaintext));
  });
}

async function readFrame(conn: Deno.Conn): Promise<unknown> {
  const prefix = await readExactly(conn, FRAME_PREFIX_BYTES);
  const length = new DataView(prefix.buffer).getUint32(0);
  return parse(await readExactly(conn, length));
}

async function readExactly(conn: Deno.Conn, length: number): Promise<Bytes> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await conn.read(bytes.subarray(at));
    assert(count !== null);
    at += count;
  }
  return bytes;
}

function messageOf(type: string): unknown {
  return vectors.lan_frames.find((each) => each.message.type === type)!.message;
}

Deno.test("serveLegacy() understands the original's own bytes over TCP", async () => {
  const v = vectors.cases[0]!;
  using listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
  const accepting = listener[Symbol.asyncIterator]().next();
  using conn = await Deno.connect({ port: listener.port });
  const serving = serve((await accepting).value, utf8(v.plaintext), {
    passphrase: v.passphrase,
    fillRandom: queuedRandom(
      hex(v.auth_salt),
      hex(v.auth_nonce),
      hex(v.payload_salt),
      hex(v.payload_nonce),
    ),
  });
  await conn.write(recorded("HELLO"));
  assertEquals(await readFrame(conn), messageOf("CHALLENGE"));
  await conn.write(recorded("AUTH"));
  assertEquals(await readFrame(conn), messageOf("PAYLOAD"));
  await conn.write(recorded("ACK"));
  await conn.closeWrite();
  assertEquals(await serving, "delivered");
});

Deno.test("receiveLegacy() understands the original's own bytes over TCP, one at a time", async () => {
  const v = vectors.cases[0]!;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const channel = await connectLoopbackTo(listener.addr.port);
  using conn = await accepting;
  conn.setNoDelay();
  const sink = new MemorySink();
  const receiving = receive(channel, v.passphrase, sink);
  assertEquals(await readFrame(conn), messageOf("HELLO"));
  for (const byte of recorded("CHALLENGE")) {
    await conn.write(Uint8Array.of(byte));
  }
  assertEquals(await readFrame(conn), messageOf("AUTH"));
  for (const byte of recorded("PAYLOAD")) {
    await conn.write(Uint8Array.of(byte));
  }
  assertEquals(await readFrame(conn), messageOf("ACK"));
  await conn.closeWrite();
  assertEquals(await receiving, "stored");
  assertEquals(sink.bytes, utf8(v.plaintext));
});

Deno.test("receiveLegacy() understands the original's refusal", async () => {
  const [sender, receiver] = connectMemory();
  const receiving = receive(receiver);
  await sender.receive();
  await sender.send(recorded("DENIED").slice(FRAME_PREFIX_BYTES));
  assertEquals(await receiving, "PASSPHRASE_REFUSED");
  await sender[Symbol.asyncDispose]();
});

for (
  const [transport, connect] of [
    ["memory", () => Promise.resolve(connectMemory())],
    ["TCP", connectLoopback],
  ] as const
) {
  Deno.test(`serveLegacy() and receiveLegacy() hand a payload over, over ${transport}`, async () => {
    const payload = payloadOf(300_000);
    const [sender, receiver] = await connect();
    const sink = new MemorySink();
    let confirmed = 0;
    assertEquals(
      await Promise.all([
        serve(sender, payload, { confirmed: () => confirmed++ }),
        receive(receiver, PASSPHRASE, sink),
      ]),
      ["delivered", "stored"],
    );
    assert(sink.bytes.toHex() === payload.toHex());
    assertEquals([sink.finished, confirmed], [1, 1]);
  });
}

Deno.test("receiveLegacy() makes an offer up from what arrived", async () => {
  const v = vectors.cases[0]!;
  const { challenge, payload, ack } = messagesOf(v);
  const [sender, receiver] = connectMemory();
  for (const message of [challenge, payload]) await sender.send(json(message));
  const accept = () => Promise.resolve(new MemorySink());
  assertEquals(await receiveLegacy(receiver, v.passphrase, accept, NOW), {
    ...await offerOf(utf8(v.plaintext)),
    name: "distillation.md",
    created: NOW.toISOString(),
  });
  for (let sent = 0; sent < 2; sent++) await sender.receive();
  assertEquals(parse(await sender.receive()), ack);
  await receiver[Symbol.asyncDispose]();
  await sender[Symbol.asyncDispose]();
});

Deno.test("receiveLegacy() writes only what is missing, when part is there already", async () => {
  const v = vectors.cases[0]!;
  const plaintext = utf8(v.plaintext);
  for (const offset of [1, plaintext.length - 1, plaintext.length]) {
    const sink = new MemorySink(plaintext.slice(0, offset));
    assertEquals((await receiveRecorded(v, sink))[0], "stored");
    assertEquals(sink.bytes, plaintext);
  }
});

Deno.test("serveLegacy() takes the passphrase as typed, composed and decomposed apart", async () => {
  const [sender, receiver] = connectMemory();
  assertEquals(
    await Promise.all([
      serve(sender, payloadOf(1), { passphrase: "caf\u00e9" }),
      receive(receiver, "cafe\u0301"),
    ]),
    ["PASSPHRASE_REFUSED", "PASSPHRASE_REFUSED"],
  );
});

Deno.test("serveLegacy() and receiveLegacy() hand over the largest payload that fits, over TCP", async () => {
  const payload = payloadOf(MAX_LEGACY_PAYLOAD_BYTES);
  const [sender, receiver] = await connectLoopback();
  const sink = new MemorySink();
  assertEquals(
    await Promise.all([
      serve(sender, payload),
      receive(receiver, PASSPHRASE, sink),
    ]),
    ["delivered", "stored"],
  );
  assert(sink.bytes.every((byte, i) => byte === payload[i]));
});

Deno.test("MAX_LEGACY_PAYLOAD_BYTES is what fits into the original's largest frame, with the blanks that Python's json adds", () => {
  const frame = {
    type: "PAYLOAD",
    salt: "00".repeat(32),
    nonce: "00".repeat(12),
    ciphertext: "",
  };
  const blanks = 7; // after each of 4 colons and 3 commas
  const hexBytes = 2 * (MAX_LEGACY_PAYLOAD_BYTES + 16);
  assertEquals(
    json(frame).length + blanks + hexBytes,
    MAX_LEGACY_FRAME_BYTES,
  );
});

Deno.test("serveLegacy() refuses one byte more, in words, before it asks for a proof", async () => {
  const payload = new Uint8Array(MAX_LEGACY_PAYLOAD_BYTES + 1);
  const source = new MemorySource(payload);
  const [sender, receiver] = connectMemory();
  assertEquals(
    await Promise.all([
      serve(sender, payload, { source }),
      receive(receiver),
    ]),
    ["PAYLOAD_TOO_LARGE", "DECLINED"],
  );
  assertEquals(source.mostActive, 0);
});

Deno.test("receiveLegacy() takes large frames only once it has sent its proof", async () => {
  const { challenge } = messagesOf(vectors.cases[0]!);
  const cases: [isProofSent: boolean, bytes: number, code: string][] = [
    [false, MAX_LEGACY_ANSWER_BYTES, "BAD_MESSAGE"],
    [false, MAX_LEGACY_ANSWER_BYTES + 1, "FRAME_TOO_LARGE"],
    [true, MAX_LEGACY_FRAME_BYTES, "BAD_MESSAGE"],
    [true, MAX_LEGACY_FRAME_BYTES + 1, "FRAME_TOO_LARGE"],
  ];
  for (const [isProofSent, bytes, code] of cases) {
    const [sender, receiver] = connectMemory();
    const receiving = receive(receiver);
    await sender.receive();
    if (isProofSent) {
      await sender.send(json(challenge));
      await sender.receive();
    }
    await sender.send(new Uint8Array(bytes));
    assertEquals(await receiving, code);
    await sender[Symbol.asyncDispose]();
  }
});

Deno.test("serveLegacy() never takes a large frame", async () => {
  const [sender, receiver] = connectMemory();
  const serving = serve(sender, payloadOf(1));
  await receiver.send(json({ type: "HELLO", version: 1 }));
  receiver.maxFrameBytes = MAX_LEGACY_ANSWER_BYTES;
  await receiver.receive();
  await receiver.send(new Uint8Array(MAX_FRAME_BYTES_BEFORE_AUTH + 1));
  assertEquals(await serving, "FRAME_TOO_LARGE");
  await receiver[Symbol.asyncDispose]();
});
