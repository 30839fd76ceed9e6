/** Drops for paired machines: nothing to read out, nothing to type. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
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
  assertStringIncludes(table.text, "a drop at 127.0.0.1:");
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
