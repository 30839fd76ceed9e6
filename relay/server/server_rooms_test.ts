/** `RelayServer`: rooms in which receivers wait, which are resumed, and which end. */

import { assertEquals } from "@std/assert";
import { TestClient, until } from "../testing/clients.ts";
import { frame, OPCODES } from "../testing/raw_client.ts";
import {
  assertRefused,
  assertSilent,
  bytes,
  type Opened,
  refusal,
  Stage,
  test,
  utf8,
} from "../testing/stage.ts";

test("RelayServer lets receivers in one after the other, in order of their coming", async () => {
  await using stage = await Stage.open();
  const { sender, code, receiver: first, peerId } = await stage.pair(2, 2);
  const others: TestClient[] = [];
  for (const ahead of [1, 2, 3]) {
    const other = await stage.receiver(code, 2);
    assertEquals(await other.said(), {
      type: "ROOM_QUEUED",
      room_id: code,
      ahead,
    });
    others.push(other);
  }
  const leaver = others.splice(1, 1)[0]!;
  await leaver.close(1000);
  let last = { client: first, peerId };
  for (const client of others) {
    sender.send({ type: "RELEASE_PEER", peer_id: last.peerId });
    assertEquals(await last.client.closed, 1000);
    const { peer_id: next } = await sender.said();
    while ((await client.said()).type === "ROOM_QUEUED");
    sender.send(utf8(`for ${next}`));
    assertEquals(await client.next(), utf8(`for ${next}`));
    last = { client, peerId: next as string };
  }
});

test("RelayServer never hands what was sent for one receiver to the next", async () => {
  await using stage = await Stage.open();
  const { sender, code, receiver, peerId } = await stage.pair(2, 2);
  const next = await stage.receiver(code, 2);
  assertEquals((await next.said()).type, "ROOM_QUEUED");
  await receiver.close(1000);
  assertEquals((await sender.said()).type, "PEER_DISCONNECTED");
  for (let i = 0; i < 50; i++) sender.send(utf8("for the first"));
  sender.send({ type: "RELEASE_PEER", peer_id: "peer-of-nobody" });
  sender.send(utf8("still for the first"));
  sender.send({ type: "PING" });
  await until(() => sender.pongs >= 2, "PONG");
  await assertSilent(next);
  assertEquals(
    (await sender.ask({ type: "RELEASE_PEER", peer_id: peerId })).type,
    "PEER_JOINED",
  );
  sender.send(utf8("for the second"));
  assertEquals((await next.said()).type, "ROOM_JOINED");
  assertEquals(await next.next(), utf8("for the second"));
});

test("RelayServer refuses a receiver that speaks before its turn", async () => {
  await using stage = await Stage.open();
  const { sender, code, receiver } = await stage.pair(2, 2);
  const next = await stage.receiver(code, 2);
  assertEquals((await next.said()).type, "ROOM_QUEUED");
  next.send(bytes(1));
  await assertRefused(next, "invalid_message");
  receiver.send(bytes(2));
  assertEquals(await sender.next(), bytes(2));
});

test("RelayServer resumes a room for who has its token, over a connection not yet seen dead", async () => {
  await using stage = await Stage.open();
  const { sender, code, token, receiver } = await stage.pair(2, 2);
  const back = await stage.client();
  const resumed = await back.ask({
    type: "RESUME_ROOM",
    room_id: code,
    resume_token: token,
    protocol: 2,
  });
  assertEquals([resumed.type, resumed.room_id], ["ROOM_RESUMED", code]);
  await assertRefused(receiver, "sender_disconnected");
  assertEquals(await sender.closed, 1000);
  const next = await stage.receiver(code, 2);
  assertEquals((await next.said()).type, "ROOM_JOINED");
  assertEquals((await back.said()).type, "PEER_JOINED");
  back.send(bytes(7));
  assertEquals(await next.next(), bytes(7));
});

test("RelayServer keeps a room whose sender was cut off, and its queue, until grace is over", async () => {
  await using stage = await Stage.open({ graceMs: 60_000 });
  const sender = await stage.raw();
  const created = await sender.ask({ type: "CREATE_ROOM", protocol: 2 });
  sender.close();
  await until(() => stage.hub.peerCount === 0);
  const receiver = await stage.receiver(created.room_id, 2);
  assertEquals((await receiver.said()).type, "ROOM_QUEUED");
  const back = await stage.client();
  assertEquals(
    (await back.ask({
      type: "RESUME_ROOM",
      room_id: created.room_id,
      resume_token: created.resume_token,
      protocol: 2,
    })).type,
    "ROOM_RESUMED",
  );
  assertEquals((await receiver.said()).type, "ROOM_JOINED");
});

test("RelayServer ends a room whose sender stays away, and tells those who wait", async () => {
  await using stage = await Stage.open({ graceMs: 50 });
  const sender = await stage.raw();
  const created = await sender.ask({ type: "CREATE_ROOM", protocol: 2 });
  sender.close();
  await until(() => stage.hub.peerCount === 0);
  const receiver = await stage.receiver(created.room_id, 2);
  assertEquals((await receiver.said()).type, "ROOM_QUEUED");
  await assertRefused(receiver, "sender_disconnected");
  assertEquals(stage.relay.log[0]?.outcome, "sender_lost");
});

test("RelayServer ends a room whose time is up: at once when nobody talks, else after twice the time", async () => {
  await using stage = await Stage.open({ roomTtlMs: 4000 });
  const talking = await stage.pair(2, 2);
  const queued = await stage.receiver(talking.code, 2);
  assertEquals((await queued.said()).type, "ROOM_QUEUED");
  const idle = await stage.room(2);
  await assertRefused(idle.sender, "room_expired");
  await assertRefused(queued, "room_expired");
  await assertRefused(await stage.receiver(idle.code, 2), "room_not_found");
  await assertRefused(await stage.receiver(talking.code, 2), "room_not_found");
  talking.sender.send(bytes(1));
  assertEquals(await talking.receiver.next(), bytes(1));
  await assertRefused(talking.sender, "room_expired");
  await assertRefused(talking.receiver, "room_expired");
  const back = await stage.client();
  back.send({
    type: "RESUME_ROOM",
    room_id: idle.code,
    resume_token: idle.token,
  });
  await assertRefused(back, "room_not_found");
});

test("RelayServer answers the token of another room, or a made-up one, with room_not_found", async () => {
  await using stage = await Stage.open();
  const first = await stage.room(2);
  const second = await stage.room(2);
  for (
    const token of [second.token, "", "x", `${first.token.slice(0, -2)}xx`]
  ) {
    const thief = await stage.client();
    thief.send({
      type: "RESUME_ROOM",
      room_id: first.code,
      resume_token: token,
    });
    await assertRefused(thief, "room_not_found");
  }
  first.sender.send({ type: "PING" });
  await until(() => first.sender.pongs === 1, "PONG");
});

for (const isKept of [true, false]) {
  test(`RelayServer ${isKept ? "makes a room again" : "knows no room"} after a restart with ${isKept ? "the same" : "another"} secret`, async () => {
    let opened: Opened;
    {
      await using before = await Stage.open({ secret: "a".repeat(32) });
      opened = await before.room(2);
    }
    const secret = (isKept ? "a" : "b").repeat(32);
    await using after = await Stage.open({ secret });
    const back = await after.client();
    const said = await back.ask({
      type: "RESUME_ROOM",
      room_id: opened.code,
      resume_token: opened.token,
      protocol: 2,
    });
    if (!isKept) return assertEquals(said, refusal("room_not_found"));
    assertEquals([said.type, said.room_id], ["ROOM_RESUMED", opened.code]);
    const receiver = await after.receiver(opened.code, 2);
    assertEquals((await receiver.said()).type, "ROOM_JOINED");
    assertEquals((await back.said()).type, "PEER_JOINED");
  });
}

test("RelayServer counts a room that comes back against the limit", async () => {
  const secret = "a".repeat(32);
  let opened: Opened;
  {
    await using before = await Stage.open({ secret });
    opened = await before.room(2);
  }
  await using after = await Stage.open({ secret, maxRoomsPerAddress: 1 });
  await after.room(2);
  const back = await after.client();
  back.send({
    type: "RESUME_ROOM",
    room_id: opened.code,
    resume_token: opened.token,
  });
  await assertRefused(back, "too_many_rooms");
});

test("RelayServer forgets a room whose sender came back and broke the rules at once", async () => {
  const secret = "a".repeat(32);
  let opened: Opened;
  {
    await using before = await Stage.open({ secret });
    opened = await before.room(2);
  }
  await using after = await Stage.open({ secret, graceMs: 50 });
  const back = await after.raw();
  const resume = JSON.stringify({
    type: "RESUME_ROOM",
    room_id: opened.code,
    resume_token: opened.token,
    protocol: 2,
  });
  // One write, so that the second message comes while the first is being answered.
  await back.write(
    new Uint8Array([
      ...frame(OPCODES.text, resume),
      ...frame(OPCODES.binary, bytes(1)),
    ]),
  );
  assertEquals(await back.said(), refusal("invalid_message"));
  back.close();
  await until(() => after.hub.roomCount === 0, "end of the room");
});
