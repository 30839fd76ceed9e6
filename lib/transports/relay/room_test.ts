import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { assertEquals, assertRejects } from "@std/assert";
import { type ServerWebSocket, WebSocketServer } from "ws/typed";
import {
  type LocalRelay,
  startLocalRelay,
} from "../../../relay/testing/local_relay.ts";
import { OPCODES } from "../../../relay/testing/raw_client.ts";
import { RawRelay } from "../../../tests/support/raw_relay.ts";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import { random as fillRandom, waitUntil } from "../../testing/protocol.ts";
import type { Channel } from "../channel.ts";
import { RelaySocket } from "./socket.ts";
import { type JoinedRoom, joinRoom } from "./receiver_room.ts";
import { type RoomEvents, SenderRoom } from "./sender_room.ts";

const SECRET = "s".repeat(32);
const { signal } = new AbortController();
/** Options that every join here has in common. */
const JOINING = { fillRandom, signal, timeoutMs: 10_000 };

/** A room, and the events that it reported. */
async function open(relay: { url: string }) {
  const told: unknown[] = [];
  const events: RoomEvents = {
    lost: () => told.push("lost"),
    found: ({ isNew }) => told.push({ isNew }),
    ended: ({ code }) => told.push(code),
  };
  const room = await SenderRoom.open({
    url: relay.url,
    signal,
    fillRandom,
    events,
  });
  const arrivals = room[Symbol.asyncIterator]();
  const next = async (): Promise<Channel> => (await arrivals.next()).value;
  return { room, told, next };
}

function join(
  relay: LocalRelay,
  room: SenderRoom,
  onQueued?: (ahead: number) => void,
): Promise<JoinedRoom> {
  const { roomCode } = room;
  return joinRoom({ ...JOINING, url: relay.url, roomCode, onQueued });
}

async function assertCode(
  promise: Promise<unknown>,
  code: SpreadErrorCode,
): Promise<void> {
  assertEquals((await assertRejects(() => promise, SpreadError)).code, code);
}

Deno.test("Room brings one receiver after another, in the order of their coming", async () => {
  await using relay = await startLocalRelay();
  const { room, next } = await open(relay);
  await using _room = room;
  const first = await join(relay, room);
  const queued: number[][] = [[], []];
  const second = join(relay, room, (ahead) => queued[0]!.push(ahead));
  await waitUntil(() => queued[0]!.length === 1);
  const third = join(relay, room, (ahead) => queued[1]!.push(ahead));
  await waitUntil(() => queued[1]!.length === 1);
  for (const [n, joining] of [first, second, third].entries()) {
    const sender = await next();
    const receiver = (await joining).channel;
    await sender.send(Uint8Array.of(n));
    assertEquals(await receiver.receive(), Uint8Array.of(n));
    await sender[Symbol.asyncDispose]();
    assertEquals(await receiver.receive(), null);
    await receiver[Symbol.asyncDispose]();
  }
  assertEquals(queued, [[1], [2, 1]]);
});

Deno.test("Room tells a channel that its receiver has left, and frees the room once the channel is closed", async () => {
  await using relay = await startLocalRelay();
  const { room, next } = await open(relay);
  await using _room = room;
  const first = await join(relay, room);
  const sender = await next();
  await first.channel[Symbol.asyncDispose]();
  assertEquals(await sender.receive(), null);
  await assertCode(sender.send(Uint8Array.of(1)), "PEER_GONE");
  let isIn = false;
  const second = join(relay, room).then((joined) => {
    isIn = true;
    return joined;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(isIn, false);
  await sender[Symbol.asyncDispose]();
  const again = await next();
  await again.send(Uint8Array.of(2));
  const { channel } = await second;
  assertEquals(await channel.receive(), Uint8Array.of(2));
  await channel[Symbol.asyncDispose]();
  await again[Symbol.asyncDispose]();
});

Deno.test("Room comes back to a relay that was started anew, with the same code", async () => {
  let relay = await startLocalRelay({ secret: SECRET, drainMs: 0 });
  const port = Number(new URL(relay.url).port);
  const { room, told, next } = await open(relay);
  const { channel } = await join(relay, room);
  const sender = await next();
  const code = room.roomCode;
  await relay[Symbol.asyncDispose]();
  await assertCode(sender.receive(), "PEER_GONE");
  await assertCode(channel.receive(), "PEER_GONE");
  await sender[Symbol.asyncDispose]();
  await channel[Symbol.asyncDispose]();
  relay = await startLocalRelay({ secret: SECRET, port });
  await waitUntil(() => told.length === 2);
  assertEquals(told, ["lost", { isNew: false }]);
  assertEquals(room.roomCode, code);
  const joined = await join(relay, room);
  const again = await next();
  await joined.channel.send(Uint8Array.of(3));
  assertEquals(await again.receive(), Uint8Array.of(3));
  await joined.channel[Symbol.asyncDispose]();
  await room[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
});

Deno.test("Room is replaced by a new one, when its time is up", async () => {
  await using relay = await startLocalRelay({ roomTtlMs: 4_000 });
  const { room, told, next } = await open(relay);
  await using _room = room;
  const code = room.roomCode;
  await waitUntil(() => told.length === 2);
  assertEquals(told, ["lost", { isNew: true }]);
  assertEquals([room.state, room.roomCode === code], ["new", false]);
  const { channel } = await join(relay, room);
  const sender = await next();
  await channel.send(Uint8Array.of(4));
  assertEquals(await sender.receive(), Uint8Array.of(4));
  await channel[Symbol.asyncDispose]();
  await sender[Symbol.asyncDispose]();
});

Deno.test("Room ends, when the relay keeps ending rooms", async () => {
  let count = 0;
  await using relay = await serveWords([], (socket) => {
    const code = `k7m2x${count++ % 10}`;
    const words = [
      { type: "ROOM_CREATED", room_id: code, resume_token: "t", ttl_s: 1 },
      { type: "ERROR", reason: "room_expired" },
    ];
    for (const word of words) socket.send(JSON.stringify(word), TEXT);
    socket.close(1000);
  });
  const { room, told } = await open(relay);
  // Its pauses get long; a change of the network cuts them short.
  const hurry = setInterval(() => room.check(), 20);
  await waitUntil(() => room.state === "ended");
  clearInterval(hurry);
  assertEquals(told.at(-1), "BAD_MESSAGE");
  assertEquals(told.filter((word) => typeof word === "object").length, 10);
  await room[Symbol.asyncDispose]();
});

Deno.test("Room answers a relay that closes in order, and closes the connection too", async () => {
  const last: number[] = [];
  await using relay = new RawRelay(async (peer) => {
    if (relay.peers.length > 1) return;
    await peer.frame(OPCODES.text, CREATED);
    await peer.frame(OPCODES.close, Uint8Array.of(1000 >> 8, 1000 & 0xff));
    last.push(await peer.lastBytes());
  });
  const { room } = await open(relay);
  await waitUntil(() => last.length === 1);
  // One frame: its head, its mask and the code.
  assertEquals(last, [2 + 4 + 2]);
  await room[Symbol.asyncDispose]();
});

Deno.test("joinRoom() says which room is not there, and stops waiting when it is told to", async () => {
  await using relay = await startLocalRelay();
  const unknown = { ...JOINING, url: relay.url, roomCode: "zzzzz2" };
  await assertCode(joinRoom(unknown), "NO_ROOM");
  const { room, next } = await open(relay);
  await using _room = room;
  const first = await join(relay, room);
  const sender = await next();
  const controller = new AbortController();
  const { roomCode } = room;
  const waiting = joinRoom({
    ...JOINING,
    url: relay.url,
    roomCode,
    signal: controller.signal,
    onQueued: () => controller.abort(new Error("enough")),
  });
  await assertRejects(() => waiting, Error, "enough");
  await first.channel[Symbol.asyncDispose]();
  await sender[Symbol.asyncDispose]();
});

const TEXT = { binary: false };
const CREATED = '{"type":"ROOM_CREATED","room_id":"k7m2xq","resume_token":"t"}';

/** A relay of the test's own, which answers the first message with `words` and then runs `after`. */
async function serveWords(
  words: (string | Uint8Array<ArrayBuffer>)[],
  after: (socket: ServerWebSocket) => void = () => {},
): Promise<{ url: string } & AsyncDisposable> {
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: 1024,
    perMessageDeflate: false,
  });
  const server = createServer();
  server.on("upgrade", (request, socket, head) => {
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on("message", () => {
        for (const word of words.splice(0)) {
          client.send(word, { binary: typeof word !== "string" });
        }
        after(client);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => server.close(() => resolve())),
  };
}

for (
  const [what, words, code] of [
    ["no JSON", ["hello"], "BAD_MESSAGE"],
    ["an unknown type", ['{"type":"SURPRISE"}'], "BAD_MESSAGE"],
    ["a wrong field", ['{"type":"ROOM_QUEUED","room_id":1}'], "BAD_MESSAGE"],
    ["a peer's bytes too early", [Uint8Array.of(1)], "BAD_MESSAGE"],
    [
      "a name of its engine",
      ['{"type":"ERROR","reason":"constructor"}'],
      "PEER_GONE",
    ],
    [
      "a room that steers a terminal",
      ['{"type":"ROOM_JOINED","room_id":"\\u001b[2J"}'],
      "BAD_MESSAGE",
    ],
    [
      "an endless queue",
      ['{"type":"ROOM_QUEUED","room_id":"k7m2xq","ahead":10001}'],
      "BAD_MESSAGE",
    ],
    ["an unknown reason", ['{"type":"ERROR","reason":"moon"}'], "PEER_GONE"],
    ["busy", ['{"type":"ERROR","reason":"room_busy"}'], "RELAY_BUSY"],
    ["rate", ['{"type":"ERROR","reason":"rate_limited"}'], "RELAY_BUSY"],
  ] as const
) {
  Deno.test(`joinRoom() fails with ${code}, when the relay says ${what}`, async () => {
    await using relay = await serveWords([...words]);
    const options = { ...JOINING, url: relay.url, roomCode: "k7m2xq" };
    await assertCode(joinRoom(options), code);
  });
}

Deno.test("RelaySocket fails with PEER_GONE, when the relay closes out of order", async () => {
  await using relay = await serveWords([], (socket) => socket.close(4001));
  await using socket = await RelaySocket.open(relay, signal);
  await socket.say({ type: "PING" });
  await assertCode(socket.receive(), "PEER_GONE");
});

Deno.test("RelaySocket notices a relay that has fallen silent", async () => {
  await using relay = await serveWords([]);
  const socket = await RelaySocket.open(relay, signal);
  socket.keepAlive(50);
  await assertCode(socket.receive(), "PEER_GONE");
  await socket[Symbol.asyncDispose]();
});

Deno.test("check() ends a connection whose relay does not answer in time, and no other", async () => {
  let asked = 0;
  await using relay = await serveWords([], (socket) => {
    if (++asked === 1) socket.send('{"type":"PONG"}', TEXT);
  });
  const socket = await RelaySocket.open(relay, signal);
  socket.check(2_000);
  assertEquals(await socket.receive(), { word: { type: "PONG" } });
  const next = assertCode(socket.receive(), "PEER_GONE");
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  const start = performance.now();
  socket.check(200);
  await next;
  assertEquals(performance.now() - start > 150, true);
  await socket[Symbol.asyncDispose]();
});

Deno.test("RelaySocket can be told to give up after it has failed", async () => {
  const controller = new AbortController();
  await assertCode(
    RelaySocket.open({ url: "ws://127.0.0.1:1" }, controller.signal),
    "RELAY_UNREACHABLE",
  );
  controller.abort();
});

Deno.test("Room ends, when the relay brings a receiver before the last one has left", async () => {
  const joined = (id: string) => `{"type":"PEER_JOINED","peer_id":"${id}"}`;
  await using relay = await serveWords([
    CREATED,
    joined("one"),
    joined("two"),
  ]);
  const told: string[] = [];
  const room = await SenderRoom.open({
    url: relay.url,
    signal,
    fillRandom,
    events: { lost() {}, found() {}, ended: ({ code }) => told.push(code) },
  });
  await waitUntil(() => told.length === 1);
  assertEquals(told, ["BAD_MESSAGE"]);
  await room[Symbol.asyncDispose]();
});

for (
  const [what, room] of [
    ["a code of 1 MB", { room_id: "a".repeat(1_000_000) }],
    ["a code that steers a terminal", { room_id: "\u001b[2Jk7" }],
    ["a code in upper case", { room_id: "K7M2XQ" }],
    ["a code that looks like another", { room_id: "к7m2xq" }],
    ["a code with a line break", { room_id: "k7m2x\n" }],
    ["a lifetime below 0", { room_id: "k7m2xq", ttl_s: -1 }],
    ["a lifetime of ages", { room_id: "k7m2xq", ttl_s: 1e12 }],
    ["a lifetime that is no number", { room_id: "k7m2xq", ttl_s: null }],
    ["a long token", { room_id: "k7m2xq", resume_token: "t".repeat(257) }],
  ] as const
) {
  Deno.test(`Room.open() fails with BAD_MESSAGE, when the relay gives ${what}`, async () => {
    const word = JSON.stringify({ type: "ROOM_CREATED", ...room });
    await using relay = await serveWords([word]);
    await assertCode(open(relay), "BAD_MESSAGE");
  });
}

Deno.test("Room can be closed, while it waits for an answer to its return", async () => {
  const controller = new AbortController();
  let connections = 0;
  await using relay = await serveWords(
    [CREATED],
    // Disconnects the first client at once, and is silent to those that come back.
    (socket) => connections++ === 0 && socket.terminate(),
  );
  const told: string[] = [];
  const room = await SenderRoom.open({
    url: relay.url,
    signal: controller.signal,
    fillRandom,
    events: { lost: () => told.push("lost"), found() {}, ended() {} },
  });
  await waitUntil(() => connections === 2);
  assertEquals(told, ["lost"]);
  await room[Symbol.asyncDispose]();
});

Deno.test("joinRoom() waits for a relay's first word as long as it is told to, and says so meanwhile", async () => {
  await using relay = await serveWords([]);
  let silentMs = 0;
  const start = performance.now();
  const joining = joinRoom({
    ...JOINING,
    url: relay.url,
    roomCode: "k7m2xq",
    timeoutMs: 6_000,
    onSilent: () => silentMs = performance.now() - start,
  });
  await assertCode(joining, "RELAY_BUSY");
  const waitedMs = performance.now() - start;
  assertEquals(silentMs > 4_500 && silentMs < waitedMs, true, `${silentMs} ms`);
  assertEquals(waitedMs > 5_500 && waitedMs < 30_000, true, `${waitedMs} ms`);
});

Deno.test("Room.open() does not wait for ever for a relay's first answer", async () => {
  await using relay = await serveWords([]);
  const start = performance.now();
  await assertCode(open(relay), "RELAY_UNREACHABLE");
  const waitedMs = performance.now() - start;
  assertEquals(waitedMs > 9_000 && waitedMs < 30_000, true, `${waitedMs} ms`);
});
