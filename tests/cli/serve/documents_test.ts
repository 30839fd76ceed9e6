/**
 * Documents that Claude writes to be shared: what becomes of them.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { PROGRAMS } from "../../support/environment.ts";
import { launch } from "../../support/launcher.ts";

const HOUR_MS = 3_600_000;

/** Returns the place where Claude writes on a machine. */
function written(machine: Machine, name = ""): string {
  return `${machine.folder}/home/.cache/claude-spread/${name}`;
}

/** A document that Claude has written some hours ago. */
async function write(
  machine: Machine,
  name: string,
  hours: number,
  text = "# Title\n",
): Promise<string> {
  await Deno.mkdir(written(machine), { recursive: true, mode: 0o700 });
  const path = written(machine, name);
  await Deno.writeTextFile(path, text);
  const then = new Date(Date.now() - hours * HOUR_MS);
  await Deno.utime(path, then, then);
  return path;
}

async function names(machine: Machine): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(written(machine)));
  return entries.map(({ name }) => name).sort();
}

Deno.test("serve sweeps up documents that a session was interrupted over, and no other's", async () => {
  await using machine = await Machine.make();
  const own = await write(machine, "distillation-aaaa-1.md", 0);
  await write(machine, "distillation-bbbb-2.md", 1.1);
  await write(machine, "distillation-cccc-3.md", 0.9);
  await write(machine, "memory-dddd-4.md", 1.1);
  await write(machine, "memory-dddd-4.json", 1.1);
  await write(machine, "typed-dddd-4.txt", 1.1);
  await write(machine, "typed-cccc-3.txt", 0.9);
  await write(machine, "notes.md", 48);
  await write(machine, "memory-notes.txt", 48);
  await write(machine, "distillation.md", 48);
  const other = await machine.write("mine.md", "mine");
  await Deno.utime(other, new Date(0), new Date(0));
  if (Deno.build.os !== "windows") {
    await Deno.symlink(other, written(machine, "distillation-eeee-5.md"));
  }
  // Packed work of a process that was killed.
  const packed = `${machine.state}/spool/work-killed`;
  await Deno.mkdir(packed, { recursive: true });
  await Deno.writeTextFile(`${packed}/lock`, "");
  await Deno.utime(packed, 1, 1);
  const before = await names(machine);
  await using _sharing = await machine.share([
    "--remove-file",
    "--generate",
    own,
  ]);
  const gone = [
    "distillation-aaaa-1.md",
    "distillation-bbbb-2.md",
    "memory-dddd-4.md",
    "memory-dddd-4.json",
    "typed-dddd-4.txt",
  ];
  const kept = before.filter((name) => !gone.includes(name));
  await until("the sweep", async () => {
    const left = await names(machine);
    const isPacked = await Deno.stat(packed).then(() => true, () => false);
    return left.length === kept.length && !isPacked;
  });
  assertEquals(await names(machine), kept);
  assertEquals(await Deno.readTextFile(other), "mine");
});

Deno.test("serve keeps a document that it could not share", async () => {
  await using machine = await Machine.make();
  const own = await write(machine, "distillation-aaaa-1.md", 2);
  const args = ["--remove-file", "--relay", "ws://127.0.0.1:1", "pass", own];
  assertFailure(
    await machine.run("serve", args),
    "RELAY_UNREACHABLE",
    "Cannot reach the relay",
  );
  assertEquals(await names(machine), ["distillation-aaaa-1.md"]);
});

Deno.test("serve says that there is nothing to share, when the document is empty", async () => {
  await using machine = await Machine.make();
  for (const text of ["", " \n\t\r\n"]) {
    const own = await write(machine, "distillation-aaaa-1.md", 0, text);
    for (const project of [[], ["--project", machine.path(".")]]) {
      const args = ["--json", "--remove-file", ...project, "pass", own];
      assertFailure(
        await machine.run("serve", args),
        "PAYLOAD_EMPTY",
        `Cannot share "${own}": it is empty`,
        "Write the text first, then share it",
      );
      assertEquals(await Deno.readTextFile(own), text);
    }
  }
  assertEquals(await machine.entries(), []);
});

Deno.test({
  name: "serve says that it cannot remove a document, and shares nothing",
  // The administrator can.
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: async () => {
    await using machine = await Machine.make();
    const own = await write(machine, "distillation-aaaa-1.md", 0);
    await Deno.chmod(written(machine), 0o500);
    try {
      const args = ["--interface", "127.0.0.1", "--remove-file", "pass", own];
      for (const mode of [[], ["--detach"]]) {
        const command = ["serve", ...mode, ...args];
        const { code, stderr } = await launch(machine, command, PROGRAMS);
        assertEquals(code, 6);
        assertStringIncludes(stderr, `spread: error: Cannot remove "${own}"`);
      }
    } finally {
      await Deno.chmod(written(machine), 0o700);
    }
    assertEquals(await machine.entries(), []);
  },
});

Deno.test("one session shares twice, and both shares are known and received", async () => {
  await using machine = await Machine.make();
  const name = "distillation-aaaa-1.md";
  const first = await write(machine, name, 0, "# First\n");
  await using one = await machine.share(["--remove-file", "--generate", first]);
  const second = await write(machine, name, 0, "# Second\n");
  await using two = await machine.share([
    "--remove-file",
    "--generate",
    second,
  ]);
  for (const [share, title] of [[one, "# First"], [two, "# Second"]] as const) {
    const words = String(share.ready.invite);
    const received = await machine.run("receive", [words, share.address]);
    assertSuccess(received);
    assertStringIncludes(received.text, title);
  }
  const { events } = await machine.run("status", ["--json"]);
  assertEquals(events.map(({ id }) => id), [one.ready.id, two.ready.id]);
});

Deno.test("status and stop go by the shares that are there, beside what another version has left", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "# a\n");
  for (const folder of ["shares", "partial", "spool"]) {
    await Deno.mkdir(`${machine.state}/${folder}`, { recursive: true });
  }
  const old = `${machine.state}/shares/0badcafe.json`;
  await Deno.writeTextFile(old, '{"version":0,"id":"0badcafe"}');
  await Deno.writeTextFile(`${machine.state}/shares.json`, "[]");
  await Deno.mkdir(`${machine.state}/shares/deadbeef.json`);
  await Deno.writeTextFile(`${machine.state}/partial/old-format`, "x");
  await using sharing = await machine.share(["--generate", file]);
  assertSuccess(await machine.run("receive", [sharing.words, sharing.address]));
  const { stderr, events } = await machine.run("status", ["--json"]);
  assertEquals(events.map(({ id }) => id), [sharing.ready.id]);
  assertStringIncludes(stderr, `"${old}" is not a share entry of this version`);
  assertSuccess(await machine.run("stop", []));
  assertEquals(await Deno.readTextFile(old), '{"version":0,"id":"0badcafe"}');
});
