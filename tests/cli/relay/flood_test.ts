/**
 * The relay under a flood of connections that request nothing, in a process that may open few files.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { connect } from "node:net";
import { cpuUsage } from "node:process";
import { Program } from "./_program.ts";
import { sleep, TestClient } from "../../../relay/testing/clients.ts";

/** Elsewhere this machine has one loopback address, and a process may have fewer files. */
const ignore = Deno.build.os !== "linux";

/** Files that the relay may have open. */
const FILES = 1500;
const FEW_FILES = ["sh", "-c", `ulimit -n ${FILES}; exec "$@"`, "sh"];

/** Connections opened at the same time. */
const AT_ONCE = 100;

/** Longest time for two clients to meet on a machine that does nothing else, in milliseconds. */
const MEETING_MS = 2_000;

/** Asserts that a meeting that took `ms` was soon enough for what else this machine does. */
function assertSoon(ms: number): void {
  if (ms < MEETING_MS) return;
  const share = processorShare();
  assert(ms * share < MEETING_MS, `${ms} ms, with ${share} of a processor`);
}

/** Returns the part of a processor that this process gets at the moment. */
function processorShare(): number {
  const [start, before] = [performance.now(), cpuUsage()];
  let usedMs = 0;
  while (usedMs < 100) {
    const { user, system } = cpuUsage(before);
    usedMs = (user + system) / 1000;
  }
  return usedMs / (performance.now() - start);
}

/**
 * A flood of unfinished requests: each connection sends the beginning of a request and stays open.
 * Disposing of it closes them all.
 */
class Flood implements Disposable {
  /** Number of connections opened so far. */
  made = 0;
  #begun = 0;
  readonly #open = new Set<ReturnType<typeof connect>>();

  /** @param addresses Addresses to connect from, in turn. */
  constructor(readonly port: number, readonly addresses: string[]) {}

  /** Opens `count` more connections. */
  async rise(count: number): Promise<void> {
    for (let begun = 0; begun < count; begun += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#begin()));
    }
  }

  #begin(): Promise<void> {
    const { port, addresses } = this;
    const localAddress = addresses[this.#begun++ % addresses.length]!;
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    this.#open.add(socket);
    return new Promise((resolve) => {
      socket.on("connect", () => {
        this.made++;
        socket.write("GET / HTTP/1.1\r\nhost: relay\r\nx-slow: ");
        resolve();
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#open.delete(socket);
        resolve();
      });
    });
  }

  [Symbol.dispose](): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/** Lets two clients meet in a new room and exchange a message; returns the time in milliseconds. */
async function meet(url: string): Promise<number> {
  const start = performance.now();
  await using sender = await TestClient.open(url);
  const { room_id } = await sender.ask({ type: "CREATE_ROOM", protocol: 2 });
  await using receiver = await TestClient.open(url);
  const joined = await receiver.ask({
    type: "JOIN_ROOM",
    room_id,
    protocol: 2,
  });
  assertEquals(joined.type, "ROOM_JOINED");
  await sender.said();
  sender.send(new Uint8Array(1000));
  assertEquals((await receiver.next()).length, 1000);
  return performance.now() - start;
}

/** Returns a number from the relay's metrics. */
async function gauge(port: number, name: string): Promise<number> {
  const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
  const line = new RegExp(`^claude_spread_relay_${name} (\\d+)$`, "m");
  return Number(line.exec(await metrics.text())?.[1]);
}

Deno.test({
  name:
    "the relay serves others within 2 s while one address sends 5000 half requests, and after",
  ignore,
  fn: async () => {
    const settings = {
      RELAY_CREATES_PER_MINUTE: "100000",
      RELAY_JOINS_PER_MINUTE: "100000",
    };
    await using program = new Program(settings, { via: FEW_FILES });
    const port = await program.port();
    const url = `ws://127.0.0.1:${port}`;
    using flood = new Flood(port, ["127.0.0.2"]);
    const rising = flood.rise(5000);
    let meetings = 0;
    for (let isOver = false; !isOver; meetings++) {
      isOver = await Promise.race([rising.then(() => true), sleep(1)]) === true;
      assertSoon(await meet(url));
    }
    assertEquals(flood.made, 5000);
    assert(meetings > 1);
    assert(await gauge(port, "connections") < 200);

    const hosts = Array.from({ length: 10 }, (_, i) => `127.0.1.${i}`);
    using wide = new Flood(port, hosts);
    await wide.rise(2000);
    assertSoon(await meet(url));
    const limit = await gauge(port, "connections_limit");
    assert(limit < FILES);
    const held = await gauge(port, "connections");
    assert(held <= limit && held > limit - 100, `${held} of ${limit}`);
    assert(!program.stdout.includes("out_of_files"));
  },
});

Deno.test({
  name:
    "the relay that has run out of files says so, makes place, and accepts again",
  ignore,
  fn: async () => {
    const settings = { RELAY_MAX_CONNECTIONS_PER_ADDRESS: "10000" };
    // Without the permission that the task has, it cannot count the files it may open.
    const deno = [
      ...["run", "--quiet", "--no-prompt", "--allow-net", "--allow-env"],
      ...["--allow-read=deno.json", "--allow-sys=osRelease", "relay/main.ts"],
    ];
    await using program = new Program(settings, { via: FEW_FILES, deno });
    const port = await program.port();
    using flood = new Flood(port, ["127.0.0.2"]);
    await flood.rise(FILES + 200);
    await program.until(/"event":"out_of_files"/);
    await program.until(/"event":"listening_again"/);
    await meet(`ws://127.0.0.1:${port}`);
    // By now the relay has lowered its limit.
    await flood.rise(FILES + 200);
    assertSoon(await meet(`ws://127.0.0.1:${port}`));
    assertEquals(program.stdout.split("out_of_files").length, 2);
  },
});
