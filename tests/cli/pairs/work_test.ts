/** Work that comes along in a share for pairs, on the local network and at a relay. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { pairUp } from "../../support/pairs.ts";
import { APART } from "../../support/relay_share.ts";
import { KEPT_WORK, keptWork, makeWork, readWork } from "../../support/work.ts";
import { test } from "./_people.ts";

test("a bare receive takes the text and the work of a pair", async (people) => {
  const { maple, cedar } = people;
  await makeWork(maple);
  const args = ["--to", "cedar", "--with-work", "--once"];
  const sharing = await people.share("hello", args);
  const received = await people.run(cedar, "receive");
  assertSuccess(received);
  assertEquals(received.text.trim(), "hello");
  assertStringIncludes(received.stderr, "the work came along: 1 commit");
  const sent = await sharing.ended;
  assertSuccess(sent);
  const delivered = sent.events.filter(({ event }) => event === "delivered");
  assertEquals(delivered.map(({ pair, choice }) => [pair, choice]), [
    ["cedar", "text"],
    ["cedar", "work"],
  ]);
  assertEquals(await keptWork(cedar), KEPT_WORK);
});

Deno.test("receive --from takes the text and the work of a pair at a relay, and lists which share has work", async () => {
  await using relay = await startLocalRelay();
  await using maple = await Machine.make();
  await using cedar = await Machine.make();
  await pairUp([maple, "maple"], [cedar, "cedar"], { relay: relay.url });
  await makeWork(maple);
  const file = await maple.write("notes.md", "hello");
  const args = ["--to", "cedar", file];
  await using _other = await maple.share(args);
  await using sharing = await maple.share(["--with-work", ...args]);
  const { size } = sharing.ready.work as { size: number };
  const listed = await cedar.run("receive", [], APART);
  const rows = listed.stderr.split("\n").filter((line) => /\.md/.test(line));
  assertEquals(
    rows.map((line) => line.trim().split(/ {2,}/)[3]),
    [
      "notes.md (5 bytes)",
      `notes.md (5 bytes) with work (${(size / 1000).toFixed(1)} KB)`,
    ],
  );
  const received = await cedar.run("receive", ["--from", "maple:2"], APART);
  assertSuccess(received);
  assertEquals(received.text.trim(), "hello");
  assertEquals((await readWork(cedar)).map(({ length }) => length), [size]);
});
