import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { RelayConfig } from "../config.ts";
import { type Said, sleep, TestClient, until } from "../testing/clients.ts";
import { frame, OPCODES, RawClient } from "../testing/raw_client.ts";
import { type LocalRelay, startLocalRelay } from "../testing/local_relay.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The servers that a relay listens by, and the address that makes it take that one. */
const LISTENERS = { "node:http": "", "Deno.serve": "tcp:127.0.0.1:0" };
type Listener = keyof typeof LISTENERS;

/** The one that the relay of a {@linkcode Stage} listens by. */
let listener: Listener = "node:http";

/** Tests on every listener; `Deno.test` tests what is so on `node:http` alone. */
function test(name: string, fn: (by: Listener) => Promise<void>): void {
  for (const by of Object.keys(LISTENERS) as Listener[]) testBy(by, name, fn);
}

/** Tests what is so on one listener. */
function testBy(
  by: Listener,
  name: string,
  fn: (by: Listener) => Promise<void>,
): void {
  Deno.test(`${name}, by ${by}`, async () => {
    listener = by;
    await fn(by).finally(() => listener = "node:http");
  });
}

/** A relay with its clients, all gone at the end of a test. */
class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(readonly relay: LocalRelay) {}

  static async open(settings: Partial<RelayConfig> = {}): Promise<Stage> {
    const stage = new Stage(
      await startLocalRelay({
        serveAddress: LISTENERS[listener],
        ...settings,
      }),
    );
    stage.#stack.use(stage.relay);
    return stage;
  }

  get hub(): LocalRelay["server"]["hub"] {
    return this.relay.server.hub;
  }

  get http(): string {
    return this.relay.url.replace("ws:", "http:");
  }

  async client(): Promise<TestClient> {
    return this.#stack.use(await TestClient.open(this.relay.url));
  }

  async raw(headers?: Record<string, string>): Promise<RawClient> {
    return this.#stack.use(await RawClient.open(this.relay.url, headers));
  }

  /** A sender with a room. */
  async room(protocol?: number): Promise<Opened> {
    const sender = await this.client();
    const said = await sender.ask({ type: "CREATE_ROOM", protocol });
    assertEquals(said.type, "ROOM_CREATED");
    return {
      sender,
      code: said.room_id as string,
      token: said.resume_token as string,
    };
  }

  /** A receiver that has asked for a room. */
  async receiver(code: unknown, protocol?: number): Promise<TestClient> {
    const receiver = await this.client();
    receiver.send({ type: "JOIN_ROOM", room_id: code, protocol });
    return receiver;
  }

  /** A sender and a receiver that talk. */
  async pair(
    senderProtocol?: number,
    receiverProtocol?: number,
  ): Promise<Opened & { receiver: TestClient; peerId: string }> {
    const opened = await this.room(senderProtocol);
    const receiver = await this.receiver(opened.code, receiverProtocol);
    assertEquals((await receiver.said()).type, "ROOM_JOINED");
    const said = await opened.sender.said();
    assertEquals(said.type, "PEER_JOINED");
    return { ...opened, receiver, peerId: said.peer_id as string };
  }

  /** A raw receiver in a room of `sender`; it reads nothing more by itself. */
  async rawReceiver({ code }: { code: string }): Promise<RawClient> {
    const receiver = await this.raw();
    const said = await receiver.ask({
      type: "JOIN_ROOM",
      room_id: code,
      protocol: 2,
    });
    assertEquals(said.type, "ROOM_JOINED");
    return receiver;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

interface Opened {
  sender: TestClient;
  code: string;
  token: string;
}

const bytes = (...values: number[]) => new Uint8Array(values);
const utf8 = (text: string) => new TextEncoder().encode(text);
const refusal = (reason: string) => ({ type: "ERROR", reason });

/** Expects to be told why, and to be closed. */
async function assertRefused(
  client: TestClient,
  reason: string,
  code = 1000,
): Promise<void> {
  assertEquals(await client.said(), refusal(reason));
  assertEquals(await client.closed, code);
}

/** Expects the same of a raw client, and the connection to end. */
async function assertRawRefused(
  client: RawClient,
  reason: string,
  code: number,
): Promise<void> {
  const [told, close] = await client.rest();
  assertEquals(
    JSON.parse(new TextDecoder().decode(told?.payload)),
    refusal(reason),
  );
  assertEquals(close?.opcode, OPCODES.close);
  assertEquals(close?.payload, bytes(code >> 8, code & 0xff));
}

/** Expects nothing to have come, after everything on its way has. */
async function assertSilent(client: TestClient): Promise<void> {
  await sleep(50);
  assertEquals(client.unread.length, 0);
}

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

test("RelayServer answers small messages with a word, those of protocol 1 not", async () => {
  await using stage = await Stage.open();
  const { sender, receiver } = await stage.pair(2, 1);
  for (const [size, pongs] of [[0, 1], [125, 2]] as const) {
    sender.send(new Uint8Array(size));
    assertEquals(await receiver.next(), new Uint8Array(size));
    await assertSilent(sender);
    assertEquals(sender.pongs, pongs);
  }
  receiver.send(bytes(1));
  assertEquals(await sender.next(), bytes(1));
  await assertSilent(receiver);
  assertEquals(receiver.pongs, 0);
});

Deno.test("RelayServer answers the head of a long message that comes alone", async () => {
  await using stage = await Stage.open();
  const receiver = await stage.rawReceiver(await stage.room(2));
  // Binary, masked with zeros, 40,000 bytes.
  await receiver.write(Uint8Array.of(0x82, 0xfe, 0x9c, 0x40, 0, 0, 0, 0));
  const answer = await receiver.next();
  assertEquals(new TextDecoder().decode(answer?.payload), '{"type":"PONG"}');
});

test("RelayServer answers a second CREATE_ROOM on one connection with invalid_message, and ends the room", async () => {
  await using stage = await Stage.open();
  const { sender, code } = await stage.room(2);
  sender.send({ type: "CREATE_ROOM", protocol: 2 });
  await assertRefused(sender, "invalid_message");
  await assertRefused(await stage.receiver(code, 2), "room_not_found");
  assertEquals(stage.hub.roomCount, 0);
});

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
  await until(() => sender.pongs >= 52, "acknowledgement");
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
  const client = await stage.raw();
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
    ["another protocol", { upgrade: "h2c" }],
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
  await using stage = await Stage.open({ drainMs: 3000 });
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
  assert(performance.now() - startMs < 2000);
  assertEquals(stage.hub.roomCount, 0);
});

test("stop() does not wait for a sender whose receiver is served", async () => {
  await using stage = await Stage.open({ drainMs: 3000 });
  const { sender, receiver, peerId } = await stage.pair(2, 2);
  const startMs = performance.now();
  const stopped = stage.relay.server.stop();
  sender.send({ type: "RELEASE_PEER", peer_id: peerId });
  assertEquals(await receiver.closed, 1000);
  await assertRefused(sender, "shutting_down");
  await stopped;
  assert(performance.now() - startMs < 2000);
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
