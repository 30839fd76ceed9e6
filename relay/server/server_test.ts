/** `RelayServer`: pairs of clients, and what it says to them. */

import { assertEquals } from "@std/assert";
import { until } from "../testing/clients.ts";
import { assertRefused, bytes, Stage, test, utf8 } from "../testing/stage.ts";

test("RelayServer pairs two clients and hands everything on, byte for byte", async () => {
  await using stage = await Stage.open();
  const { sender, code, token } = await stage.room(2);
  assertEquals(/^[a-z2-9]{6}$/.test(code), true);
  assertEquals(token.length > 43, true);
  const receiver = await stage.receiver(code, 2);
  assertEquals(await receiver.said(), {
    type: "ROOM_JOINED",
    room_id: code,
    protocol: 2,
  });
  assertEquals((await sender.said()).type, "PEER_JOINED");

  const all = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7 % 256);
  for (const message of [bytes(), bytes(0), bytes(0xff, 0xfe), all]) {
    sender.send(message);
    assertEquals(await receiver.next(), message);
    receiver.send(message);
    assertEquals(await sender.next(), message);
  }
});

test("RelayServer tells a room's time to live, and that a sender speaks protocol 1", async () => {
  await using stage = await Stage.open({ roomTtlMs: 90_000 });
  const sender = await stage.client();
  const created = await sender.ask({ type: "CREATE_ROOM" });
  assertEquals(created.ttl_s, 90);
  const receiver = await stage.receiver(created.room_id, 2);
  assertEquals(await receiver.said(), {
    type: "ROOM_JOINED",
    room_id: created.room_id,
    protocol: 1,
  });
});

for (
  const [from, to, arrives] of [
    [undefined, undefined, "text"],
    [undefined, 1, "text"],
    [undefined, 2, "binary"],
    [1, 2, "binary"],
  ] as const
) {
  test(`RelayServer hands text of protocol ${from} to protocol ${to} as ${arrives}`, async () => {
    await using stage = await Stage.open();
    const text = '{"type":"PING","é":"\\u0000"}';
    const expected = arrives === "text" ? text : utf8(text);
    for (const isFromSender of [true, false]) {
      const { sender, receiver } = isFromSender
        ? await stage.pair(from, to)
        : await stage.pair(to, from);
      const [speaker, listener] = isFromSender
        ? [sender, receiver]
        : [receiver, sender];
      speaker.send(text);
      assertEquals(await listener.next(), expected);
      speaker.send(bytes(1, 2, 3));
      assertEquals(await listener.next(), bytes(1, 2, 3));
    }
  });
}

for (
  const [name, code, reason] of [
    ["unknown", "abcde2", "room_not_found"],
    ["empty", "", "room_not_found"],
    ["5 characters", "abcd2", "room_not_found"],
    ["7 characters", "abcdef2", "room_not_found"],
    ["look-alikes", "0o1il0", "room_not_found"],
    ["unicode", "💥é漢字", "room_not_found"],
    ["a NUL", "abcd2\0", "room_not_found"],
    ["a prototype's", "__proto__", "room_not_found"],
    ["65 characters", "a".repeat(65), "invalid_message"],
    ["10 KB", "a".repeat(10_240), "invalid_message"],
    ["a number", 234567, "invalid_message"],
    ["null", null, "invalid_message"],
    ["an array", ["abcde2"], "invalid_message"],
  ] as const
) {
  test(`RelayServer answers JOIN_ROOM with ${reason}, when the code is ${name}`, async () => {
    await using stage = await Stage.open();
    await assertRefused(await stage.receiver(code, 2), reason);
  });
}

test("RelayServer takes a code in upper case for another one", async () => {
  await using stage = await Stage.open();
  const { code } = await stage.room(2);
  const receiver = await stage.receiver(code.toUpperCase(), 2);
  await assertRefused(receiver, "room_not_found");
});

for (
  const message of [
    "",
    "hello",
    "[]",
    "null",
    '{"type":"HELLO"}',
    '{"type":"create_room"}',
    '{"type":"CREATE_ROOM","protocol":"2"}',
    '{"type":"RESUME_ROOM","room_id":"abcde2"}',
    '{"type":"RELEASE_PEER","peer_id":7}',
    '{"type":"RELEASE_PEER","peer_id":"peer-1"}',
    '{"type":"PING"}'.padEnd(1025, " "),
  ]
) {
  test(`RelayServer answers ${JSON.stringify(message.slice(0, 50))} with invalid_message`, async () => {
    await using stage = await Stage.open();
    const client = await stage.client();
    client.send(message);
    await assertRefused(client, "invalid_message");
  });
}

test("RelayServer answers binary with invalid_message, where control is due", async () => {
  await using stage = await Stage.open();
  const client = await stage.client();
  client.send(utf8('{"type":"CREATE_ROOM"}'));
  await assertRefused(client, "invalid_message");
});

test("RelayServer answers text with invalid_message, where protocol 2 sends data, and tells the other", async () => {
  await using stage = await Stage.open();
  const { sender, receiver, peerId } = await stage.pair(2, 2);
  receiver.send("data");
  await assertRefused(receiver, "invalid_message");
  assertEquals(await sender.said(), {
    type: "PEER_DISCONNECTED",
    peer_id: peerId,
  });
});

test("RelayServer answers PING with PONG, before and in a room", async () => {
  await using stage = await Stage.open();
  const client = await stage.client();
  client.send({ type: "PING" });
  await until(() => client.pongs === 1, "PONG");
  await client.ask({ type: "CREATE_ROOM", protocol: 2 });
  client.send({ type: "PING" });
  await until(() => client.pongs === 2, "PONG");
});

test("RelayServer answers a second CREATE_ROOM on one connection with invalid_message, and ends the room", async () => {
  await using stage = await Stage.open();
  const { sender, code } = await stage.room(2);
  sender.send({ type: "CREATE_ROOM", protocol: 2 });
  await assertRefused(sender, "invalid_message");
  await assertRefused(await stage.receiver(code, 2), "room_not_found");
  assertEquals(stage.hub.roomCount, 0);
});
