/** Drops in a sender's `status`, and taking them back. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { DOCUMENT, Drops } from "./_drops.ts";

Deno.test("status says whether a drop waits or was taken, and stop takes one back", async () => {
  await using drops = await Drops.open();
  const first = await drops.leave();
  const second = await drops.leave(DOCUMENT, "--leave=2h");
  const waiting = await drops.status();
  assertEquals(waiting.map(({ id, state }) => [id, state]), [
    [first.id, "waiting"],
    [second.id, "waiting"],
  ]);
  const text = JSON.stringify(waiting);
  for (const { token, drop } of await drops.entries()) {
    assertEquals([text.includes(`${token}`), text.includes(`${drop}`)], [
      false,
      false,
    ]);
  }
  assertSuccess(await drops.take(first.code));
  // One alone is left, by the relay's word.
  const stopped = await drops.alice.run("stop", []);
  assertSuccess(stopped);
  assertStringIncludes(stopped.stderr, `${second.id} was taken back`);
  const table = await drops.alice.run("status", []);
  assertStringIncludes(table.text, "a drop, taken just now");
  assertStringIncludes(table.text, "a drop, taken back just now");
  const gone = await drops.take(second.code);
  assertFailure(gone, "NO_DROP", "The relay 127.0.0.1:");
  const none = await drops.alice.run("stop", ["--all"]);
  assertStringIncludes(none.stderr, "nothing is shared");
});

Deno.test("stop says that a drop was faster, and that its relay is out of reach, and keeps the entry then", async () => {
  await using drops = await Drops.open();
  const taken = await drops.leave();
  const waiting = await drops.leave();
  const open = await drops.alice.run("stop", []);
  assertFailure(open, "USAGE", "It is unclear which share or drop is meant");
  assertSuccess(await drops.take(taken.code));
  const late = await drops.alice.run("stop", [String(taken.id)]);
  assertStringIncludes(late.stderr, "had been taken already");
  await drops.stopRelay();
  const cut = await drops.alice.run("stop", [String(waiting.id)]);
  assertFailure(
    cut,
    "RELAY_UNREACHABLE",
    `Cannot take ${waiting.id} back: Cannot reach the relay`,
  );
  const [shown] = (await drops.status()).filter(({ id }) => id === waiting.id);
  assertEquals(shown!.state, "unknown");
  assertStringIncludes(String(shown!.why), "the connection is refused");
  assertEquals((await drops.entries()).length, 2);
});
