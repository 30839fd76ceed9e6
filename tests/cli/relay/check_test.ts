/**
 * `relay --check` of our own relay: what it shows of one that works, and of what people do.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { RelayConfig } from "../../../relay/config.ts";
import {
  type LocalRelay,
  startLocalRelay,
} from "../../../relay/testing/local_relay.ts";
import { CONFIG } from "../../../relay/testing/drops.ts";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";
import type { StartOptions } from "../../support/running.ts";
import type { Ended } from "../../support/output.ts";

const MiB = 1024 * 1024;

/** Bytes to the sender by which it has begun to receive what is large. */
const BEGUN_BYTES = 300_000;

async function check(args: string[], options?: StartOptions): Promise<Ended> {
  await using machine = await Machine.make();
  const ended = await machine.run("relay_check", args, options);
  assertEquals([await machine.kept(), await machine.works()], [[], []]);
  return ended;
}

async function assertEmpty({ server: { hub } }: LocalRelay): Promise<void> {
  await until("the room to close", () => hub.roomCount === 0);
}

Deno.test("relay --check tells of each step of a relay that works, and leaves nothing there", async () => {
  await using relay = await startLocalRelay();
  const ended = await check(["--check", relay.url]);
  assertSuccess(ended);
  assertEquals(ended.text, "");
  const lines = ended.stderr.trimEnd().split("\n");
  const patterns = [
    /^spread: checking ws:\/\/127\.0\.0\.1:\d+$/,
    /^spread: reached in \d+ ms: name, connection and upgrade/,
    /^spread: speaks protocol 2 \(\d+ ms\): keeps the room/,
    /^spread: room [a-z0-9]{6} made and joined \(\d+ ms\)$/,
    /^spread: 1 MiB to the sender, byte for byte \(\d+ ms, [\d.]+ .B\/s\)$/,
    /^spread: 1 MiB to the receiver, byte for byte \(\d+ ms, [\d.]+ .B\/s\)$/,
    /^spread: knows topics, so that pairs .* here; does not keep drops: .* \(\d+ ms\)$/,
    /^spread: this relay works \(\d+ ms in all\)$/,
  ];
  assertEquals(lines.length, patterns.length, ended.stderr);
  for (const [i, pattern] of patterns.entries()) {
    assert(pattern.test(lines[i]!), lines[i]);
  }
  await assertEmpty(relay);
  const [room] = relay.log;
  assertEquals(room!.outcome, "sender_left");
  assert(Number(room!.bytes) >= 2 * MiB);
});

Deno.test("relay --check --json prints one event for each step, and one at the end", async () => {
  const path = await Deno.makeTempDir();
  await using folder = new AsyncDisposableStack();
  folder.defer(() => Deno.remove(path, { recursive: true }));
  const place = { kind: "folder", path } as const;
  const drops = { ...CONFIG, place, maxDropBytes: 70_000, maxTtlMs: 90_000 };
  await using relay = await startLocalRelay({ drops });
  const { code, stderr, events } = await check([
    "--check",
    relay.url,
    "--json",
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(events.map(({ event, step, passed }) => [event, step, passed]), [
    ["check", "connection", true],
    ["check", "specification", true],
    ["check", "room", true],
    ["check", "to_sender", true],
    ["check", "to_receiver", true],
    ["check", "pairs", true],
    ["checked", undefined, undefined],
  ]);
  assertEquals(events[1]!.plain_relay, false);
  assertEquals([events[5]!.topics, events[5]!.drops], [
    true,
    { max_bytes: 70_000, max_ttl_s: 90 },
  ]);
  assertEquals(events[6]!.relay, relay.url);
});

Deno.test("relay --check takes the relay of the environment, and an address after other options", async () => {
  await using relay = await startLocalRelay();
  const env = { CLAUDE_SPREAD_RELAY: relay.url };
  assertSuccess(await check(["--check"], { env }));
  assertSuccess(await check(["--check", "--json", relay.url]));
  await assertEmpty(relay);
});

Deno.test("relay --check refuses what is not the address of one relay", async () => {
  const cases: [string[], string][] = [
    [["--check", "relay.example"], '"relay.example" is not the address of'],
    [
      ["--check", "ws://relay.example"],
      'The connection to "ws://relay.example" would not be encrypted',
    ],
    [["--check", "wss://a", "wss://b"], 'Too many arguments: "wss://b"'],
    [["--check", "--once"], "There is no option --once"],
  ];
  for (const [args, message] of cases) {
    assertFailure(await check(args), "USAGE", message);
  }
});

Deno.test("relay --check says what is wrong with the address", async () => {
  await using web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hello"),
  );
  const { port } = web.addr;
  const cases: [url: string, message: string][] = [
    ["wss://relay.invalid", "the name relay.invalid cannot be resolved"],
    ["ws://127.0.0.1:1", "the connection is refused"],
    [`wss://127.0.0.1:${port}`, "the server at this port does not speak TLS"],
    [`ws://127.0.0.1:${port}`, "its address answers 200 OK"],
  ];
  for (const [url, message] of cases) {
    const ended = await check(["--check", url, "--json"]);
    const whole = `Cannot reach the relay ${new URL(url).host}: ${message}`;
    assertFailure(ended, "RELAY_UNREACHABLE", whole, "Check");
    const [first] = ended.events;
    assertEquals([first!.step, first!.passed], ["connection", false]);
  }
});

for (
  const [what, settings, code, message, hint] of [
    [
      "takes no message of 256 KiB",
      { maxMessageBytes: 200_000 },
      "FRAME_TOO_LARGE",
      "The relay does not forward messages of 256 KiB",
      "RELAY_MAX_MSG_SIZE",
    ],
    [
      "is full",
      { maxConnections: 0 },
      "RELAY_BUSY",
      "The relay accepts no more connections",
      "another relay",
    ],
    [
      "takes one connection only",
      { maxConnections: 1 },
      "RELAY_BUSY",
      "The relay accepts no more connections",
      "another relay",
    ],
  ] as const
) {
  Deno.test(`relay --check fails with ${code}, when the relay ${what}, and leaves nothing there`, async () => {
    await using relay = await startLocalRelay(settings as Partial<RelayConfig>);
    assertFailure(await check(["--check", relay.url]), code, message, hint);
    await assertEmpty(relay);
  });
}

Deno.test("relay --check finds one bit that is changed on the way", async () => {
  await using relay = await startLocalRelay();
  const { port } = new URL(relay.url);
  const options = { port: Number(port), holdAfter: [BEGUN_BYTES] };
  await using proxy = new Proxy(options);
  proxy.flipNext();
  assertFailure(
    await check(["--check", `ws://${proxy.address}`]),
    "RECORD_REFUSED",
    "The relay changes, loses or repeats what it forwards",
    "Use another relay",
  );
  await assertEmpty(relay);
});

Deno.test("relay --check ends at Ctrl+C, and leaves nothing there", async () => {
  await using relay = await startLocalRelay();
  const { port } = new URL(relay.url);
  const options = { port: Number(port), holdAfter: [BEGUN_BYTES] };
  await using proxy = new Proxy(options);
  await using machine = await Machine.make();
  await using running = machine.start("relay_check", [
    "--check",
    `ws://${proxy.address}`,
  ]);
  await proxy.held;
  const start = performance.now();
  const ended = await running.stop("SIGINT");
  assertFailure(ended, "INTERRUPTED", "Stopped");
  assert(performance.now() - start < 10_000);
  assert(!ended.stderr.includes("failed"), ended.stderr);
  await assertEmpty(relay);
});
