/** Drops for paired machines: nothing to read out, nothing to type. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import { ClaudeSession, LOOPBACK } from "../../support/claude_session.ts";
import { readPairs, writePair } from "../../../lib/pairs/pair_files.ts";
import { readConfig } from "../../../relay/config.ts";
import { MAX_RECIPIENTS } from "../../../lib/shares/entries.ts";
import {
  conversation,
  sessionsOf,
  writeSession,
} from "../../support/conversations.ts";
import { remember } from "../../support/memory.ts";
import { pairsOf, pairUp } from "../../support/pairs.ts";
import { DOCUMENT, Drops } from "./_drops.ts";

/** Pairs Alice's machine, maple, with Bob's, cedar. */
async function meet(drops: Drops, relay?: string): Promise<void> {
  await pairUp([drops.alice, "maple"], [drops.bob, "cedar"], { relay });
}

Deno.test("serve --leave --to warns once of a pair that was copied here, with a share beside the drop too", async () => {
  await using drops = await Drops.open();
  const { alice, bob, url: relay } = drops;
  const more = { relay, host: "another" };
  await pairUp([alice, "maple"], [bob, "cedar"], more);
  const file = await alice.write("notes.md", DOCUMENT);
  for (const beside of [[], ["--keep-open=5", "--detach"]]) {
    const args = ["--leave", ...beside, "--to=cedar", file];
    const ended = await alice.run("serve", args);
    assertSuccess(ended);
    const warnings = ended.stderr.match(/warning: the pair cedar was made on/g);
    assertEquals(warnings?.length, 1, ended.stderr);
  }
  await alice.run("stop", ["--all"]);
});

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
  // A file of before came back, from a backup.
  const folder = pairsOf(drops.alice);
  const [pair] = (await readPairs(folder)).pairs;
  pair!.used!.count = 0;
  await writePair(folder, pair!);
  assertSuccess(await leave());
  assertEquals((await drops.entries()).length, 3);
  const table = await drops.alice.run("status", []);
  assertStringIncludes(table.text, "  a drop, 3 days left (");
  assertStringIncludes(table.text, "), at 127.0.0.1:");
});

Deno.test("serve --leave --to says for whom it was left, and for whom not, when the relay keeps no more", async () => {
  await using drops = await Drops.open({ RELAY_DROPS_PER_ADDRESS: "2" });
  const names = ["cedar", "elm", "fir", "yew"];
  for (const name of names) {
    await pairUp([drops.alice, "maple"], [drops.bob, name], {
      relay: drops.url,
    });
  }
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const to = `--to=${names}`;
  const ended = await drops.alice.run("serve", ["--json", "--leave", to, file]);
  assertFailure(ended, "RELAY_BUSY", "The relay 127.0.0.1:", "take one back");
  assertStringIncludes(
    ended.stderr,
    "from this network now; it was left for cedar, elm, and not for fir, yew\n",
  );
  const entries = await drops.entries();
  assertEquals(entries.map(({ to }) => to).sort(), ["cedar", "elm"]);
});

Deno.test("a relay keeps a drop for each pair that a share can be for, by default", () => {
  const { drops } = readConfig((name) =>
    name === "RELAY_DROPS" ? "kv" : undefined
  );
  assert(drops!.maxDropsPerAddress >= MAX_RECIPIENTS);
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
    "from a drop left just now by maple; the sender is not connected",
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

Deno.test("receive names a pair, and no words, in the commands that take its session or memory", async () => {
  await using drops = await Drops.open();
  const { alice, bob } = drops;
  await meet(drops, drops.url);
  const refunds = conversation("refunds");
  await writeSession(alice, refunds);
  const leave = ["--leave", "--to=cedar", "--session", refunds.id];
  assertSuccess(await alice.run("serve", leave));
  const listed = await bob.run("receive", []);
  assertSuccess(listed);
  assertStringIncludes(listed.stderr, "to take it, type this:");
  const [, command] = /claude-spread (receive .*)\n/.exec(listed.stderr)!;
  assert(command!.endsWith("--from maple"), command);
  assertSuccess(await bob.run("receive", command!.split(" ").slice(1)));
  assertEquals((await sessionsOf(bob)).length, 1);

  await remember(alice, { "MEMORY.md": "- [a](a.md)\n", "a.md": "Cents.\n" });
  assertSuccess(await alice.run("bundle", ["m.json"]));
  await using _sharing = await alice.share(["--to", "cedar", "m.json"]);
  const shown = await bob.run("receive", []);
  assertSuccess(shown);
  assertStringIncludes(
    shown.stderr,
    "/claude-spread:memory-receive --from maple receives and merges it",
  );
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

Deno.test("a pair that takes from the share what also waits for it is not offered it again", async () => {
  await using drops = await Drops.open();
  await meet(drops, drops.url);
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const args = ["--leave", "--keep-open", "5", "--to", "cedar", file];
  await using sharing = await drops.alice.share(args);
  const [waiting] = await drops.status();
  assertEquals(waiting!.state, "waiting");
  const from = ["--from", "maple", sharing.address];
  const live = await drops.bob.run("receive", from);
  assertSuccess(live);
  assertEquals(live.text, DOCUMENT);
  assertEquals(
    await until(
      "the drop to be taken back",
      async () => (await drops.status())[0]!.state === "back",
    ),
    true,
  );
});
