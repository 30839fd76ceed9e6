/**
 * Many rooms on several instances of a relay, which are killed at random: processes over one
 * database that they reach by KV Connect, and the real client code behind a load balancer. Every
 * transfer has to arrive whole, and to continue where it stopped.
 *
 * Usage, in full: `deno run --allow-all tests/deploy/_scale.ts --rooms=2000 --seconds=60`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { close, pump, streamOf } from "../../lib/testing/streams.ts";
import { sleep } from "../../relay/testing/clients.ts";
import { joinRoom } from "../../lib/transports/relay/receiver_room.ts";
import { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import { KvServer } from "./_kv_server.ts";

const INSTANCES = 4;
const CHUNK_BYTES = 4096;
const CHUNKS = 64;
/** Pause after each chunk, so that instances die while data is on its way, in milliseconds. */
const PACE_MS = 15;
/** Transfers at the same time. */
const AT_ONCE = 40;
/** Time after which a transfer that has not arrived is lost, in milliseconds. */
const LOST_MS = 60_000;
const MANY = "1000000";

const fillRandom = (bytes: Uint8Array<ArrayBuffer>) =>
  crypto.getRandomValues(bytes);

/** Result of a run. */
export interface Report {
  rooms: number;
  kills: number;
  transfers: number;
  /** Transfers that continued after a cut. */
  resumed: number;
  /** Transfers, or rooms, that were lost. */
  lost: string[];
  corrupted: string[];
  slowestMs: number;
  kvRequests: number;
}

/** One process of the relay. */
interface Running {
  process: Deno.ChildProcess;
  port: number;
}

async function startInstance(env: Record<string, string>): Promise<Running> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "relay/main.ts"],
    cwd: new URL("../../", import.meta.url),
    env: {
      ...env,
      RELAY_BACKEND: "kv",
      RELAY_HOST: "127.0.0.1",
      RELAY_PORT: "0",
      RELAY_SECRET: "s".repeat(32),
      RELAY_MAX_ROOMS: MANY,
      RELAY_MAX_ROOMS_PER_ADDRESS: MANY,
      RELAY_MAX_CONNECTIONS: MANY,
      RELAY_MAX_CONNECTIONS_PER_ADDRESS: MANY,
      RELAY_CREATES_PER_MINUTE: MANY,
      RELAY_JOINS_PER_MINUTE: MANY,
      RELAY_WRONG_CODES_PER_MINUTE: MANY,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const started = Promise.withResolvers<number>();
  void (async () => {
    const lines = process.stdout.pipeThrough(new TextDecoderStream());
    let text = "";
    for await (const part of lines) {
      if (text.includes("\n")) continue;
      text += part;
      if (text.includes("\n")) {
        started.resolve(JSON.parse(text.split("\n")[0]!).port);
      }
    }
    started.reject(new Error("The relay has not started"));
  })();
  return { process, port: await started.promise };
}

/** Instances behind one address, each connection on one of them at random. */
class Cluster implements AsyncDisposable {
  readonly #kv = new KvServer();
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #passing = new Set<Promise<void>>();
  #running: Running[] = [];
  kills = 0;

  static async open(): Promise<Cluster> {
    const cluster = new Cluster();
    for (let i = 0; i < INSTANCES; i++) await cluster.#add();
    void cluster.#accept();
    return cluster;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}`;
  }

  get kvRequests(): number {
    return this.#kv.requests;
  }

  /** Kills one instance without notice; another one takes its place. */
  async kill(): Promise<void> {
    const at = Math.floor(Math.random() * this.#running.length);
    const [victim] = this.#running.splice(at, 1);
    victim!.process.kill("SIGKILL");
    this.kills++;
    await victim!.process.status;
    await this.#add();
  }

  async #add(): Promise<void> {
    this.#running.push(await startInstance(this.#kv.env));
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const passing = this.#pass(client).catch(() => {}).then(() => {
        close(client);
        this.#passing.delete(passing);
      });
      this.#passing.add(passing);
    }
  }

  async #pass(client: Deno.TcpConn): Promise<void> {
    const at = Math.floor(Math.random() * this.#running.length);
    const relay = await Deno.connect({
      hostname: "127.0.0.1",
      port: this.#running[at]!.port,
    });
    const [asking, answering] = [streamOf(client), streamOf(relay)];
    try {
      await Promise.all([pump(asking, answering), pump(answering, asking)]);
    } finally {
      close(relay);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#running) {
      process.kill("SIGKILL");
      await process.status;
    }
    this.#listener.close();
    await Promise.all(this.#passing);
    await this.#kv[Symbol.asyncDispose]();
  }
}

/** Chunk `index` of a room's data: it names room and index, so that a wrong one is noticed. */
function chunkOf(room: number, index: number): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let i = 0; i < chunk.length; i++) chunk[i] = i * 31 + room * 7 + index;
  new DataView(chunk.buffer).setUint32(0, room);
  new DataView(chunk.buffer).setUint32(4, index);
  return chunk;
}

/** Serves every receiver, from the chunk that it asks for, until the room is closed. */
async function serve(sender: SenderRoom, room: number): Promise<void> {
  for await (const channel of sender) {
    try {
      channel.maxFrameBytes = CHUNK_BYTES;
      const asked = await channel.receive();
      if (asked === null) continue;
      const first = new DataView(asked.buffer, asked.byteOffset).getUint32(0);
      for (let at = first; at < CHUNKS; at++) {
        await channel.send(chunkOf(room, at));
        await sleep(PACE_MS);
      }
      await channel.receive();
    } catch {
      // The receiver comes back and asks for the rest.
    } finally {
      await channel[Symbol.asyncDispose]();
    }
  }
}

/**
 * Runs `rooms` rooms for `seconds`, and kills an instance every `killMs` milliseconds. On a busy
 * machine it goes on until a kill has cut a transfer that then continued, or one is lost.
 */
export async function runScale(
  { rooms, seconds, killMs }: {
    rooms: number;
    seconds: number;
    killMs: number;
  },
): Promise<Report> {
  await using cluster = await Cluster.open();
  const ending = new AbortController();
  const { signal } = ending;
  const report: Report = {
    rooms,
    kills: 0,
    transfers: 0,
    resumed: 0,
    lost: [],
    corrupted: [],
    slowestMs: 0,
    kvRequests: 0,
  };

  const senders: SenderRoom[] = [];
  const serving: Promise<void>[] = [];
  async function open(room: number): Promise<void> {
    const sender = await SenderRoom.open({
      url: cluster.url,
      fillRandom,
      signal,
      events: {
        lost() {},
        found: ({ isNew }) => {
          if (isNew) report.lost.push(`room ${room} was replaced`);
        },
        ended: ({ code }) => report.lost.push(`room ${room} ended: ${code}`),
      },
    });
    senders[room] = sender;
    serving.push(serve(sender, room));
  }
  for (let at = 0; at < rooms; at += AT_ONCE) {
    const count = Math.min(AT_ONCE, rooms - at);
    await Promise.all(Array.from({ length: count }, (_, i) => open(at + i)));
  }

  /** Receives the rest of a room's data; returns the next chunk to ask for. */
  async function take(room: number, next: { chunk: number }): Promise<void> {
    const { channel } = await joinRoom({
      url: cluster.url,
      roomCode: senders[room]!.roomCode,
      fillRandom,
      signal,
      timeoutMs: 15_000,
    });
    try {
      channel.maxFrameBytes = CHUNK_BYTES;
      const ask = new Uint8Array(4);
      new DataView(ask.buffer).setUint32(0, next.chunk);
      await channel.send(ask);
      while (next.chunk < CHUNKS) {
        const frame = await channel.receive();
        if (frame === null) return;
        const expected = chunkOf(room, next.chunk);
        if (frame.toHex() !== expected.toHex()) {
          report.corrupted.push(`room ${room}, chunk ${next.chunk}`);
        }
        next.chunk++;
      }
    } finally {
      await channel[Symbol.asyncDispose]();
    }
  }

  async function transfer(room: number): Promise<void> {
    const startMs = performance.now();
    const next = { chunk: 0 };
    for (let attempt = 0; next.chunk < CHUNKS; attempt++) {
      if (next.chunk > 0 && next.chunk < CHUNKS) report.resumed++;
      if (performance.now() - startMs > LOST_MS) {
        report.lost.push(`a transfer of room ${room}`);
        return;
      }
      let reason = "";
      await take(room, next).catch((error) => reason = String(error.code));
      if (reason !== "") {
        // By then the sender is back elsewhere, as a rule.
        await sleep(500 + Math.random() * 500);
      }
    }
    report.transfers++;
    report.slowestMs = Math.max(report.slowestMs, performance.now() - startMs);
  }

  const endMs = performance.now() + seconds * 1000;
  const goesOn = (ms: number) =>
    performance.now() + ms < endMs ||
    report.resumed === 0 && report.lost.length === 0;
  let turn = 0;
  const working = Array.from({ length: Math.min(AT_ONCE, rooms) }, async () => {
    while (goesOn(0)) await transfer(turn++ % rooms);
  });
  while (goesOn(killMs)) {
    await sleep(killMs);
    await cluster.kill();
  }
  await Promise.all(working);
  report.kills = cluster.kills;
  report.kvRequests = cluster.kvRequests;
  await Promise.all(senders.map((sender) => sender[Symbol.asyncDispose]()));
  await Promise.all(serving);
  return report;
}

if (import.meta.main) {
  const { rooms = "2000", seconds = "60" } = parseArgs(Deno.args, {
    string: ["rooms", "seconds"],
  });
  const report = await runScale({
    rooms: Number(rooms),
    seconds: Number(seconds),
    killMs: 4_000,
  });
  console.log(JSON.stringify(report, null, 2));
  Deno.exit(report.lost.length + report.corrupted.length > 0 ? 1 : 0);
}
