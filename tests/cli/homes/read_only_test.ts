/**
 * A home that its owner may read and not change: each command says which folder it needs, or
 * does its work.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { HOME } from "../../support/homes.ts";
import { whyNoPermissions, withoutPrivilege } from "../../support/isolation.ts";
import { Machine } from "../../support/machine.ts";
import { bundleOf, memoryOf, remember } from "../../support/memory.ts";
import type { StartOptions } from "../../support/running.ts";

const reason = await whyNoPermissions();

/** Takes root's right to change everything away. */
const PLAINLY: StartOptions = { via: withoutPrivilege() };

/** Tests commands of a machine that has never run one, since it can keep nothing. */
function test(name: string, body: (machine: Machine) => Promise<void>): void {
  Deno.test({
    name: `${name}, with a home that is read-only`,
    ignore: reason !== null || Deno.build.os === "windows",
    fn: async () => {
      await using machine = await Machine.make(undefined, HOME);
      await Deno.remove(`${machine.home}/.local`, { recursive: true })
        .catch(() => {});
      await remember(machine, { "ours.md": "Ours.\n" });
      await setWritable(machine.home, false);
      try {
        await body(machine);
      } finally {
        await setWritable(machine.home, true);
      }
    },
  });
}

async function setWritable(folder: string, isWritable: boolean): Promise<void> {
  const command = ["-R", isWritable ? "u+w" : "a-w", folder];
  await new Deno.Command("chmod", { args: command }).output();
}

test("serve shares and says that it cannot keep track of it", async (machine) => {
  const file = await machine.write("a.md", "# a\n");
  await using sharing = await machine.share(["--generate", file], PLAINLY);
  await sharing.says(`warning: Cannot write to "${machine.state}`);
  await using bob = await Machine.make();
  const received = await bob.run("receive", [sharing.words, sharing.address]);
  assertSuccess(received);
  assertEquals(received.text, "# a\n");
});

test("serve --detach says which folder it cannot write to, and the file stays", async (machine) => {
  const file = await machine.write("a.md", "# a\n");
  const args = ["--detach", "--generate", "--remove-file", file];
  const ended = await machine.run("serve", args, PLAINLY);
  assertFailure(ended, "CANNOT_STORE", `Cannot write to "${machine.state}`);
  assertEquals(await Deno.readTextFile(file), "# a\n");
});

test("receive says which folder it cannot write to, and the share stays open", async (machine) => {
  await using alice = await Machine.make();
  const file = await alice.write("a.md", "# a\n");
  await using sharing = await alice.share(["--generate", file]);
  const there = [sharing.words, sharing.address];
  const ended = await machine.run("receive", there, PLAINLY);
  assertFailure(ended, "CANNOT_STORE", `Cannot write to "${machine.state}`);
  await using bob = await Machine.make();
  const received = await bob.run("receive", there);
  assertSuccess(received);
  assertEquals(received.text, "# a\n");
});

test("status and stop find no share, and bundle reads the memory", async (machine) => {
  const status = await machine.run("status", [], PLAINLY);
  assertSuccess(status);
  assertStringIncludes(
    status.text + status.stderr,
    "nothing is shared",
  );
  const stopped = await machine.run("stop", [], PLAINLY);
  assertFailure(stopped, "USAGE", "Nothing is shared");
  assertSuccess(await machine.run("bundle", ["m.json"], PLAINLY));
  const bundle = await Deno.readTextFile(machine.path("m.json"));
  assertStringIncludes(bundle, "Ours.");
});

test("install says which folder it cannot write to, and the memory stays", async (machine) => {
  const before = await memoryOf(machine);
  await machine.write("m.json", bundleOf({ "theirs.md": "Theirs.\n" }));
  const args = ["--yes", "--remove-file", "m.json"];
  const ended = await machine.run("install", args, PLAINLY);
  assertFailure(ended, "CANNOT_STORE", `Cannot write to "${machine.home}/`);
  assertEquals(await memoryOf(machine), before);
  assertEquals(await machine.works(), ["m.json"]);
});
