/**
 * `--session` and `--pick` from the line that a person typed in Claude Code.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { conversation, writeSession } from "../../support/conversations.ts";
import { IN_SESSION, keep, keptPath, SESSION_ID } from "../../support/typed.ts";
import { KIND, listed, Offering } from "./_offering.ts";

Deno.test("receive --typed keeps the words after the list, for the pick, and for nothing else", async () => {
  const one = conversation("one");
  await using offering = await Offering.open([one]);
  const { bob, passphrase, sharing } = offering;
  const line = `${passphrase} ${sharing.address}`;
  const typed = await keep(bob, "sessions-receive", line);
  const ask = (...args: string[]) =>
    bob.run("receive", [...KIND, "--json", ...args, ...typed], IN_SESSION);
  assertEquals(listed(await ask()).length, 1);
  assertEquals(listed(await ask()).length, 1);
  assert((await Deno.stat(keptPath(bob))).isFile);
  await offering.assertInstalled(await ask("--pick", "1"), [one]);
  assertFailure(
    await ask(),
    "TYPED_MISSING",
    "The line typed in Claude Code was not kept",
  );
});

Deno.test("--typed takes --session and --pick from the line", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const one = conversation("one");
  const two = { ...conversation("two"), id: SESSION_ID };
  for (const session of [one, two]) await writeSession(alice, session);
  const passphrase = uniquePassphrase();
  const typed = await keep(
    alice,
    "sessions-share",
    `--session this --keep-open 5 ${passphrase}`,
  );
  const args = [...KIND, "--project", ".", ...typed];
  await using sharing = await alice.share(args, IN_SESSION);
  assertEquals(sharing.ready.name, "1 session");
  const picking = await keep(
    bob,
    "sessions-receive",
    `--pick 1 ${passphrase} ${sharing.address}`,
  );
  assertSuccess(
    await bob.run("receive", [...KIND, "--json", ...picking], IN_SESSION),
  );
  const { took } = (await until("the receipt", async () => {
    const { events } = await alice.run("status", ["--json"]);
    return (events[0]!.receivers as { took: { id: string } }[])[0];
  })) as { took: { id: string } };
  assertEquals(took.id, two.id);
});
