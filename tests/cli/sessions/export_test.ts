/**
 * `claude-spread sessions export`: a session in a file, and its way from there.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import {
  conversation,
  sessionsOf,
  transcriptsOf,
  turnsIn,
  writeSession,
} from "../../support/conversations.ts";
import { Machine } from "../../support/machine.ts";

const TYPED = "/claude-spread:distill-receive niece-broke-zippy-iron";
const COMMAND = "<command-name>/claude-spread:distill-receive</command-name>" +
  "<command-args>niece-broke-zippy-iron</command-args>";

Deno.test("sessions export writes a file that serve shares and sessions install installs", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const one = conversation("one");
  await writeSession(alice, one);
  const args = ["export", one.id.slice(0, 8), "one.session"];
  const exported = await alice.run("sessions", args);
  assertSuccess(exported);
  assertEquals(exported.text, "");
  assertStringIncludes(
    exported.stderr,
    `spread: exported "one": 2 messages, `,
  );
  assertStringIncludes(
    exported.stderr,
    "\n    claude-spread serve one.session\nor\n    claude-spread sessions install one.session\n",
  );
  const file = alice.path("one.session");
  const { mode } = await Deno.stat(file);
  if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
  assertEquals(await alice.works(), ["one.session"]);

  await using sharing = await alice.share(["--generate", file]);
  const words = [sharing.words, sharing.address];
  assertSuccess(await bob.run("receive", ["--pick", one.id, ...words]));
  await Deno.copyFile(file, bob.path("copy"));
  assertSuccess(await bob.run("sessions", ["install", "copy"]));
  const ids = await sessionsOf(bob);
  assertEquals(ids.length, 2);
  for (const id of ids) {
    const turns = await turnsIn(`${await transcriptsOf(bob)}/${id}.jsonl`);
    assertEquals(turns.slice(0, 2), one.turns);
  }
});

Deno.test("sessions export - prints the same bytes, and a program is told of a file", async () => {
  await using machine = await Machine.make();
  const one = conversation("one");
  await writeSession(machine, one);
  const json = ["export", "--json", one.id, "a"];
  const { events, stderr } = await machine.run("sessions", json);
  const bytes = await Deno.readFile(machine.path("a"));
  assertEquals(stderr, "");
  assertEquals(events, [{
    event: "exported",
    id: one.id,
    title: "one",
    path: "a",
    bytes: bytes.length,
    messages: 2,
    changed: {},
    left_out: { other_lines: 1 },
  }]);
  const printed = await machine.run("sessions", ["export", one.id, "-"]);
  assertSuccess(printed);
  assertEquals(printed.stdout, bytes);
  assert(!printed.stderr.includes("claude-spread serve"), printed.stderr);
});

Deno.test("sessions export takes our passphrases out", async () => {
  await using machine = await Machine.make();
  const one = conversation("one", COMMAND, "Done.", `I typed ${TYPED}`, "Yes.");
  await writeSession(machine, one);
  const args = ["export", "--json", one.id, "a"];
  const { events } = await machine.run("sessions", args);
  const { redacted } = events[0]!.changed as { redacted: number };
  assertEquals(redacted, 2);
  const installed = await machine.run("sessions", ["install", "--json", "a"]);
  const text = await Deno.readTextFile(String(installed.events[0]!.path));
  assert(!text.includes("niece-broke-zippy-iron"), text);
});

Deno.test("sessions export says what it cannot do, and leaves nothing", async () => {
  await using machine = await Machine.make();
  const one = conversation("one");
  const path = await writeSession(machine, one);
  await machine.write("there", "Mine");
  assertFailure(
    await machine.run("sessions", ["export", one.id, "there"]),
    "CANNOT_STORE",
    'Cannot write to "there": it exists already',
    "Choose another name, or move that file away",
  );
  assertFailure(
    await machine.run("sessions", ["export", one.id, "none/a"]),
    "CANNOT_STORE",
    'Cannot write to "none/a": its folder is missing or not writable',
  );
  assertFailure(
    await machine.run("sessions", ["export", "00000000", "a"]),
    "USAGE",
    'There is no session "00000000"',
    "sessions list --all",
  );
  await Deno.writeTextFile(path, '{"type":"mode"}\n');
  assertFailure(
    await machine.run("sessions", ["export", one.id, "a"]),
    "USAGE",
    `There is no conversation in session "${one.id}"`,
  );
  assertEquals(await machine.works(), ["there"]);
  assertEquals(await Deno.readTextFile(machine.path("there")), "Mine");
});
