/**
 * `serve --to` and a bare `receive`: no words on either side.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import type { Event } from "../../support/output.ts";
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

test("a detached share gets the names of pairs and no seed, and status and stop know it", async (people) => {
  const { maple, cedar, files: [{ seed }] } = people;
  const file = await maple.write("notes.md", "detached");
  const args = ["--json", "--detach", "--to", "cedar", file];
  const started = await people.run(maple, "serve", ...args);
  assertSuccess(started);
  const [{ id, to, terminal_commands }] = started.events as [Event];
  assertEquals([to, terminal_commands], [["cedar"], ["claude-spread receive"]]);
  const [share] = (await people.run(maple, "status", "--json")).events;
  const line = await Deno.readTextFile(`/proc/${share!.pid}/cmdline`);
  assertStringIncludes(line, "--to=cedar");
  assert(!line.includes(seed), line);
  const received = await people.run(cedar, "receive");
  assertSuccess(received);
  assertEquals(received.text.trim(), "detached");
  // The share notes the receipt a moment after the receiver has ended.
  const entry = await until("the receipt", async () => {
    const [one] = (await people.run(maple, "status", "--json")).events;
    const noted = one as Event & { receivers: { pair: string }[] };
    return noted.receivers.length > 0 && noted;
  });
  assertEquals([entry.to, entry.receivers.map(({ pair }) => pair)], [
    ["cedar"],
    ["cedar"],
  ]);
  assertSuccess(await people.run(maple, "stop", String(id)));
  for (const name of await maple.entries()) {
    // The share that ends writes its entry anew.
    if (name.endsWith(".new")) continue;
    const text = await Deno.readTextFile(`${maple.state}/shares/${name}`);
    assert(!text.includes(seed), name);
  }
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
