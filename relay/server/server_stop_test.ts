/** `RelayServer`: its log, and its end. */

import { assert, assertEquals } from "@std/assert";
import { TestClient, until } from "../testing/clients.ts";
import { RawClient } from "../testing/raw_client.ts";
import { assertRefused, bytes, Stage, test } from "../testing/stage.ts";

test("RelayServer logs how a room ended, without its code or a full address", async () => {
  await using stage = await Stage.open();
  const { sender, receiver, code, token } = await stage.pair(2, 2);
  sender.send(new Uint8Array(100));
  await receiver.next();
  receiver.send(new Uint8Array(11));
  await sender.next();
  await sender.close(1000);
  await assertRefused(receiver, "sender_disconnected");
  await until(() => stage.relay.log.length > 0, "log");
  const [line] = stage.relay.log;
  const { room, seconds: _, ...rest } = line!;
  assertEquals(rest, {
    event: "room_ended",
    outcome: "sender_left",
    sender: "127.0.0.0/24",
    receivers: 1,
    bytes: 111,
  });
  assertEquals(/^[0-9a-f]{12}$/.test(room as string), true);
  const text = JSON.stringify(stage.relay.log);
  for (const secret of [code, token, "127.0.0.1"]) {
    assertEquals(text.includes(secret), false);
  }
});

test("stop() tells who waits at once, and lets who talks come to an end", async () => {
  await using stage = await Stage.open({ drainMs: 20_000 });
  const waiting = await stage.room(2);
  const { sender, receiver } = await stage.pair(2, 2);
  const newcomer = await stage.client();
  const startMs = performance.now();
  const stopped = stage.relay.server.stop();
  await assertRefused(waiting.sender, "shutting_down");
  newcomer.send({ type: "CREATE_ROOM", protocol: 2 });
  await assertRefused(newcomer, "shutting_down");
  sender.send(bytes(1));
  assertEquals(await receiver.next(), bytes(1));
  assertEquals(
    await TestClient.open(stage.relay.url).then(() => "in", () => "refused"),
    "refused",
  );
  await sender.close(1000);
  await stopped;
  assert(performance.now() - startMs < 20_000);
  assertEquals(stage.hub.roomCount, 0);
});

test("stop() does not wait for a sender whose receiver is served", async () => {
  await using stage = await Stage.open({ drainMs: 20_000 });
  const { sender, receiver, peerId } = await stage.pair(2, 2);
  const startMs = performance.now();
  const stopped = stage.relay.server.stop();
  sender.send({ type: "RELEASE_PEER", peer_id: peerId });
  assertEquals(await receiver.closed, 1000);
  await assertRefused(sender, "shutting_down");
  await stopped;
  assert(performance.now() - startMs < 20_000);
});

test("stop() ends who still talks after drainMs, and who does not listen, within 5 seconds", async () => {
  await using stage = await Stage.open({ drainMs: 300 });
  const { sender, receiver } = await stage.pair(2, 2);
  const deaf = await stage.raw();
  await deaf.ask({ type: "CREATE_ROOM", protocol: 2 });
  using silent = await RawClient.connect(stage.relay.url);
  const startMs = performance.now();
  const stopped = stage.relay.server.stop();
  await assertRefused(sender, "shutting_down");
  assert(performance.now() - startMs >= 290, "not a moment to finish");
  await assertRefused(receiver, "shutting_down");
  await stopped;
  assert(performance.now() - startMs < 5000);
  assertEquals(await silent.next(), null);
  assertEquals(stage.hub.peerCount, 0);
  await stage.relay.server.stop();
});

// Breaks when the end waits for a body: Deno's own server does so for as long as the client stays.
test("stop() does not wait for a request that never ends", async () => {
  await using stage = await Stage.open({ drainMs: 300 });
  using client = await RawClient.connect(stage.relay.url);
  await client.write(
    "POST /topics HTTP/1.1\r\nhost: relay\r\ncontent-length: 16\r\n\r\n",
  );
  // Answered while the other one is read.
  await (await fetch(`${stage.http}/health`)).body?.cancel();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    client.close();
  }, 20_000);
  await stage.relay.server.stop();
  clearTimeout(timer);
  assertEquals(isLate, false);
});
