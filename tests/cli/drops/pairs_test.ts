/** Drops for paired machines: nothing to read out, nothing to type. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { ClaudeSession, LOOPBACK } from "../../support/claude_session.ts";
import {
  conversation,
  sessionsOf,
  writeSession,
} from "../../support/conversations.ts";
import { pairsOf, pairUp } from "../../support/pairs.ts";
import { DOCUMENT, Drops } from "./_drops.ts";

/** Pairs Alice's machine, maple, with Bob's, cedar. */
async function meet(drops: Drops, relay?: string): Promise<void> {
  await pairUp([drops.alice, "maple"], [drops.bob, "cedar"], { relay });
}

Deno.test("serve --leave --to shows no code, and takes another name at the relay for each drop", async () => {
  await using drops = await Drops.open();
  await meet(drops, drops.url);
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const leave = () =>
    drops.alice.run("serve", ["--json", "--leave", "--to", "cedar", file]);
  const [first, second] = [await leave(), await leave()];
  for (const ended of [first, second]) {
    assertSuccess(ended);
    const left = ended.events.find(({ event }) => event === "left")!;
    assertEquals([left.to, left.code], ["cedar", undefined]);
    assertEquals(left.commands, ["/claude-spread:distill-receive"]);
  }
  const entries = await drops.entries();
  assertEquals(entries.map(({ to }) => to), ["cedar", "cedar"]);
  assert(entries[0]!.drop !== entries[1]!.drop);
  // Another command took the same slots at the same moment.
  const folder = pairsOf(drops.alice);
  for await (const { name } of Deno.readDir(folder)) {
    const pair = JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
    pair.used.count = 0;
    await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(pair));
  }
  assertSuccess(await leave());
  assertEquals((await drops.entries()).length, 3);
  const table = await drops.alice.run("status", []);
  assertStringIncludes(table.text, "  a drop, 3 days left (");
  assertStringIncludes(table.text, "), at 127.0.0.1:");
});

Deno.test("serve --leave --to says how to get a relay, where a pair has none", async () => {
  await using drops = await Drops.open();
  await meet(drops);
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const ended = await drops.alice.run("serve", [
    "--leave",
    "--to",
    "cedar",
    file,
  ]);
  assertFailure(
    ended,
    "PAIR_UNUSABLE",
    "Cannot leave anything for cedar: the pair was made without a relay",
    "claude-spread pair --relay",
  );
});

Deno.test("a bare receive takes the drop of a pair whose machine is gone, and finds nothing after that", async () => {
  await using drops = await Drops.open();
  await meet(drops, drops.url);
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const left = await drops.alice.run("serve", [
    "--leave",
    "--to=cedar",
    file,
  ]);
  assertSuccess(left);
  assertStringIncludes(left.stderr, "it waits for cedar, 3 days left");
  const ended = await drops.bob.run("receive", []);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  assertStringIncludes(
    ended.stderr,
    "from a drop left just now by maple; the sender is not there",
  );
  assertEquals(await drops.bob.kept(), []);
  const [entry] = await drops.status();
  assertEquals([entry!.state, entry!.to], ["taken", "cedar"]);
  const again = await drops.bob.run("receive", ["--timeout", "2"]);
  assertFailure(again, "NO_SENDER", "Nothing from maple was found");
});

Deno.test("a bare receive lists several drops, and takes the one that is named; another kind stays", async () => {
  await using drops = await Drops.open();
  await meet(drops, drops.url);
  const texts = ["# One\n", "# Two\n"];
  for (const text of texts) {
    const file = await drops.alice.write("notes.md", text);
    const args = ["--leave", "--to=cedar", file];
    assertSuccess(await drops.alice.run("serve", args));
  }
  const wrong = ["--kind", "memory", "--timeout", "5"];
  assertFailure(
    await drops.bob.run("receive", wrong),
    "PAYLOAD_UNWANTED",
    "maple shares a distillation, not a memory",
  );
  const several = await drops.bob.run("receive", []);
  assertFailure(
    several,
    "NOT_AGREED",
    "2 shares wait for this machine",
    "--from maple:1, --from maple:2",
  );
  assertStringIncludes(several.stderr, "left just now");
  const second = await drops.bob.run("receive", ["--from", "maple:2"]);
  assertSuccess(second);
  assertEquals(second.text, texts[1]);
  const first = await drops.bob.run("receive", []);
  assertSuccess(first);
  assertEquals(first.text, texts[0]);
});

Deno.test("a bare receive lists the session of a drop, and says how to take it without a code", async () => {
  await using drops = await Drops.open();
  await meet(drops, drops.url);
  const session = conversation("refunds");
  await writeSession(drops.alice, session);
  const args = ["--leave", "--to=cedar", "--session", session.id];
  assertSuccess(await drops.alice.run("serve", args));
  const listed = await drops.bob.run("receive", []);
  assertSuccess(listed);
  assertStringIncludes(listed.stderr, "to take it, type:\n");
  assertStringIncludes(
    listed.stderr,
    "receive --pick 1 --interface 127.0.0.1 --from maple\n",
  );
  assertEquals(await sessionsOf(drops.bob), []);
  const pick = ["--pick", "1", "--from", "maple"];
  assertSuccess(await drops.bob.run("receive", pick));
  assertEquals((await sessionsOf(drops.bob)).length, 1);
});

Deno.test("a bare receive in Claude Code takes the drop of a pair, without a word typed", async () => {
  await using drops = await Drops.open();
  await meet(drops, drops.url);
  const sender = new ClaudeSession(drops.alice);
  await sender.writeDocument(DOCUMENT);
  await sender.type("distill-share", "--leave 1d --to cedar");
  const shared = await sender.run("distill-share");
  assertSuccess(shared);
  assert(!/drop-/.test(shared.stderr), shared.stderr);
  const receiver = new ClaudeSession(drops.bob);
  await receiver.type("distill-receive", LOOPBACK);
  const received = await receiver.run("distill-receive");
  assertSuccess(received);
  assertStringIncludes(received.text, "They keep their cents.");
});
