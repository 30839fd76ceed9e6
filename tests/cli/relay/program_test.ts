/**
 * The relay as people start it: a process with its settings in the environment.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Loopback, whyNoLoopback } from "../../support/isolation.ts";
import { root } from "../../support/places.ts";
import {
  launchOnTerminal,
  noTerminal,
  runOnTerminal,
} from "../../support/pseudo_terminal.ts";
import { Program } from "./_program.ts";

/** Arguments of Deno that run the relay without a task, which would repeat SIGINT. */
const ALONE = ["run", "--quiet", "--allow-all", "relay/main.ts"];

/** A client that asks for one thing and writes down what it is told. */
async function ask(port: number, question: Record<string, unknown>): Promise<{
  said: string[];
  closed: Promise<number>;
  close(): void;
}> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const said: string[] = [];
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
  });
  await new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      said.push(data);
      resolve(null);
    };
    socket.onopen = () => socket.send(JSON.stringify(question));
  });
  return { said, closed, close: () => socket.close(1000) };
}

const makeRoom = (port: number) => ask(port, { type: "CREATE_ROOM" });

/** Makes a room with a receiver in it. @returns Closes the sender. */
async function makePair(port: number): Promise<() => void> {
  const sender = await makeRoom(port);
  const { room_id } = JSON.parse(sender.said[0]!);
  await ask(port, { type: "JOIN_ROOM", room_id });
  return sender.close;
}

const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

for (const signal of SIGNALS) {
  Deno.test(`the relay tells its clients, and ends within five seconds, at ${signal}`, async () => {
    await using program = new Program({});
    const port = await program.port();
    const { said, closed } = await makeRoom(port);
    const start = performance.now();
    program.signal(signal);
    assertEquals(await closed, 1000);
    assertEquals(await program.ended(), 0);
    assert(performance.now() - start < 5_000);
    assertEquals(said[1], '{"type":"ERROR","reason":"shutting_down"}');
    assertStringIncludes(program.stdout, '"outcome":"shutdown"');
  });
}

Deno.test("the relay lets a pair finish, if the same signal comes twice", async () => {
  await using program = new Program({ RELAY_DRAIN_TIMEOUT: "4" }, {
    deno: ALONE,
  });
  const port = await program.port();
  const waiting = await makeRoom(port);
  const closePair = await makePair(port);
  program.signal("SIGINT");
  assertEquals(await waiting.closed, 1000);
  program.signal("SIGINT");
  closePair();
  assertEquals(await program.ended(), 0);
});

Deno.test("the relay does not wait for a pair, if a signal comes a second after the first", async () => {
  await using program = new Program({ RELAY_DRAIN_TIMEOUT: "4" }, {
    deno: ALONE,
  });
  const port = await program.port();
  const waiting = await makeRoom(port);
  await makePair(port);
  program.signal("SIGINT");
  assertEquals(await waiting.closed, 1000);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  program.signal("SIGINT");
  assertEquals(await program.ended(), 130);
});

Deno.test({
  name: "the relay as a task ends in an orderly way, at one Ctrl+C",
  ignore: noTerminal !== null,
  fn: async () => {
    await using machine = await Machine.make();
    const task = [Deno.execPath(), "task", "--cwd", root, "--quiet", "relay"];
    const { code, text } = await runOnTerminal(machine, task, {
      env: { RELAY_PORT: "0", RELAY_HOST: "" },
      typed: [['"started"', "\x03"]],
    });
    assertEquals(code, 0, text);
  },
});

Deno.test("the relay says how it is, and what it is", async () => {
  await using program = new Program({});
  const url = `http://127.0.0.1:${await program.port()}`;
  const health = await (await fetch(`${url}/health`)).json();
  assertEquals([health.status, health.rooms, health.peers], ["ok", 0, 0]);
  const { version } = JSON.parse(await Deno.readTextFile(`${root}/deno.json`));
  assertEquals(health.version, version);
  const page = await (await fetch(url)).text();
  assertStringIncludes(page, "Claude Spread relay");
});

for (
  const [env, words] of [
    [{ RELAY_PORT: "http" }, 'RELAY_PORT="http" is not a whole number'],
    [{ RELAY_MAX_ROOMS: "0" }, 'RELAY_MAX_ROOMS="0" is not a whole number'],
    [{ RELAY_SECRET: "short" }, "RELAY_SECRET is too short"],
    [{ RELAY_BACKEND: "disk" }, 'RELAY_BACKEND="disk" is not memory or kv'],
    [{ RELAY_HOST: "203.0.113.1" }, "Cannot listen on port"],
  ] as const
) {
  Deno.test(`the relay does not start with ${JSON.stringify(env)}, and says why`, async () => {
    await using program = new Program(env);
    assertEquals(await program.ended(), 2);
    const stderr = await program.stderr;
    assertStringIncludes(stderr, `relay: error: ${words}`);
    assertStringIncludes(stderr, "relay: hint: ");
    assert(!stderr.includes('short"'), "the secret is shown");
  });
}

Deno.test("the relay explains itself, and refuses arguments", async () => {
  await using helped = new Program({}, { args: ["--help"] });
  assertEquals(await helped.ended(), 0);
  assertStringIncludes(helped.stdout, "Usage: deno task relay");
  await using refused = new Program({}, { args: ["9784"] });
  assertEquals(await refused.ended(), 2);
});

Deno.test({
  name: "the relay on a terminal says first where it is, and what to try",
  ignore: noTerminal !== null,
  fn: async () => {
    await using machine = await Machine.make();
    const { text } = await launchOnTerminal(machine, ["relay"], {
      env: { RELAY_PORT: "0", RELAY_HOST: "" },
      typed: [['"started"', "\x03"]],
    });
    const address = /^The relay listens at (ws:\/\/127\.0\.0\.1:\d+)\. /.exec(
      text,
    );
    assert(address !== null, text);
    const [, second, third] = text.split("\n");
    assertEquals(second, `  claude-spread relay --check ${address[1]}`);
    assertStringIncludes(third!, '"event":"started"');
  },
});

Deno.test({
  name:
    "serve and receive meet on the relay, where multicast DNS does not work",
  ignore: (await whyNoLoopback()) !== null,
  fn: async () => {
    await using network = await Loopback.make();
    const { via } = network;
    await using relay = new Program({}, { via });
    const url = `ws://127.0.0.1:${await relay.port()}`;
    await using machine = await Machine.make();
    const file = await machine.write("a.md", "# a\n");
    const alone = { via, interface: null };
    await using sharing = await machine.share(
      ["--relay", url, "--generate", file],
      alone,
    );
    await sharing.says("only receivers on the relay can reach this share");
    const invite = String(sharing.ready.invite);
    const received = await machine.run(
      "receive",
      ["--relay", url, invite],
      alone,
    );
    assertSuccess(received);
    assertEquals(received.text, "# a\n");
  },
});
