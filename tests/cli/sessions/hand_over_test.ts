/**
 * Sessions that were picked from a list: packed, sent, and installed, on every way.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
  until,
} from "../../support/checks.ts";
import { PROGRAMS } from "../../support/environment.ts";
import { launch } from "../../support/launcher.ts";
import { Machine } from "../../support/machine.ts";
import { Loopback, whyNoLoopback } from "../../support/isolation.ts";
import { Proxy } from "../../support/proxy.ts";
import {
  type Conversation,
  conversation,
  sessionsOf,
  writeSession,
} from "../../support/conversations.ts";
import {
  deliveries,
  KIND,
  large,
  listed,
  MiB,
  Offering,
  payloadsOf,
} from "./_offering.ts";
import { APART } from "../../support/relay_share.ts";

const noLoopback = await whyNoLoopback();

Deno.test("receive --pick installs several on one connection, and the share ends after that", async () => {
  const sessions = ["one", "two", "three"].map((title) => conversation(title));
  await using offering = await Offering.open(sessions);
  const [one, two] = sessions as [Conversation, Conversation];
  const ended = await offering.receive([
    "--json",
    "--pick",
    `${two.id},${one.id.slice(0, 13)},${two.id}`,
  ]);
  await offering.assertInstalled(ended, [two, one]);
  const { events, stderr } = await offering.sharing.ended;
  assert(!stderr.includes("error"), stderr);
  assertEquals(events.map(({ event }) => event), [
    "ready",
    "peer",
    "chosen",
    "delivered",
    "chosen",
    "delivered",
    "ended",
  ]);
  assertEquals(await offering.alice.kept(), []);
});

Deno.test("receive --pick tells a person the next step", async () => {
  const one = conversation("one");
  await using offering = await Offering.open([one]);
  const { stderr, code } = await offering.receive(["--pick", "1"]);
  assertEquals(code, 0);
  const [id] = await sessionsOf(offering.bob);
  assertStringIncludes(stderr, `claude --resume ${id}`);
});

Deno.test("serve --keep-open goes on after the first, and status says who took what", async () => {
  const [one, two] = [conversation("one"), conversation("two")];
  const flags = ["--keep-open", "5"];
  await using offering = await Offering.open([one, two], flags);
  await offering.assertInstalled(
    await offering.receive(["--json", "--pick", one.id]),
    [one],
  );
  assertSuccess(await offering.receive(["--pick", two.id]));
  const { alice } = offering;
  const [share] = await until("both receipts", async () => {
    const { events } = await alice.run("status", ["--json"]);
    return events[0]?.delivered === 2 && events;
  });
  const receivers = share!.receivers as { took: unknown }[];
  assertEquals(receivers.map(({ took }) => took), [
    { id: one.id, name: "one" },
    { id: two.id, name: "two" },
  ]);
  const { text } = await alice.run("status", []);
  const [, first, second] = text.split("\n");
  assertStringIncludes(first!, "  2 sessions  ");
  assertStringIncludes(first!, " min left (");
  assert(first!.endsWith(`: "one"`), first);
  assert(/^ +\S+ (just now|\d+ s ago): "two"$/.test(second!), second);
});

Deno.test("receive --output keeps a session as it was packed", async () => {
  const one = conversation("one");
  await using offering = await Offering.open([one], ["--keep-open", "5"]);
  const output = offering.bob.path("one.session");
  assertSuccess(await offering.receive(["--pick", "1", "--output", output]));
  const { size, mode } = await Deno.stat(output);
  assert(size > 0);
  if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
  assertEquals(await sessionsOf(offering.bob), []);
  assertFailure(
    await offering.receive(["--pick", "1", "--output", output]),
    "CANNOT_STORE",
    `Cannot write to "${output}": it exists already`,
  );
});

Deno.test("serve --detach goes on by itself, until the first receiver has taken what it wants", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const one = conversation("one");
  await writeSession(alice, one);
  const args = ["--session", one.id, "--detach", "--json", "--generate"];
  const { events: [ready], code, stderr } = await launch(
    alice,
    ["serve", ...KIND, ...args, "--interface", "127.0.0.1"],
    PROGRAMS,
    { env: { CLAUDE_CONFIG_DIR: `${alice.folder}/home/.claude` } },
  );
  assertEquals(code, 0, stderr);
  assertEquals([ready!.name, ready!.once], ["1 session", true]);
  const [address] = ready!.addresses as string[];
  const words = [String(ready!.invite), address!];
  assertSuccess(await bob.run("receive", [...KIND, "--pick", "1", ...words]));
  await until("the end", async () => {
    const { events } = await alice.run("status", ["--json"]);
    return events[0]?.state === "ended" && events[0]!.delivered === 1;
  });
  assertEquals(await alice.kept(), []);
});

Deno.test({
  name:
    "receive --kind session finds the share among others, and its picks once more",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    const { via } = loopback;
    const one = conversation("one");
    const passphrase = uniquePassphrase();
    await using offering = await Offering.open([one], [], { via }, passphrase);
    const { alice, bob } = offering;
    const file = await alice.write("a.md", "# A distillation\n");
    await using _other = await alice.share([passphrase, file], { via });
    const ask = (...args: string[]) =>
      bob.run("receive", [...KIND, "--json", ...args, passphrase], { via });
    assertEquals(listed(await ask()).length, 1);
    await offering.assertInstalled(await ask("--pick", "1"), [one]);
    const { events } = await offering.sharing.ended;
    assert(
      events.every(({ event }) => event !== "refused"),
      "a guess was spent",
    );
  },
});

Deno.test("receive --kind session takes the same invite for the list and for its picks, through the relay", async () => {
  await using relay = await startLocalRelay();
  const sessions = [conversation("one"), large(5 * MiB)];
  const flags = ["--relay", relay.url];
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  for (const session of sessions) await writeSession(alice, session);
  const args = [...KIND, "--session", "all", ...flags, "--generate"];
  await using sharing = await alice.share(args);
  const invite = String(sharing.ready.invite);
  const ask = (...args: string[]) =>
    bob.run("receive", [...KIND, "--json", ...flags, ...args, invite], APART);
  assertEquals(listed(await ask()).length, 2);
  const ended = await ask("--pick", "1,2");
  assertSuccess(ended);
  assertEquals((await sessionsOf(bob)).length, 2);
  const { events, stderr } = await sharing.ended;
  assert(events.every(({ event }) => event !== "refused"), stderr);
  assertEquals(events.at(-1), { event: "ended", delivered: 2 });
});

Deno.test("receive --pick goes on, when the relay is started anew amid a session", async () => {
  const settings = { secret: "s".repeat(32), drainMs: 0 };
  let relay = await startLocalRelay(settings);
  try {
    await using alice = await Machine.make();
    await using bob = await Machine.make();
    const session = large(64 * MiB);
    await writeSession(alice, session);
    const flags = ["--relay", relay.url];
    const args = [...KIND, "--session", session.id, ...flags, "--generate"];
    await using sharing = await alice.share(args);
    const pick = ["--json", ...KIND, ...flags, "--pick", "1"];
    await using receiving = bob.start("receive", [
      ...pick,
      String(sharing.ready.invite),
    ], APART);
    const { hub } = relay.server;
    const passed = () => hub.metrics.get("bytes_forwarded");
    await until("some of it", () => passed() > 4 * MiB);
    const port = Number(new URL(relay.url).port);
    await relay[Symbol.asyncDispose]();
    const [packed] = await alice.kept();
    const { size } = await Deno.stat(`${alice.state}/${packed}`);
    assert(passed() < size, "all of it had passed");
    relay = await startLocalRelay({ ...settings, port });
    const ended = await receiving.ended;
    assertSuccess(ended);
    assertEquals(deliveries(ended).map(({ choice }) => choice), [session.id]);
    const after = relay.server.hub.metrics.get("bytes_forwarded");
    assert(after < size, `${after} of ${size} bytes were sent once more`);
    assertEquals(await payloadsOf(bob), []);
    assertSuccess(await sharing.ended);
  } finally {
    await relay[Symbol.asyncDispose]();
  }
});

Deno.test("receive --pick goes on after a cut, without the list and without packing anew", async () => {
  const session = large(9 * MiB);
  await using offering = await Offering.open([session, conversation("two")]);
  const { sharing, alice } = offering;
  const holdAfter = [3 * MiB];
  await using proxy = new Proxy({ port: sharing.port, holdAfter });
  const receiving = offering.receiveVia(proxy, [
    "--json",
    "--pick",
    session.id,
  ]);
  await proxy.held;
  const packed = await alice.kept();
  assertEquals(packed.length, 1);
  const { size } = await Deno.stat(`${alice.state}/${packed[0]}`);
  proxy.cut();
  await offering.assertInstalled(await receiving, [session]);
  const [before, after] = proxy.passed as [number, number];
  assert(before > 2 * MiB && after < size - 2 * MiB, `${before}, ${after}`);
  const { events } = await sharing.ended;
  assertEquals(events.filter(({ event }) => event === "delivered").length, 1);
});

Deno.test("receive --pick keeps what has arrived, when it is stopped, and goes on from there", async () => {
  const session = large(9 * MiB);
  await using offering = await Offering.open([session]);
  const { sharing, bob, words } = offering;
  await using proxy = new Proxy({ port: sharing.port, holdAfter: [3 * MiB] });
  const args = [...KIND, "--pick", "1", words, proxy.address];
  await using receiving = bob.start("receive", args);
  await proxy.held;
  await until("2 MiB", async () => {
    const [name] = await payloadsOf(bob);
    return name && (await Deno.stat(`${bob.state}/${name}`)).size > 2 * MiB;
  });
  assertFailure(await receiving.stop(), "INTERRUPTED", "Stopped");
  assertEquals(await sessionsOf(bob), []);
  proxy.release();
  await offering.assertInstalled(
    await offering.receiveVia(proxy, ["--json", "--pick", "1"]),
    [session],
  );
  assert(proxy.passed.at(-1)! < 8 * MiB, `${proxy.passed}`);
});
