/** `RelayServer`: limits, pages that somebody visits, its own page, and requests it refuses. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Said, sleep, until } from "../testing/clients.ts";
import { RawClient } from "../testing/raw_client.ts";
import { assertRefused, refusal, Stage, test } from "../testing/stage.ts";

test("RelayServer refuses one room, connection and waiting receiver more than it may hold", async (by) => {
  await using stage = await Stage.open({
    maxRooms: 2,
    maxQueue: 1,
    maxConnections: 7,
  });
  const { code } = await stage.pair(2, 2);
  await stage.room(2);
  const third = await stage.client();
  third.send({ type: "CREATE_ROOM", protocol: 2 });
  await assertRefused(third, "too_many_rooms");
  const queued = await stage.receiver(code, 2);
  assertEquals((await queued.said()).type, "ROOM_QUEUED");
  await assertRefused(await stage.receiver(code, 2), "room_busy");
  await until(() => stage.hub.peerCount === 4);
  for (let i = 0; i < 3; i++) await stage.client();
  using refused = await RawClient.connect(stage.relay.url);
  assertEquals(await refused.upgrade(), 429);
  if (by === "node:http") assertEquals(await refused.next(), null);
  assertEquals(stage.hub.peerCount, 7);
});

test("RelayServer limits the rooms and connections of one address, not those of others", async () => {
  await using stage = await Stage.open({
    trustedProxies: 1,
    maxConnectionsPerAddress: 2,
    maxRoomsPerAddress: 1,
  });
  const from = (address: string) => stage.raw({ "x-forwarded-for": address });
  const create = { type: "CREATE_ROOM", protocol: 2 };
  assertEquals(
    (await (await from("192.0.2.1")).ask(create)).type,
    "ROOM_CREATED",
  );
  assertEquals(
    await (await from("192.0.2.1")).ask(create),
    refusal("too_many_rooms"),
  );
  assertEquals(
    (await (await from("192.0.2.2")).ask(create)).type,
    "ROOM_CREATED",
  );
  await from("2001:db8:1:2::1");
  await from("2001:db8:1:2::2");
  using third = await RawClient.connect(stage.relay.url);
  const headers = { "x-forwarded-for": "2001:db8:1:2:3::3" };
  assertEquals(await third.upgrade(headers), 429);
  await from("2001:db8:1:3::1");
});

test("RelayServer lets nobody guess codes, and others join as before", async () => {
  await using stage = await Stage.open({ trustedProxies: 1 });
  const { code } = await stage.room(2);
  const join = async (address: string, room: string) => {
    using client = await stage.raw({ "x-forwarded-for": address });
    return await client.ask({ type: "JOIN_ROOM", room_id: room, protocol: 2 });
  };
  const answers: Said[] = [];
  for (let i = 0; i < 40; i++) {
    answers.push(await join("127.0.0.2", `abcd${i % 8 + 2}2`));
  }
  assertEquals(
    answers.map(({ reason }) => reason),
    answers.map((_, i) => i < 10 ? "room_not_found" : "rate_limited"),
  );
  // Not even the right code helps who has guessed too often.
  assertEquals(await join("127.0.0.2", code), refusal("rate_limited"));
  assertEquals((await join("127.0.0.1", code)).type, "ROOM_JOINED");
});

test("RelayServer believes X-Forwarded-For only as far as proxies are trusted", async () => {
  const blocked = async (trustedProxies: number, addresses: string[]) => {
    await using stage = await Stage.open({
      trustedProxies,
      wrongCodesPerMinute: 1,
    });
    const reasons: unknown[] = [];
    for (const address of addresses) {
      const client = await stage.raw({ "x-forwarded-for": address });
      const join = { type: "JOIN_ROOM", room_id: "abcde2" };
      reasons.push((await client.ask(join)).reason);
    }
    return reasons[1] === "rate_limited";
  };
  assertEquals(await blocked(0, ["192.0.2.1", "192.0.2.2"]), true);
  assertEquals(await blocked(1, ["192.0.2.1", "192.0.2.2"]), false);
  // What stands before the proxy's own word was claimed by the client.
  const claims = ["192.0.2.1, 198.51.100.1", "192.0.2.2, 198.51.100.1"];
  assertEquals(await blocked(1, claims), true);
  assertEquals(await blocked(2, claims), false);
  assertEquals(await blocked(1, ["<script>", "nobody, no one"]), true);
  // Fewer hops than proxies: nobody that is trusted has said anything.
  assertEquals(await blocked(2, ["192.0.2.1", "192.0.2.2"]), true);
  // Some proxies name the port, which is another one each time.
  assertEquals(await blocked(1, ["192.0.2.1:1000", "192.0.2.1:2000"]), true);
  const two = ["[2001:db8::1]:1000", "[2001:db8:1::1]:1000"];
  assertEquals(await blocked(1, two), false);
  assertEquals(await blocked(1, ["[2001:db8::1]", "[2001:db8::1]:2"]), true);
});

test("RelayServer does not serve pages that somebody visits", async () => {
  await using stage = await Stage.open();
  using page = await RawClient.connect(stage.relay.url);
  assertEquals(await page.upgrade({ origin: "https://example.com" }), 403);
});

test("RelayServer shows its health, its numbers and a page", async () => {
  await using stage = await Stage.open();
  await stage.pair(2, 2);
  const health = await fetch(`${stage.http}/health?x=1`);
  const { status, version, rooms, peers, uptime_s } = await health.json();
  assertEquals([status, version, rooms, peers], ["ok", "0.0.0", 1, 2]);
  assert(uptime_s >= 0);

  const metrics = await (await fetch(`${stage.http}/metrics`)).text();
  assertStringIncludes(metrics, "\nclaude_spread_relay_rooms 1\n");
  assertStringIncludes(metrics, "\nclaude_spread_relay_joins_total 1\n");
  const numbers =
    /^process_(?:resident_memory_bytes|cpu_seconds_total|start_time_seconds) [1-9]|^process_cpu_seconds_total 0\.\d|^claude_spread_relay_build_info\{version="0\.0\.0",deno="[\d.]+"\} 1$/gm;
  assertEquals(metrics.match(numbers)?.length, 4);

  const page = await fetch(stage.http);
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  assertStringIncludes(
    page.headers.get("content-security-policy") ?? "",
    "default-src 'none'",
  );
  assertStringIncludes(await page.text(), stage.relay.url);
});

for (
  const [method, path, status] of [
    ["GET", "/nothing", 404],
    ["GET", "/../etc/passwd", 404],
    ["GET", "/health/", 404],
    ["GET", "//", 404],
    ["GET", "///[", 404],
    ["GET", "http://[::/health", 404],
    ["GET", "http://relay:99999/", 404],
    ["GET", "/%", 404],
    ["GET", "*", 404],
    ["HEAD", "/health", 200],
    ["POST", "/health", 405],
    ["DELETE", "/", 405],
  ] as const
) {
  test(`RelayServer answers ${method} ${path} with ${status}`, async (by) => {
    await using stage = await Stage.open();
    using client = await RawClient.connect(stage.relay.url);
    await client.write(
      `${method} ${path} HTTP/1.1\r\nhost: a"b<script>\r\n\r\n`,
    );
    // Deno's own server refuses some before anybody is asked.
    const answered = await client.status();
    assert([status, by === "Deno.serve" ? 400 : status].includes(answered));
  });
}

test("RelayServer escapes what a client calls it", async () => {
  await using stage = await Stage.open();
  using client = await RawClient.connect(stage.relay.url);
  await client.write(
    'GET / HTTP/1.0\r\nconnection: close\r\nhost: "<script>\r\n\r\n',
  );
  await client.status();
  assertEquals((await client.text()).includes("<script>"), false);
});

for (
  const [name, headers] of [
    ["no key", { "sec-websocket-key": "" }],
    ["a key of the wrong length", { "sec-websocket-key": "AAAA" }],
    ["version 12", { "sec-websocket-version": "12" }],
  ] as const
) {
  test(`RelayServer refuses an upgrade with ${name}, and goes on`, async () => {
    await using stage = await Stage.open();
    using client = await RawClient.connect(stage.relay.url);
    const status = await client.upgrade(headers);
    assert(status >= 400 && status < 500, String(status));
    assertEquals(stage.hub.peerCount, 0);
    await stage.pair(2, 2);
  });
}

// Breaks when any `Upgrade` counts as WebSocket: curl --http2 offers h2c with every request.
const OFFER =
  "HTTP/1.1\r\nhost: relay\r\nconnection: Upgrade\r\nupgrade: h2c\r\n";

test("RelayServer answers who offers another protocol as anybody else", async () => {
  await using stage = await Stage.open();
  using client = await RawClient.connect(stage.relay.url);
  await client.write(`GET /health ${OFFER}\r\n`);
  assertEquals(await client.status(), 200);
});

// Deno's own server refuses such a request by itself.
Deno.test("RelayServer reads the body of a request that offers another protocol", async () => {
  await using stage = await Stage.open();
  using client = await RawClient.connect(stage.relay.url);
  const topic = "0".repeat(16);
  await client.write(`POST /topics ${OFFER}content-length: 16\r\n\r\n${topic}`);
  assertEquals(await client.status(), 200);
});

Deno.test("RelayServer does not keep who connects and says nothing, or half a request", async () => {
  await using stage = await Stage.open();
  using silent = await RawClient.connect(stage.relay.url);
  using slow = await RawClient.connect(stage.relay.url);
  await slow.write("GET / HTTP/1.1\r\nhost: relay\r\nx-slow: ");
  await sleep(8_000);
  assertEquals(await silent.status(), 408);
  assertEquals(await slow.status(), 408);
});

test("RelayServer survives clients that are refused and cut the connection", async () => {
  await using stage = await Stage.open({ maxConnections: 1 });
  await stage.client();
  for (let i = 0; i < 50; i++) {
    const client = await RawClient.connect(stage.relay.url);
    await client.write(
      "GET / HTTP/1.1\r\nhost: relay\r\nconnection: Upgrade\r\n" +
        "upgrade: websocket\r\nsec-websocket-version: 13\r\n" +
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nrest",
    );
    client.close();
  }
  assertEquals((await (await fetch(`${stage.http}/health`)).json()).peers, 1);
});

Deno.test("RelayServer keeps no socket of a client that is refused and stays", async () => {
  await using stage = await Stage.open({ maxConnections: 1 });
  await stage.client();
  using refused = await RawClient.connect(stage.relay.url);
  assertEquals(await refused.upgrade(), 429);
  let isGone = false;
  for (let i = 0; i < 100 && !isGone; i++) {
    // Writing fails once the other end has no socket any more.
    await refused.write("x").catch(() => isGone = true);
    await sleep(10);
  }
  assertEquals(isGone, true);
});
