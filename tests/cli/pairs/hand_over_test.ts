/**
 * `serve --to` and a bare `receive`: no words on either side.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { test } from "./_people.ts";

test("receive without a word takes what a pair shares, and both sides name it", async (people) => {
  const { maple, cedar } = people;
  const sharing = await people.share("hello", ["--to", "cedar", "--once"]);
  assertEquals(sharing.ready.invite, null);
  assertEquals(sharing.ready.to, ["cedar"]);
  assertEquals(sharing.ready.terminal_commands, ["claude-spread receive"]);
  assertEquals(sharing.ready.commands, ["/claude-spread:distill-receive"]);
  const received = await people.run(cedar, "receive");
  assertSuccess(received);
  assertEquals(received.text.trim(), "hello");
  assertStringIncludes(received.stderr, "found maple");
  assertStringIncludes(received.stderr, " from maple");
  const sent = await sharing.ended;
  assertSuccess(sent);
  const peer = "127.0.0.1";
  assertEquals(sent.events.slice(1), [
    { event: "peer", peer, pair: "cedar" },
    { event: "delivered", peer, pair: "cedar", count: 1 },
    { event: "ended", delivered: 1 },
  ]);
  assertEquals(await maple.kept(), []);
  assertEquals(await cedar.kept(), []);
});

test("receive takes from either of two recipients' machines, and not from a third", async (people) => {
  const { maple, cedar, birch } = people;
  const sharing = await people.share("both", ["--to", "cedar,birch"]);
  for (const machine of [cedar, birch]) {
    const received = await people.run(machine, "receive");
    assertSuccess(received);
    assertEquals(received.text.trim(), "both");
  }
  const status = await people.run(maple, "status");
  assertSuccess(status);
  assertStringIncludes(status.text, "both.md (4 bytes) for cedar, birch");
  assertStringIncludes(status.text, "cedar just now");
  await sharing.stop();
  const onlyBirch = await people.share("one", ["--to", "birch"]);
  const none = await people.run(cedar, "receive", "--timeout", "1");
  assertFailure(
    none,
    "NO_SENDER",
    "Nothing from maple was found on the local network within 1 second",
    "claude-spread receive WORDS",
  );
  const { events } = await onlyBirch.stop();
  assertEquals(events.filter(({ event }) => event === "refused"), []);
});
