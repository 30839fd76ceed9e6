/**
 * Shares that go on by themselves, started as Claude starts them: by `bin/claude-spread`.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { packedLines, TALK } from "../../../lib/testing/session.ts";
import {
  assertSuccess,
  randomBytes,
  sha256,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { environment, PROGRAMS } from "../../support/environment.ts";
import {
  launch as launchWith,
  type LaunchOptions,
  type Result,
  testOnMachine,
} from "../../support/launcher.ts";
import { bundleOf } from "../../support/memory.ts";
import { root } from "../../support/places.ts";
import type { Event } from "../../support/output.ts";

const bin = `${root}/bin/claude-spread`;

/** Runs the launcher; what it leaves behind is ended by {@linkcode test}. */
function launch(
  machine: Machine,
  args: string[],
  stdin?: LaunchOptions["stdin"],
): Promise<Result> {
  return launchWith(machine, args, PROGRAMS, { stdin });
}

const SERVE = ["serve", "--detach", "--json", "--interface", "127.0.0.1"];

function test(name: string, body: (machine: Machine) => Promise<void>): void {
  testOnMachine(name, async (machine) => {
    try {
      await body(machine);
    } finally {
      await launch(machine, ["stop", "--all"]);
      await until("every share to end", async () => {
        const events = await statusOf(machine);
        return events.every(({ state }) => state !== "open");
      });
    }
  });
}

async function statusOf(machine: Machine): Promise<Event[]> {
  return (await launch(machine, ["status", "--json"])).events;
}

test("serve --detach returns when receivers may come, and the share ends by itself", async (machine) => {
  const file = await machine.write("a.md", "# a\n");
  const shared = await launch(machine, [
    ...SERVE,
    "--once",
    "--generate",
    file,
  ]);
  assertEquals([shared.code, shared.stderr], [0, ""]);
  const [ready] = shared.events;
  assertEquals(ready?.event, "ready");
  const [address] = ready!.addresses as string[];
  const received = await machine.run("receive", [
    String(ready!.invite),
    address!,
  ]);
  assertSuccess(received);
  assertEquals(received.text, "# a\n");
  const [ended] = await until("its end", async () => {
    const events = await statusOf(machine);
    return events[0]?.state === "ended" && events;
  });
  assertEquals([ended!.id, ended!.delivered], [ready!.id, 1]);
  const log = `${machine.state}/shares/${ready!.id}.log`;
  assertStringIncludes(await Deno.readTextFile(log), '"event":"delivered"');
  assertEquals((await Deno.stat(log)).mode! & 0o777, 0o600);
  const kept = await Deno.readTextFile(log) +
    await Deno.readTextFile(`${machine.state}/shares/${ready!.id}.json`);
  // One word alone may be there: "name" is in the list of words, and in every record.
  const words = new RegExp(String(ready!.invite).split("-").join("\\W*"));
  assert(!words.test(kept), kept);
});

test("serve --detach goes on with what the content is, for the time that was given", async (machine) => {
  const bundle = await machine.write("a", bundleOf({ "a.md": "A" }));
  const session = await machine.write(
    "b",
    packedLines(TALK).map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  const table: [string[], kind: string, once: boolean, minutes: number][] = [
    [[bundle], "memory", false, 30],
    [["--keep-open", "5", session], "session", false, 5],
    [["-"], "session", true, 30],
  ];
  const stdin = await Deno.readTextFile(session);
  for (const [args, kind, once, minutes] of table) {
    const command = [...SERVE, ...args];
    const { events: [ready], stderr } = await launch(machine, command, stdin);
    assertEquals(
      [ready?.kind, ready?.once, ready?.keep_open_min],
      [kind, once, minutes],
      stderr,
    );
  }
});

test("stop ends a share that goes on by itself", async (machine) => {
  const file = await machine.write("a.md", "# a\n");
  const { events: [ready] } = await launch(machine, [...SERVE, "pass", file]);
  assertEquals((await statusOf(machine))[0]?.state, "open");
  const stopped = await launch(machine, ["stop", "--json"]);
  assertEquals(stopped.events, [
    { event: "stopped", id: ready!.id, was_open: true },
  ]);
  const ended = await until("its end", async () => {
    const [share] = await statusOf(machine);
    return share?.state === "ended" && share.ended as { why: string };
  });
  assertEquals(ended.why, "INTERRUPTED");
});

test("serve --detach takes text and passphrase from standard input, and keeps both off the command line", async (machine) => {
  const bytes = randomBytes(3 * 1024 * 1024);
  const words = "spaces  and $(id) \"quotes'";
  await machine.write("pass", `${words}\n`);
  const shared = await launch(
    machine,
    [...SERVE, "--passphrase-file", "pass", "-"],
    bytes,
  );
  assertEquals(shared.code, 0, shared.stderr);
  const [ready] = shared.events;
  const output = machine.path("out");
  const [address] = ready!.addresses as string[];
  if (Deno.build.os === "linux") {
    const [share] = await statusOf(machine);
    const line = await Deno.readTextFile(`/proc/${share!.pid}/cmdline`);
    assert(line.includes("--child") && !line.includes("$(id)"), line);
  }
  assertSuccess(
    await machine.run("receive", ["--output", output, words, address!]),
  );
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
});

test("serve --detach says what is wrong, and leaves nothing behind", async (machine) => {
  const cases: [string[], number, string][] = [
    [["pass", "missing.md"], 6, "PAYLOAD_UNREADABLE"],
    [["--relay", "ws://127.0.0.1:1", "pass", "a.md"], 5, "RELAY_UNREACHABLE"],
    [["--keep-open", "0", "pass", "a.md"], 2, "USAGE"],
    [["--nonsense", "pass", "a.md"], 2, "USAGE"],
  ];
  await machine.write("a.md", "# a\n");
  for (const [args, code, error] of cases) {
    const failed = await launch(machine, [...SERVE, ...args]);
    assertEquals([failed.code, failed.events[0]?.error], [code, error]);
    assertStringIncludes(failed.stderr, "spread: error: ");
    assertEquals(await statusOf(machine), []);
  }
});

test("serve --detach tells a person how to receive", async (machine) => {
  const file = await machine.write("a.md", "# a\n");
  const args = SERVE.filter((arg) => arg !== "--json");
  const shared = await launch(machine, [...args, "--generate", file]);
  assertStringIncludes(shared.stderr, "/claude-spread:distill-receive ");
  assertEquals(shared.stdout, "");
});

test("serve --detach leaves no share behind, when nobody reads that it is ready", async (machine) => {
  await machine.write("a.md", "# a\n");
  const args = [bin, ...SERVE, "pass", "a.md"];
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", '"$0" "$@" | true', ...args],
    cwd: machine.path("."),
    clearEnv: true,
    env: environment(machine),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await child.status;
  await until("no share to be open", async () => {
    const events = await statusOf(machine);
    return events.every(({ state }) => state !== "open");
  });
});
