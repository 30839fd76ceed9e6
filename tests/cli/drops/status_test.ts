/** Drops in a sender's `status`, and taking them back. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
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
  assertFailure(open, "USAGE", "It is unclear which share or drop to end");
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

Deno.test("stop takes no longer for many drops at a relay that is silent, and hears the others", async () => {
  await using drops = await Drops.open();
  const { id } = await drops.leave();
  const [entry] = await drops.entries();
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  const relay = `ws://127.0.0.1:${port}`;
  for (let i = 0; i < 40; i++) {
    const other = `0000000${i}`.slice(-8);
    const begun = new Date(0).toISOString();
    await Deno.writeTextFile(
      `${drops.alice.state}/drops/${other}.json`,
      JSON.stringify({ ...entry, id: other, relay, begun }),
    );
  }
  const start = performance.now();
  const stopped = await drops.alice.run("stop", ["--all"]);
  assert(performance.now() - start < 20_000);
  assertStringIncludes(stopped.stderr, `${id} was taken back`);
  assertEquals(stopped.stderr.match(/does not answer/g)?.length, 40);
  assertEquals((await drops.entries()).length, 41);
});

Deno.test("status and stop do not wait for ever for a relay that has ended for good", async () => {
  await using drops = await Drops.open();
  const { id } = await drops.leave();
  await drops.stopRelay();
  const [entry] = await drops.entries();
  const expire = async (hours: number) => {
    const expires = new Date(Date.now() - hours * 3600_000).toISOString();
    await Deno.writeTextFile(
      `${drops.alice.state}/drops/${id}.json`,
      JSON.stringify({ ...entry, expires }),
    );
  };
  // One of the two clocks may be a day off.
  await expire(20);
  assertEquals((await drops.status())[0]!.state, "unknown");
  await expire(25);
  assertStringIncludes(
    (await drops.alice.run("stop", [String(id)])).stderr,
    `${id} had expired already`,
  );
  await expire(25);
  assertEquals((await drops.status())[0]!.state, "expired");
  assertEquals(await drops.status(), []);
});
