/**
 * A command that talks to the network can run no program by then. The real launcher starts the
 * commands, with the permissions that people give them; its Deno loads `_network_guard.ts` first.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Command, COMMANDS } from "../../scripts/cli/commands.ts";
import { assertSuccess, uniquePassphrase } from "../support/checks.ts";
import { conversation, writeSession } from "../support/conversations.ts";
import { ClaudeSession } from "../support/claude_session.ts";
import { Machine } from "../support/machine.ts";
import { root } from "../support/places.ts";
import { APART } from "../support/relay_share.ts";
import { Repository } from "../support/repository.ts";
import type { Ended } from "../support/output.ts";

/** A machine with a project and a document, whose Deno is guarded. */
async function makeGuarded(): Promise<Machine> {
  const machine = await Machine.make();
  const project = await Repository.make(machine.path("project"));
  await project.commit("a.md");
  const deno = `${machine.folder}/guarded deno`;
  const guard = `${root}/tests/permissions/_network_guard.ts`;
  const line = `exec '${Deno.execPath()}' run --preload='${guard}' "$@"`;
  await Deno.writeTextFile(deno, `#!/bin/sh\nshift\n${line}\n`, {
    mode: 0o755,
  });
  // The launcher's note of the Deno to run, which must be newer than that.
  const note = `${machine.state}/deno${root}/ready`;
  const [, ...rest] = (await Deno.readTextFile(note)).split("\n");
  await Deno.writeTextFile(note, [deno, ...rest].join("\n"));
  return machine;
}

function test(name: string, body: (machine: Machine) => Promise<void>): void {
  Deno.test({
    name,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using machine = await makeGuarded();
      await body(machine);
    },
  });
}

/** Checks that the guard saw a command take this way to the network, and caught nothing. */
function assertGuarded({ stderr }: Ended, way: string): void {
  assert(!stderr.includes("guard: may run"), stderr);
  assertStringIncludes(stderr, `guard: ${way}\n`);
}

const PROJECT = ["--project", "project"];
const FILE = "project/a.md";

Deno.test("serve, receive, pair and the skills that run them alone may run programs and talk to the network", () => {
  const both = Object.entries<Command>(COMMANDS).filter(([, { may }]) =>
    may.net !== undefined && may.run !== undefined
  );
  const names = both.map(([name]) => name);
  assertEquals(
    names.filter((name) => !/^skill (?:.*-(?:share|receive)|pair)$/.test(name)),
    ["serve", "receive", "pair"],
  );
});

test("serve and receive can run no program, once they talk to the network", async (machine) => {
  const flags = ["--with-work", ...PROJECT, "--generate"];
  await using sharing = await machine.share([...flags, FILE]);
  assert(sharing.ready.work !== undefined, "no work comes along");
  const args = [sharing.words, sharing.address];
  for (const project of [PROJECT, []]) {
    const received = await machine.run("receive", [...project, ...args]);
    assertSuccess(received);
    assertGuarded(received, "connect");
    const isCompared = received.stderr.includes("at the same commit");
    assertEquals(isCompared, project === PROJECT);
  }
  const session = new ClaudeSession(machine, {
    project: `${machine.work}/project`,
  });
  await session.type("distill-receive", args.join(" "));
  const taken = await session.run("distill-receive");
  assert(taken.stderr.includes("at the same commit"), taken.stderr);
  assertGuarded(taken, "connect");
  const shared = await sharing.stop();
  assertEquals((sharing.ready.git as { branch: string }).branch, "main");
  for (const way of ["listen", "bind"]) assertGuarded(shared, way);
});

test("pair can run no program, once it talks to the network", async (machine) => {
  const words = "niece-broke-zippy-iron";
  // Nothing listens there.
  const typed = await machine.run("pair", [words, "127.0.0.1:9"], APART);
  assertEquals(typed.code, 5, typed.stderr);
  assertGuarded(typed, "connect");
  await using showing = machine.start("pair", ["--json"]);
  await showing.event("ready");
  const shown = await showing.stop();
  for (const way of ["listen", "bind"]) assertGuarded(shown, way);
});

test("serve and receive can run no program, once they ask a relay", async (machine) => {
  // Nothing listens there.
  const relay = ["--relay", "ws://127.0.0.1:9"];
  const shared = await machine.run("serve", [...relay, ...PROJECT, FILE]);
  const left = await machine.run("serve", ["--leave", ...relay, FILE]);
  const room = ["--room", "k7m2xq", uniquePassphrase()];
  const args = [...relay, ...PROJECT, ...room];
  const received = await machine.run("receive", args, APART);
  for (const ended of [shared, left, received]) {
    assertEquals(ended.code, 5, ended.stderr);
    assertGuarded(ended, "connect");
  }
  assertGuarded(received, "bind");
});

test("a detached share can run no program, once it talks to the network", async (machine) => {
  const detached = await machine.run("serve", [
    "--detach",
    "--json",
    ...PROJECT,
    "--generate",
    FILE,
  ]);
  // A share that is caught ends, and the command that waits for it fails.
  assertSuccess(detached);
  try {
    const [{ git, addresses, invite }] = detached.events as unknown as [
      { git: { branch: string }; addresses: string[]; invite: string },
    ];
    assertEquals(git.branch, "main");
    const args = [...PROJECT, invite, addresses[0]!];
    assertSuccess(await machine.run("receive", args));
  } finally {
    await machine.run("stop", ["--all"]);
  }
});

test("sessions are packed and installed without a program", async (machine) => {
  await writeSession(machine, conversation("Of programs"));
  await using sharing = await machine.share(["--session", "all", "--generate"]);
  const received = await machine.run("receive", [
    "--pick",
    "1",
    ...PROJECT,
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(received);
  assertGuarded(received, "connect");
  assertGuarded(await sharing.stop(), "listen");
});
