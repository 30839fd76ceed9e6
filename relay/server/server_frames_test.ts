/** `RelayServer`: messages of any size, frames that break the rules, and clients that do not read. */

import { assert, assertEquals } from "@std/assert";
import { sleep, TestClient, until } from "../testing/clients.ts";
import { frame, OPCODES, RawClient } from "../testing/raw_client.ts";
import {
  assertRawRefused,
  assertRefused,
  assertSilent,
  bytes,
  KIB,
  MIB,
  Stage,
  test,
  testBy,
  utf8,
} from "../testing/stage.ts";

test("RelayServer takes a message of the largest size, and answers one byte more with message_too_large", async () => {
  await using stage = await Stage.open({ maxMessageBytes: 64 * KIB });
  const { sender, receiver, peerId } = await stage.pair(2, 2);
  const largest = new Uint8Array(64 * KIB).fill(7);
  receiver.send(largest);
  assertEquals(await sender.next(), largest);
  receiver.send(new Uint8Array(64 * KIB + 1));
  await assertRefused(receiver, "message_too_large", 1009);
  assertEquals(await sender.said(), {
    type: "PEER_DISCONNECTED",
    peer_id: peerId,
  });
});

Deno.test("RelayServer refuses a frame by the length it announces, before it is sent", async () => {
  await using stage = await Stage.open();
  const client = await stage.raw();
  await client.send(OPCODES.binary, bytes(), { announced: 1024 * MIB });
  await assertRawRefused(client, "message_too_large", 1009);
});

Deno.test("RelayServer counts the fragments of a message together", async () => {
  await using stage = await Stage.open({ maxMessageBytes: 64 * KIB });
  const client = await stage.rawReceiver(await stage.room(2));
  const part = new Uint8Array(40 * KIB);
  await client.send(OPCODES.binary, part, { isFinal: false });
  await client.send(OPCODES.more, part);
  await assertRawRefused(client, "message_too_large", 1009);
});

test("RelayServer joins fragments, and answers pings between them", async () => {
  await using stage = await Stage.open();
  const { sender, code } = await stage.room(2);
  const receiver = await stage.rawReceiver({ code });
  await sender.said();
  await receiver.send(OPCODES.binary, bytes(1), { isFinal: false });
  await receiver.send(OPCODES.ping, "are you there");
  await receiver.send(OPCODES.more, bytes(), { isFinal: false });
  assertEquals(await receiver.next(), {
    opcode: OPCODES.pong,
    bytes: 13,
    payload: utf8("are you there"),
  });
  await assertSilent(sender);
  await receiver.send(OPCODES.more, bytes(2, 3));
  assertEquals(await sender.next(), bytes(1, 2, 3));
});

for (
  const [name, bad, code] of [
    ["text that is no UTF-8", frame(OPCODES.text, bytes(0xc3, 0x28)), 1007],
    [
      "a frame without mask",
      frame(OPCODES.text, "x", { isMasked: false }),
      1002,
    ],
    ["a reserved bit", frame(OPCODES.text, "x", { reserved: 0x40 }), 1002],
    ["a reserved opcode", frame(3, "x"), 1002],
    ["a fragment of nothing", frame(OPCODES.more, "x"), 1002],
    [
      "a ping in fragments",
      frame(OPCODES.ping, "x", { isFinal: false }),
      1002,
    ],
    ["a ping of 126 bytes", frame(OPCODES.ping, "x".repeat(126)), 1002],
    ["a close code of 1 byte", frame(OPCODES.close, bytes(3)), 1002],
    ["a close code nobody may send", frame(OPCODES.close, bytes(3, 237)), 1002],
  ] as const
) {
  test(`RelayServer closes with ${code}, when it gets ${name}, and tells the other`, async (by) => {
    await using stage = await Stage.open();
    const { sender, code: room } = await stage.room(2);
    const receiver = await stage.rawReceiver({ code: room });
    assertEquals((await sender.said()).type, "PEER_JOINED");
    await receiver.write(bad);
    const close = await receiver.next();
    // Deno's own server ends such a connection without a word, or takes what does no harm.
    if (by === "node:http") {
      assertEquals(close, {
        opcode: OPCODES.close,
        bytes: 2,
        payload: bytes(code >> 8, code & 0xff),
      });
    }
    receiver.close();
    assertEquals((await sender.said()).type, "PEER_DISCONNECTED");
  });
}

test("RelayServer notices by its pings that a receiver is gone, and keeps who answers", async () => {
  await using stage = await Stage.open({ pingMs: 150 });
  const { sender, code } = await stage.room(2);
  const receiver = await stage.rawReceiver({ code });
  assertEquals((await sender.said()).type, "PEER_JOINED");
  assertEquals((await sender.said()).type, "PEER_DISCONNECTED");
  const [ping, ...rest] = await receiver.rest();
  assertEquals(ping?.opcode, OPCODES.ping);
  assert(rest.every(({ opcode }) => opcode === OPCODES.close));
  await sleep(600);
  sender.send({ type: "PING" });
  await until(() => sender.pongs === 1, "PONG");
});

/** Sends until the relay takes no more, and returns how many bytes it was told to send. */
async function flood(sender: TestClient, message: string): Promise<number> {
  const part = utf8(message.padEnd(64 * KIB, "."));
  const count = 512;
  for (let i = 0; i < count; i++) sender.send(part);
  let waiting = Infinity;
  // What the network between takes is unknown; what comes after it stays with the sender.
  while (sender.bufferedBytes < waiting) {
    waiting = sender.bufferedBytes;
    await sleep(200);
  }
  return count * part.length;
}

Deno.test("RelayServer stops reading a sender whose receiver stops, and ends that one for the next", async () => {
  await using stage = await Stage.open({ stallMs: 2500, pingMs: 600 });
  const { sender, code } = await stage.room(2);
  await stage.rawReceiver({ code });
  const { peer_id: peerId } = await sender.said();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, stage.hub.bufferedBytes);
  }, 5);
  await flood(sender, "stale");
  assert(sender.bufferedBytes > 0, "the network has taken everything");
  const next = await stage.receiver(code, 2);
  const gone = await sender.said();
  clearInterval(watch);
  assertEquals(gone, { type: "PEER_DISCONNECTED", peer_id: peerId });
  assertEquals(stage.hub.metrics.get("connections_ended", "stalled"), 1);
  assertEquals(stage.hub.metrics.get("connections_ended", "silent"), 0);
  assert(most > MIB && most < 2 * MIB, `${most} bytes were kept`);

  sender.send({ type: "RELEASE_PEER", peer_id: peerId });
  assertEquals((await sender.said()).type, "PEER_JOINED");
  sender.send(utf8("fresh"));
  assertEquals((await next.said()).type, "ROOM_QUEUED");
  assertEquals((await next.said()).type, "ROOM_JOINED");
  assertEquals(await next.next(), utf8("fresh"));
});

Deno.test("RelayServer hands everything on, in order, to a receiver that reads late", async () => {
  await using stage = await Stage.open({ pingMs: 300 });
  const { sender, code } = await stage.room(2);
  const receiver = await stage.rawReceiver({ code });
  await sender.said();
  const count = 512;
  for (let i = 0; i < count; i++) {
    const part = new Uint8Array(64 * KIB).fill(i % 251);
    part[0] = i >> 8;
    part[1] = i & 0xff;
    sender.send(part);
  }
  await sleep(1000);
  assert(sender.bufferedBytes > 0, "the network has taken everything");
  for (let i = 0; i < count;) {
    const { opcode, payload } = (await receiver.next())!;
    if (opcode === OPCODES.ping) {
      await receiver.send(OPCODES.pong, payload);
      continue;
    }
    assertEquals(
      [payload.length, payload[0]! << 8 | payload[1]!],
      [64 * KIB, i],
    );
    assert(payload.subarray(2).every((byte) => byte === i % 251));
    i++;
  }
  assertEquals(stage.hub.metrics.get("connections_ended", "silent"), 0);
  assertEquals(stage.hub.bufferedBytes, 0);
});

testBy(
  "Deno.serve",
  "RelayServer ends a receiver for which too much waits, and serves the next",
  async () => {
    await using stage = await Stage.open({ maxBufferedBytes: 2 * MIB });
    const { sender, code } = await stage.room(2);
    await stage.rawReceiver({ code });
    const { peer_id: peerId } = await sender.said();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, stage.hub.bufferedBytes);
    }, 5);
    await flood(sender, "stale");
    clearInterval(watch);
    const told = await sender.said();
    assertEquals(told, { type: "PEER_DISCONNECTED", peer_id: peerId });
    assertEquals(stage.hub.metrics.get("connections_ended", "overflow"), 1);
    assert(most < 3 * MIB, `${most} bytes were kept`);
    const next = await stage.receiver(code, 2);
    assertEquals((await next.said()).type, "ROOM_QUEUED");
    sender.send({ type: "RELEASE_PEER", peer_id: peerId });
    assertEquals((await sender.said()).type, "PEER_JOINED");
    sender.send(utf8("fresh"));
    assertEquals((await next.said()).type, "ROOM_JOINED");
    assertEquals(await next.next(), utf8("fresh"));
  },
);

testBy(
  "Deno.serve",
  "RelayServer hands on what a receiver takes late, and ends one that takes nothing",
  async () => {
    await using stage = await Stage.open({ stallMs: 1500 });
    const { sender, code } = await stage.room(2);
    const receiver = await stage.rawReceiver({ code });
    await sender.said();
    const send = () => {
      for (let i = 0; i < 160; i++) {
        sender.send(
          new Uint8Array(64 * KIB).fill(i),
        );
      }
    };
    send();
    await until(() => stage.hub.bufferedBytes > MIB, "much that waits");
    for (let i = 0; i < 160; i++) {
      const { payload } = (await receiver.next())!;
      assertEquals([payload.length, payload.at(-1)], [64 * KIB, i]);
    }
    await until(() => stage.hub.bufferedBytes === 0, "the end of it");
    send();
    assertEquals((await sender.said()).type, "PEER_DISCONNECTED");
    assertEquals(stage.hub.metrics.get("connections_ended", "stalled"), 1);
  },
);

testBy(
  "Deno.serve",
  "RelayServer counts a connection until its client has ended it",
  async () => {
    await using stage = await Stage.open({ maxConnections: 1 });
    const deaf = await stage.raw();
    await until(() => stage.hub.peerCount === 1);
    stage.hub.terminateAll();
    assertEquals(stage.hub.peerCount, 0);
    using refused = await RawClient.connect(stage.relay.url);
    assertEquals(await refused.upgrade(), 429);
    deaf.close();
    await sleep(100);
    await stage.raw();
  },
);
