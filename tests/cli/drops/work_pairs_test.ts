/** Drops with work for paired machines, and beside a share of the same. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { pairUp } from "../../support/pairs.ts";
import { KEPT_WORK, keptWork, makeWork } from "../../support/work.ts";
import { DOCUMENT, Drops } from "./_drops.ts";

Deno.test("serve --leave --to cedar,birch --with-work leaves the work for both, and receive lists it", async () => {
  await using drops = await Drops.open();
  const { alice, bob, url: relay } = drops;
  await using birch = await Machine.make();
  await pairUp([alice, "maple"], [bob, "cedar"], { relay });
  await pairUp([alice, "maple"], [birch, "birch"], { relay });
  await makeWork(alice);
  const file = await alice.write("notes.md", DOCUMENT);
  const leave = ["--leave", "--to", "cedar,birch", file];
  const left = await alice.run("serve", ["--with-work", ...leave]);
  assertSuccess(left);
  assertEquals(left.stderr.match(/with the work: 1 commit/g)?.length, 1);
  const table = await alice.run("status", []);
  assertStringIncludes(table.text, "with work (201.4 KB) for birch");
  await alice.write("notes.md", "# Later\n");
  assertSuccess(await alice.run("serve", ["--leave", "--to", "cedar", file]));
  const several = await bob.run("receive", []);
  assertFailure(several, "NOT_AGREED", "2 shares wait for this machine");
  assertStringIncludes(
    several.stderr,
    "notes.md (34 bytes) with work (201.4 KB)",
  );
  assert(/notes\.md \(8 bytes\) +left/.test(several.stderr));
  const first = await bob.run("receive", ["--from", "maple:1"]);
  const other = await birch.run("receive", []);
  for (const [machine, ended] of [[bob, first], [birch, other]] as const) {
    assertSuccess(ended);
    assertEquals(ended.text, DOCUMENT);
    assertEquals(await keptWork(machine), KEPT_WORK);
  }
  const states = (await drops.status()).map(({ to, state }) => [to, state]);
  assertEquals(states, [["cedar", "taken"], ["birch", "taken"], [
    "cedar",
    "waiting",
  ]]);
});

Deno.test("a pair that takes the text from the share, and not the work, finds both in the drop still", async () => {
  await using drops = await Drops.open();
  const { alice, bob, url: relay } = drops;
  await pairUp([alice, "maple"], [bob, "cedar"], { relay });
  await makeWork(alice);
  const file = await alice.write("notes.md", DOCUMENT);
  const args = ["--leave", "--keep-open", "5", "--to", "cedar", "--with-work"];
  await using sharing = await alice.share([...args, file]);
  const from = ["--from", "maple", sharing.address];
  const { sha256 } = sharing.ready.work as { sha256: string };
  // It is in the way of the work.
  const folder = `${bob.state}/work/${sha256.slice(0, 8)}.work`;
  await Deno.mkdir(`${folder}/a`, { recursive: true });
  const failed = await bob.run("receive", from);
  assertFailure(failed, "CANNOT_STORE", "Cannot write to");
  assertEquals(failed.text, DOCUMENT);
  await sharing.event("refused");
  assertEquals((await drops.status())[0]!.state, "waiting");
  await Deno.remove(folder, { recursive: true });
  const live = await bob.run("receive", from);
  assertSuccess(live);
  assertEquals(live.text, DOCUMENT);
  assertEquals(await keptWork(bob), KEPT_WORK);
  await until(
    "the drop to be taken back",
    async () => (await drops.status())[0]!.state === "back",
  );
});
