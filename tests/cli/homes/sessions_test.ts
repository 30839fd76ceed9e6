/**
 * A session of Claude Code from one machine to another, both with a home of the same kind.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import {
  conversation,
  sessionsOf,
  transcriptsOf,
  turnsIn,
  writeSession,
} from "../../support/conversations.ts";
import { HOMES } from "../../support/homes.ts";
import { Machine } from "../../support/machine.ts";

for (const home of HOMES) {
  Deno.test(`sessions list, a share of one, and sessions undo do their work, with a home ${home.name}`, async () => {
    await using alice = await Machine.make(undefined, home);
    await using bob = await Machine.make(undefined, home);
    const talk = conversation("Doors", "How many doors?", "Three.");
    await writeSession(alice, talk);
    const listed = await alice.run("sessions", ["list", "--json"]);
    assertSuccess(listed);
    assertEquals(listed.events[0]?.id, talk.id, listed.text);
    const args = ["--kind", "session", "--session", talk.id, "--generate"];
    await using sharing = await alice.share(args);
    const invite = String(sharing.ready.invite);
    const received = await bob.run("receive", [
      ...["--kind", "session", "--pick", "1", invite, sharing.address],
    ]);
    assertSuccess(received);
    const [id] = await sessionsOf(bob);
    const turns = await turnsIn(`${await transcriptsOf(bob)}/${id}.jsonl`);
    assertEquals(turns.slice(0, 2), talk.turns);
    assertSuccess(await bob.run("sessions", ["undo"]));
    assertEquals(await sessionsOf(bob), []);
  });
}

for (const home of HOMES) {
  Deno.test(`sessions export, install and undo do their work, with a home ${home.name}`, async () => {
    await using alice = await Machine.make(undefined, home);
    await using bob = await Machine.make(undefined, home);
    const talk = conversation("Doors", "How many doors?", "Three.");
    await writeSession(alice, talk);
    assertSuccess(
      await alice.run("sessions", ["export", talk.id, "doors.session"]),
    );
    const file = bob.path("doors.session");
    await Deno.copyFile(alice.path("doors.session"), file);
    const installed = await bob.run("sessions", ["install", file]);
    assertSuccess(installed);
    assertStringIncludes(installed.text + installed.stderr, "Doors");
    const [id] = await sessionsOf(bob);
    const turns = await turnsIn(`${await transcriptsOf(bob)}/${id}.jsonl`);
    assertEquals(turns.slice(0, 2), talk.turns);
    assertSuccess(await bob.run("sessions", ["undo", id!]));
    assertEquals(await sessionsOf(bob), []);
    assertEquals(await bob.works(), ["doors.session"]);
  });
}
