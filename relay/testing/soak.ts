/**
 * Runs a relay among clients of every kind for a while, in a process of its own so that its
 * memory can be measured. Prints its observations as one line of JSON; `soak_test.ts` judges
 * them.
 *
 * Usage: `deno run --allow-all relay/testing/soak.ts SECONDS SEED`.
 *
 * @module
 */

import { type Said, sleep, TestClient, until } from "./clients.ts";
import { frame, OPCODES, RawClient } from "./raw_client.ts";
import { startLocalRelay } from "./local_relay.ts";

/** Observations of a run. */
export interface Report {
  /** Faults, of which there should be none. */
  faults: string[];
  /** Pairs that finished well, by kind of receiver. */
  finished: Record<string, number>;
  bytesForwarded: number;
  rooms: number;
  peers: number;
  bufferedBytes: number;
  middleRssBytes: number;
  endRssBytes: number;
  isServing: boolean;
}

const KIB = 1024;
const ROOMS_AT_ONCE = 8;
const PESTS_AT_ONCE = 3;

const [seconds = NaN, seed = NaN] = Deno.args.map(Number);
if (!(seconds > 0) || Number.isNaN(seed)) {
  console.error("Usage: soak.ts SECONDS SEED");
  Deno.exit(2);
}
let state = seed;

/** Returns a number from 0 to `below - 1`; the same sequence for the same seed (mulberry32). */
function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

const oneOf = <T>(items: readonly T[]): T => items[random(items.length)]!;

const MANY = 1_000_000;
await using relay = await startLocalRelay({
  maxConnections: 500,
  maxConnectionsPerAddress: 400,
  maxRoomsPerAddress: 400,
  createsPerMinute: MANY,
  joinsPerMinute: MANY,
  wrongCodesPerMinute: MANY,
  maxQueue: 3,
  graceMs: 1000,
  pingMs: 700,
  stallMs: 1500,
  roomTtlMs: 8000,
  maxMessageBytes: 64 * KIB,
  maxBufferedBytes: 2048 * KIB,
});
const { hub } = relay.server;
const { url } = relay;
const endMs = performance.now() + seconds * 1000;
const faults: string[] = [];
const finished: Record<string, number> = {};

const isOver = () => performance.now() > endMs;

/** Bytes that name their destination, padded to `size`. */
function tag(code: string, peerId: string, index: number, size: number) {
  const text = `${code} ${peerId} ${index} `;
  return new TextEncoder().encode(text.padEnd(size, "."));
}

const DONE = new TextEncoder().encode("done");
const MESSAGES = 12;

/** Checks that a receiver gets only messages of its own room and for itself, without a gap. */
class Inspector {
  #peerId: string | null = null;
  count = 0;

  constructor(private readonly code: string) {}

  inspect(data: Uint8Array): void {
    const head = new TextDecoder().decode(data.subarray(0, 64));
    const [code, peerId, index] = head.split(" ");
    this.#peerId ??= peerId!;
    if (
      code !== this.code || peerId !== this.#peerId ||
      Number(index) !== this.count
    ) {
      faults.push(
        `"${
          head.slice(0, 40)
        }" came to ${this.code} ${this.#peerId} as number ${this.count}`,
      );
    }
    this.count++;
  }
}

/** Serves every receiver until the room ends. */
async function serve(sender: TestClient, code: string): Promise<void> {
  let peerId = "";
  for (;;) {
    const message = await sender.next();
    if (typeof message !== "string") {
      const isDone = new TextDecoder().decode(message) === "done";
      if (isDone) sender.send({ type: "RELEASE_PEER", peer_id: peerId });
      continue;
    }
    const { type, peer_id } = JSON.parse(message) as Said;
    if (type === "PEER_JOINED") {
      peerId = peer_id as string;
      sendTo(sender, code, peerId, 0, MESSAGES);
    } else if (type === "PEER_DISCONNECTED") {
      // Late messages, which no receiver may get.
      sendTo(sender, code, peerId, 100, 5);
      sender.send({ type: "RELEASE_PEER", peer_id: peerId });
    } else return;
  }
}

function sendTo(
  sender: TestClient,
  code: string,
  peerId: string,
  from: number,
  count: number,
): void {
  for (let i = from; i < from + count; i++) {
    sender.send(tag(code, peerId, i, 40 + random(60 * KIB)));
  }
}

interface Opened {
  sender: TestClient;
  code: string;
}

/** Creates a room; sometimes its sender loses the connection, or believes so, and comes back. */
async function openRoom(): Promise<Opened> {
  if (random(3) > 0) {
    const sender = await TestClient.open(url);
    const said = await sender.ask({ type: "CREATE_ROOM", protocol: 2 });
    return { sender, code: said.room_id as string };
  }
  using first = await RawClient.open(url);
  const said = await first.ask({ type: "CREATE_ROOM", protocol: 2 });
  const { room_id, resume_token } = said;
  if (random(2) === 0) first.close();
  const sender = await TestClient.open(url);
  const back = await sender.ask({
    type: "RESUME_ROOM",
    room_id,
    resume_token,
    protocol: 2,
  });
  if (back.type !== "ROOM_RESUMED") faults.push(`Resume: ${back.reason}`);
  return { sender, code: room_id as string };
}

/** Waits for its turn; `false` when it will not get one. */
async function join(
  client: TestClient | RawClient,
  code: string,
): Promise<boolean> {
  let said = await client.ask({
    type: "JOIN_ROOM",
    room_id: code,
    protocol: 2,
  });
  while (said.type === "ROOM_QUEUED") said = await client.said();
  return said.type === "ROOM_JOINED";
}

async function nextBinary(client: RawClient): Promise<Uint8Array> {
  for (;;) {
    const next = await client.next();
    if (next === null) throw new Error("Closed");
    if (next.opcode === OPCODES.binary) return next.payload;
    if (next.opcode === OPCODES.ping) {
      await client.send(OPCODES.pong, next.payload);
    }
  }
}

type Receive = (code: string) => Promise<void>;

const RECEIVERS: Record<string, Receive> = {
  async good(code) {
    await using client = await TestClient.open(url);
    if (!await join(client, code)) return;
    const inspector = new Inspector(code);
    while (inspector.count < MESSAGES) {
      const message = await client.next();
      if (typeof message === "string") return;
      inspector.inspect(message);
    }
    client.send(DONE);
    await client.closed;
    count("good");
  },

  async fragmenting(code) {
    using client = await RawClient.open(url);
    if (!await join(client, code)) return;
    const inspector = new Inspector(code);
    while (inspector.count < MESSAGES) {
      inspector.inspect(await nextBinary(client));
    }
    await client.send(OPCODES.binary, DONE.subarray(0, 1), { isFinal: false });
    await client.send(OPCODES.ping, "between");
    await client.send(OPCODES.more, DONE.subarray(1));
    await client.rest();
    count("fragmenting");
  },

  async vanishing(code) {
    using client = await RawClient.open(url);
    if (!await join(client, code)) return;
    const inspector = new Inspector(code);
    for (let i = random(MESSAGES); i > 0; i--) {
      inspector.inspect(await nextBinary(client));
    }
    count("vanishing");
  },

  async impatient(code) {
    await using client = await TestClient.open(url);
    client.send({ type: "JOIN_ROOM", room_id: code, protocol: 2 });
    client.send(oneOf(["text", new Uint8Array(3)]));
    client.send({ type: "CREATE_ROOM", protocol: 2 });
    await client.closed;
    count("impatient");
  },

  async breaking(code) {
    using client = await RawClient.open(url);
    if (!await join(client, code)) return;
    await client.write(oneOf([
      frame(OPCODES.text, new Uint8Array([0xc3, 0x28])),
      frame(OPCODES.binary, "", { announced: 1024 * 1024 * KIB }),
      frame(OPCODES.binary, "x", { isMasked: false }),
      frame(OPCODES.more, "x"),
    ]));
    await client.next();
    count("breaking");
  },

  async deaf(code) {
    using client = await RawClient.open(url);
    if (!await join(client, code)) return;
    await sleep(random(2000));
    count("deaf");
  },
};

function count(kind: string): void {
  finished[kind] = (finished[kind] ?? 0) + 1;
}

/** One room from beginning to end. */
async function playRoom(): Promise<void> {
  const { sender, code } = await openRoom();
  const serving = serve(sender, code).catch(() => {});
  const receivers = Array.from(
    { length: 1 + random(5) },
    // Most of them deserve to be thrown out.
    () => RECEIVERS[oneOf(KINDS)]!(code).catch(() => {}),
  );
  // Some senders leave early.
  if (random(6) === 0) await sleep(random(100));
  else await Promise.all(receivers);
  await sender.close(oneOf([1000, undefined]));
  await Promise.all([serving, ...receivers]);
}

const KINDS = ["good", "good", "good", ...Object.keys(RECEIVERS)];

const randomBytes = (length: number) =>
  Uint8Array.from({ length }, () => random(256));

const PESTS: (() => Promise<void>)[] = [
  async () => {
    using client = await RawClient.connect(url);
    await client.write(randomBytes(1 + random(3000)));
    await sleep(random(50));
  },
  async () => {
    using client = await RawClient.open(url);
    await client.write(randomBytes(1 + random(3000)));
    await sleep(random(50));
  },
  async () => {
    using client = await RawClient.open(url);
    await client.ask({ type: "JOIN_ROOM", room_id: "abcde2" });
  },
  async () => {
    using client = await RawClient.open(url);
    await client.send(OPCODES.text, "{".repeat(random(60 * KIB)));
    await client.rest();
  },
  async () => {
    using client = await RawClient.connect(url);
    await client.upgrade({ "x-long": "x".repeat(random(40 * KIB)) });
  },
  async () => {
    using client = await RawClient.connect(url);
    await client.write("GET /metrics HTTP/1.0\r\n\r\n");
    await client.text();
  },
  async () => {
    using client = await RawClient.open(url);
    await client.ask({ type: "CREATE_ROOM", protocol: 1 + random(2) });
  },
];

async function repeat(play: () => Promise<void>): Promise<void> {
  while (!isOver()) await play();
}

/** Whether a fresh pair is served now. */
async function servesFreshPair(): Promise<boolean> {
  const { sender, code } = await openRoom();
  const serving = serve(sender, code).catch(() => {});
  const before = finished.good ?? 0;
  await RECEIVERS.good!(code);
  await sender.close(1000);
  await serving;
  return finished.good === before + 1;
}

/** Resident memory in the middle of the run. */
async function middleRss(): Promise<number> {
  await sleep(seconds * 500);
  return Deno.memoryUsage().rss;
}

const [middleRssBytes] = await Promise.all([
  middleRss(),
  ...Array.from({ length: ROOMS_AT_ONCE }, () => repeat(playRoom)),
  ...Array.from(
    { length: PESTS_AT_ONCE },
    () => repeat(() => oneOf(PESTS)().catch(() => {})),
  ),
]);
const endRssBytes = Deno.memoryUsage().rss;
const isServing = await servesFreshPair();
await until(() => hub.peerCount === 0 && hub.roomCount === 0).catch(() => {});

const report: Report = {
  faults,
  finished,
  bytesForwarded: hub.metrics.get("bytes_forwarded"),
  rooms: hub.roomCount,
  peers: hub.peerCount,
  bufferedBytes: hub.bufferedBytes,
  middleRssBytes,
  endRssBytes,
  isServing,
};
console.log(JSON.stringify(report));
