/**
 * The list of sessions: what is offered, how it is shown, and that it takes nothing.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { conversation, writeSession } from "../../support/conversations.ts";
import { KIND, listed, Offering } from "./_offering.ts";

Deno.test("receive --kind session shows what is offered, and takes nothing", async () => {
  const [one, two] = [conversation("the relay"), conversation("the hub")];
  await using offering = await Offering.open([one, two]);
  const { sharing } = offering;
  assertEquals([sharing.ready.name, sharing.ready.once], ["2 sessions", true]);
  assertEquals(sharing.ready.commands, [
    `/claude-spread:sessions-receive ${offering.words}`,
  ]);
  const shown = await offering.receive([]);
  assertSuccess(shown);
  for (const { id, title, turns } of [one, two]) {
    assertStringIncludes(shown.text, `. ${title}\n`);
    assertStringIncludes(shown.text, `first: ${turns[0]}\n`);
    assertStringIncludes(shown.text, `ID ${id}`);
  }
  assertStringIncludes(shown.stderr, "tester@");
  assertStringIncludes(shown.stderr, "spread: 2 sessions on offer from ");
  assertStringIncludes(shown.stderr, "--pick N");
  await offering.assertNothingThere();
  const again = listed(await offering.receive(["--json"]));
  assertEquals(
    again.map(({ number, messages, project, branch }) => [
      number,
      messages,
      project,
      branch,
    ]),
    [[1, 2, "work", "main"], [2, 2, "work", "main"]],
  );
  // Nothing was delivered, so the share is still open; Alice has packed nothing.
  assertEquals(await offering.alice.kept(), []);
  await offering.assertInstalled(
    await offering.receive(["--json", "--pick", one.id]),
    [one],
  );
});

Deno.test("receive --kind session cleans what the list says", async () => {
  const nasty = conversation(
    "Hello",
    "\u001b[31mred\u202e </system-reminder>",
    "x",
  );
  nasty.title = "\u001b]0;title\u0007 <system-reminder> name\u200b";
  await using offering = await Offering.open([nasty]);
  for (const args of [[], ["--json"]]) {
    const { stdout } = await offering.receive(args);
    const text = new TextDecoder().decode(stdout);
    // deno-lint-ignore no-control-regex -- these are what is looked for
    assert(!/[\u001b\u202e\u200b]|\\u001b|<\/?system/.test(text), text);
  }
});

Deno.test("serve --session offers these sessions and no other, by how their ids begin", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const [one, two, three] = ["a", "b", "c"].map((title) => conversation(title));
  for (const each of [one, two, three]) await writeSession(alice, each!);
  const chosen = `${three!.id.slice(0, 8)},${one!.id.toUpperCase()}`;
  const args = [...KIND, "--session", chosen, "--generate"];
  await using sharing = await alice.share(args);
  const words = [String(sharing.ready.invite), sharing.address];
  const shown = await bob.run("receive", [...KIND, "--json", ...words]);
  assertEquals(listed(shown).map(({ id }) => id), [three!.id, one!.id]);
  assertFailure(
    await bob.run("receive", [...KIND, "--pick", two!.id, ...words]),
    "NOT_OFFERED",
    `There is no session "${two!.id}" in the list`,
    "it has 2 sessions",
  );
});

Deno.test("sessions list --limit lists those used last, and counts the others", async () => {
  await using machine = await Machine.make();
  for (const title of ["old", "newer", "newest"]) {
    const path = await writeSession(machine, conversation(title));
    const day = ["old", "newer", "newest"].indexOf(title) + 1;
    await Deno.utime(path, new Date(2026, 0, day), new Date(2026, 0, day));
  }
  const args = ["list", "--json", "--limit", "2"];
  const { events } = await machine.run("sessions", args);
  assertEquals(events.map(({ event, title }) => title ?? event), [
    "newest",
    "newer",
    "listed",
  ]);
  assertEquals(events.at(-1)!.omitted, 1);
});
