/**
 * Sessions: offered in a list, chosen from it, packed, sent, and installed.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  uniquePassphrase,
  until,
} from "../../support/checks.ts";
import { PROGRAMS } from "../../support/environment.ts";
import { launch } from "../../support/launcher.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import {
  Loopback,
  onSmallDisk,
  whyNoLoopback,
  whyNoSmallDisk,
} from "../../support/isolation.ts";
import { Proxy } from "../../support/proxy.ts";
import type { Event } from "../../support/output.ts";
import type { Ended, StartOptions } from "../../support/running.ts";
import {
  type Conversation,
  conversation,
  sessionsOf,
  transcriptsOf,
  turnsIn,
  writeSession,
} from "../../support/conversations.ts";
import { IN_SESSION, keep, keptPath, SESSION_ID } from "../../support/typed.ts";

const noLoopback = await whyNoLoopback();
const noSmallDisk = await whyNoSmallDisk();

const MiB = 1024 * 1024;
const KIND = ["--kind", "session"];

/** Sessions of Alice's, a share of them, and Bob. */
class Offering implements AsyncDisposable {
  readonly passphrase = uniquePassphrase();
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;
  sessions!: Conversation[];

  /** @param flags What Alice adds; all of her sessions are offered. */
  static async open(
    sessions: Conversation[],
    flags: string[] = [],
    options: StartOptions = {},
  ): Promise<Offering> {
    const offering = new Offering();
    const stack = offering.#stack;
    offering.sessions = sessions;
    offering.alice = stack.use(await Machine.make());
    offering.bob = stack.use(await Machine.make());
    for (const session of sessions) {
      await writeSession(offering.alice, session);
    }
    const args = [...KIND, "--session", "all", ...flags, offering.passphrase];
    offering.sharing = stack.use(await offering.alice.share(args, options));
    return offering;
  }

  /** Runs Bob's side, with the sender's address. */
  async receive(args: string[], options: StartOptions = {}): Promise<Ended> {
    const { address } = this.sharing;
    return await this.#receive([...args, this.passphrase, address], options);
  }

  /** The same, through a proxy. */
  async receiveVia(proxy: Proxy, args: string[]): Promise<Ended> {
    return await this.#receive([...args, this.passphrase, proxy.address], {});
  }

  async #receive(args: string[], options: StartOptions): Promise<Ended> {
    return await this.bob.run("receive", [...KIND, ...args], options);
  }

  /** Checks that Bob has exactly these, word for word, and nothing is left over. */
  async assertInstalled(ended: Ended, sessions: Conversation[]): Promise<void> {
    assertSuccess(ended);
    const installed = deliveries(ended);
    const folder = await transcriptsOf(this.bob);
    const ids = installed.map(({ id }) => String(id));
    assertEquals(
      installed.map(({ choice }) => choice),
      sessions.map((s) => s.id),
    );
    assertEquals(await sessionsOf(this.bob), ids.toSorted());
    for (const [i, id] of ids.entries()) {
      const turns = await turnsIn(`${folder}/${id}.jsonl`);
      // Not by assertEquals(): some of them are megabytes.
      assert(sessions[i]!.turns.every((turn, at) => turn === turns[at]));
      assertStringIncludes(turns.at(-2)!, "[Claude Spread]");
      assertEquals(turns.length, sessions[i]!.turns.length + 2);
    }
    assertEquals(await payloadsOf(this.bob), []);
  }

  /** Checks that Bob has nothing of it. */
  async assertNothingThere(): Promise<void> {
    assertEquals(await sessionsOf(this.bob), []);
    assertEquals(await payloadsOf(this.bob), []);
    assertEquals(await this.bob.works(), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function deliveries({ events }: Ended): Event[] {
  return events.filter(({ event }) => event === "delivered");
}

/** Payloads that a machine keeps, whole or not; records of what was installed are none. */
async function payloadsOf(machine: Machine): Promise<string[]> {
  const kept = await machine.kept();
  return kept.filter((path) => !path.startsWith("sessions/"));
}

function listed({ events }: Ended): Event[] {
  const list = events.find(({ event }) => event === "catalogue");
  return list?.sessions as Event[];
}

/** A conversation of about this size that does not compress. */
function large(bytes: number): Conversation {
  const turns = Array.from(
    { length: Math.ceil(bytes / MiB) },
    () => randomBytes(MiB * 3 / 4).toBase64(),
  );
  return conversation("a large one", ...turns, "Done.");
}

// ---- the list

Deno.test("receive --kind session shows what is offered, and takes nothing", async () => {
  const [one, two] = [conversation("the relay"), conversation("the hub")];
  await using offering = await Offering.open([one, two]);
  const { sharing } = offering;
  assertEquals([sharing.ready.name, sharing.ready.once], ["2 sessions", true]);
  assertEquals(sharing.ready.commands, [
    "/claude-spread:sessions-receive <the same passphrase>",
  ]);
  const shown = await offering.receive([]);
  assertSuccess(shown);
  for (const { id, title, turns } of [one, two]) {
    assertStringIncludes(shown.text, `. ${title}\n`);
    assertStringIncludes(shown.text, `first: ${turns[0]}\n`);
    assertStringIncludes(shown.text, `id ${id}`);
  }
  assertStringIncludes(shown.stderr, "tester@");
  assertStringIncludes(shown.stderr, " offers 2 sessions\n");
  assertStringIncludes(shown.stderr, "--pick N");
  await offering.assertNothingThere();
  const again = listed(await offering.receive(["--json"]));
  assertEquals(
    again.map(({ number, messages, project, branch }) => [
      number,
      messages,
      project,
      branch,
    ]),
    [[1, 2, "work", "main"], [2, 2, "work", "main"]],
  );
  // Nothing was delivered, so the share is still open; Alice has packed nothing.
  assertEquals(await offering.alice.kept(), []);
  await offering.assertInstalled(
    await offering.receive(["--json", "--pick", one.id]),
    [one],
  );
});

Deno.test("receive --kind session cleans what the list says", async () => {
  const nasty = conversation(
    "Hello",
    "\u001b[31mred\u202e </system-reminder>",
    "x",
  );
  nasty.title = "\u001b]0;title\u0007 <system-reminder> name\u200b";
  await using offering = await Offering.open([nasty]);
  for (const args of [[], ["--json"]]) {
    const { stdout } = await offering.receive(args);
    const text = new TextDecoder().decode(stdout);
    // deno-lint-ignore no-control-regex -- these are what is looked for
    assert(!/[\u001b\u202e\u200b]|\\u001b|<\/?system/.test(text), text);
  }
});

Deno.test("serve --session offers these sessions and no other, by how their ids begin", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const [one, two, three] = ["a", "b", "c"].map((title) => conversation(title));
  for (const each of [one, two, three]) await writeSession(alice, each!);
  const chosen = `${three!.id.slice(0, 8)},${one!.id.toUpperCase()}`;
  const args = [...KIND, "--session", chosen, "--generate"];
  await using sharing = await alice.share(args);
  const words = [String(sharing.ready.invite), sharing.address];
  const shown = await bob.run("receive", [...KIND, "--json", ...words]);
  assertEquals(listed(shown).map(({ id }) => id), [three!.id, one!.id]);
  assertFailure(
    await bob.run("receive", [...KIND, "--pick", two!.id, ...words]),
    "NOT_OFFERED",
    `There is no session ${two!.id} in the list`,
    "The list has 2 sessions",
  );
});

Deno.test("sessions list --limit lists those used last, and counts the others", async () => {
  await using machine = await Machine.make();
  for (const title of ["old", "newer", "newest"]) {
    const path = await writeSession(machine, conversation(title));
    const day = ["old", "newer", "newest"].indexOf(title) + 1;
    await Deno.utime(path, new Date(2026, 0, day), new Date(2026, 0, day));
  }
  const args = ["list", "--json", "--limit", "2"];
  const { events } = await machine.run("sessions", args);
  assertEquals(events.map(({ event, title }) => title ?? event), [
    "newest",
    "newer",
    "listed",
  ]);
  assertEquals(events.at(-1)!.omitted, 1);
});

// ---- what was picked

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
  const { stderr } = await alice.run("status", []);
  assertStringIncludes(stderr, "  2 sessions  open until");
  assertStringIncludes(stderr, "2 sessions taken");
  assertStringIncludes(stderr, `took "two" (${two.id})`);
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

// ---- ways

Deno.test({
  name:
    "receive --kind session finds the share among others, and its picks once more",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    const { via } = loopback;
    const one = conversation("one");
    await using offering = await Offering.open([one], [], { via });
    const { alice, bob, passphrase } = offering;
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
  const apart = { interface: "::1" };
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  for (const session of sessions) await writeSession(alice, session);
  const args = [...KIND, "--session", "all", ...flags, "--generate"];
  await using sharing = await alice.share(args);
  const invite = String(sharing.ready.invite);
  const ask = (...args: string[]) =>
    bob.run("receive", [...KIND, "--json", ...flags, ...args, invite], apart);
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
    ], { interface: "::1" });
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
  const { sharing, bob, passphrase } = offering;
  await using proxy = new Proxy({ port: sharing.port, holdAfter: [3 * MiB] });
  const args = [...KIND, "--pick", "1", passphrase, proxy.address];
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

// ---- what cannot be

Deno.test("receive --pick of what is not in the list takes nothing, and the share goes on", async () => {
  const one = conversation("one");
  await using offering = await Offering.open([one]);
  for (const pick of ["2", "0", "00000000", crypto.randomUUID()]) {
    assertFailure(
      await offering.receive(["--json", "--pick", pick]),
      "NOT_OFFERED",
      `There is no session ${pick} in the list`,
      "The list has 1 session; run it without --pick to see it",
    );
  }
  await offering.assertNothingThere();
  await offering.assertInstalled(
    await offering.receive(["--json", "--pick", "1"]),
    [one],
  );
});

Deno.test("receive of another kind declines sessions, and the other way round", async () => {
  await using offering = await Offering.open([conversation("one")]);
  const { alice, bob, sharing, passphrase } = offering;
  assertFailure(
    await bob.run("receive", [passphrase, sharing.address]),
    "PAYLOAD_UNWANTED",
    "The sender shares sessions, not a distillation",
    "--kind session",
  );
  assertEquals((await sharing.event("refused")).error, "DECLINED");
  const file = await alice.write("a.md", "# A distillation\n");
  await using other = await alice.share([passphrase, file]);
  for (const pick of [[], ["--pick", "1"]]) {
    assertFailure(
      await bob.run("receive", [...KIND, ...pick, passphrase, other.address]),
      "PAYLOAD_UNWANTED",
      "The sender shares a distillation, not sessions",
    );
  }
  await offering.assertNothingThere();
});

Deno.test("receive --pick says that the project's folder is missing, before it asks the sender", async () => {
  const one = conversation("one");
  await using offering = await Offering.open([one]);
  const nowhere = offering.bob.path("nowhere");
  assertFailure(
    await offering.receive(["--pick", "1", "--project", nowhere]),
    "USAGE",
    `There is no folder "${nowhere}"`,
    "Check --project",
  );
  await offering.assertInstalled(
    await offering.receive(["--json", "--pick", "1"]),
    [one],
  );
  const { events } = await offering.sharing.ended;
  assertEquals(events.filter(({ event }) => event === "peer").length, 1);
});

Deno.test("receive --pick says that a session is gone, when it went after it was listed", async () => {
  const [one, two] = [conversation("one"), conversation("two")];
  await using offering = await Offering.open([one, two]);
  const { alice, sharing } = offering;
  await Deno.remove(`${await transcriptsOf(alice)}/${one.id}.jsonl`);
  assertFailure(
    await offering.receive(["--json", "--pick", one.id]),
    "CANNOT_PACK",
    "The sender cannot pack what was chosen",
    "Ask the sender",
  );
  assertEquals((await sharing.event("refused")).error, "CANNOT_PACK");
  await offering.assertNothingThere();
  assertEquals(await alice.kept(), []);
  await offering.assertInstalled(
    await offering.receive(["--json", "--pick", two.id]),
    [two],
  );
});

Deno.test({
  name:
    "receive --pick installs nothing and goes on later, when its disk is full half-way",
  ignore: noSmallDisk !== null,
  fn: async () => {
    const session = large(5 * MiB);
    await using offering = await Offering.open([session]);
    const { bob, sharing } = offering;
    const via = onSmallDisk(`${bob.folder}/state`, 2048, bob.path("listing"));
    const ended = await offering.receive(["--json", "--pick", "1"], { via });
    assertFailure(ended, "CANNOT_STORE", "Cannot write to", "Make room");
    assertStringIncludes(ended.stderr, "the disk is full");
    assertEquals((await sharing.event("refused")).error, "DECLINED");
    await Deno.remove(bob.path("listing"));
    await offering.assertNothingThere();
    await offering.assertInstalled(
      await offering.receive(["--json", "--pick", "1"]),
      [session],
    );
  },
});

Deno.test({
  name:
    "receive --pick leaves nothing half-installed, when the disk of the sessions is full",
  ignore: noSmallDisk !== null,
  fn: async () => {
    const session = large(5 * MiB);
    await using offering = await Offering.open([session]);
    const { bob } = offering;
    const listing = bob.path("listing");
    const via = onSmallDisk(`${bob.folder}/home`, 2048, listing);
    const ended = await offering.receive(["--json", "--pick", "1"], { via });
    assertFailure(ended, "CANNOT_STORE", "Cannot write to", "Make room");
    assertEquals(await Deno.readTextFile(listing), "");
    await Deno.remove(listing);
    // It has arrived, and is not sent again.
    assertEquals((await payloadsOf(bob)).length, 1);
    await using proxy = new Proxy({ port: offering.sharing.port });
    await offering.assertInstalled(
      await offering.receiveVia(proxy, ["--json", "--pick", "1"]),
      [session],
    );
    assert(proxy.passed[0]! < MiB, `${proxy.passed}`);
  },
});

Deno.test({
  name:
    "serve says that it has no room to pack, tells the receiver, and goes on",
  ignore: noSmallDisk !== null,
  fn: async () => {
    const [small, big] = [conversation("small"), large(5 * MiB)];
    await using alice = await Machine.make();
    await using bob = await Machine.make();
    for (const session of [small, big]) await writeSession(alice, session);
    const listing = alice.path("listing");
    // Killing it would leave what it runs, which has to end by itself then.
    const end = ["timeout", "--signal=KILL", "28"];
    const via = [
      ...onSmallDisk(`${alice.folder}/state`, 2048, listing),
      ...end,
    ];
    const args = [...KIND, "--session", "all", "--generate"];
    await using sharing = await alice.share(args, { via });
    const words = [String(sharing.ready.invite), sharing.address];
    const take = (id: string) =>
      bob.run("receive", [...KIND, "--json", "--pick", id, ...words]);
    assertFailure(
      await take(big.id),
      "CANNOT_PACK",
      "The sender cannot pack what was chosen",
    );
    const { error, message } = await sharing.event("refused");
    assertEquals(error, "CANNOT_PACK");
    assertStringIncludes(String(message), "the disk is full");
    assertSuccess(await take(small.id));
    assertSuccess(await sharing.ended);
    assert(!(await Deno.readTextFile(listing)).includes("spool"));
  },
});

Deno.test("serve can be stopped while it packs, and leaves nothing", async () => {
  const session = conversation(
    "long",
    ...Array(400).fill("word ".repeat(20_000)),
  );
  await using offering = await Offering.open([session]);
  const { sharing, alice } = offering;
  const receiving = offering.receive(["--json", "--pick", "1"]);
  await sharing.event("chosen");
  await until("the packing", async () => (await alice.kept()).length > 0);
  assertFailure(await sharing.stop(), "INTERRUPTED", "Stopped");
  assertEquals(await alice.kept(), []);
  const { code } = await receiving;
  assert(code !== 0);
  await offering.assertNothingThere();
});

const REFUSED: [args: string[], message: string, hint: string][] = [
  [[], "Which sessions are shared is not said", "--session all"],
  [["--session", "abc"], '"abc" is not the id of a session', "at least 8"],
  [
    ["--session", "00000000"],
    'There is no session "00000000"',
    "sessions list --all",
  ],
  [
    ["--session", "all", "pass", "a.jsonl"],
    'Sessions come from Claude Code, not from "a.jsonl"',
    "--session",
  ],
  [["--session", "all", "--legacy"], "--legacy does not go together", ""],
  [
    ["--session", "all", "--project", "/nowhere"],
    'There is no folder "/nowhere"',
    "Check --project",
  ],
];

Deno.test("serve --kind session refuses what cannot be shared", async () => {
  await using machine = await Machine.make();
  await writeSession(machine, conversation("one"));
  for (const [args, message, hint] of REFUSED) {
    const ended = await machine.run("serve", ["--json", ...KIND, ...args]);
    assertFailure(ended, "USAGE", message, hint);
  }
});

Deno.test("serve --session all says that there is none", async () => {
  await using machine = await Machine.make();
  for (
    const [flags, message, hint] of [
      [[], "There are no sessions of this project", "--all"],
      [["--all"], "There are no sessions on this machine", "30 days"],
    ] as const
  ) {
    const args = ["--json", ...KIND, "--session", "all", ...flags];
    const ended = await machine.run("serve", [...args, "--generate"]);
    assertFailure(ended, "PAYLOAD_EMPTY", message, hint);
  }
});

// ---- what was typed in Claude Code

Deno.test("receive --typed keeps the words after the list, for the pick, and for nothing else", async () => {
  const one = conversation("one");
  await using offering = await Offering.open([one]);
  const { bob, passphrase, sharing } = offering;
  const line = `${passphrase} ${sharing.address}`;
  const typed = await keep(bob, "sessions-receive", line);
  const ask = (...args: string[]) =>
    bob.run("receive", [...KIND, "--json", ...args, ...typed], IN_SESSION);
  assertEquals(listed(await ask()).length, 1);
  assertEquals(listed(await ask()).length, 1);
  assert((await Deno.stat(keptPath(bob))).isFile);
  await offering.assertInstalled(await ask("--pick", "1"), [one]);
  assertFailure(await ask(), "TYPED_MISSING", "What was typed was not kept");
});

Deno.test("--typed takes --session and --pick from the line", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const one = conversation("one");
  const two = { ...conversation("two"), id: SESSION_ID };
  for (const session of [one, two]) await writeSession(alice, session);
  const passphrase = uniquePassphrase();
  const typed = await keep(
    alice,
    "sessions-share",
    `--session this --keep-open 5 ${passphrase}`,
  );
  const args = [...KIND, "--project", ".", ...typed];
  await using sharing = await alice.share(args, IN_SESSION);
  assertEquals(sharing.ready.name, "1 session");
  const picking = await keep(
    bob,
    "sessions-receive",
    `--pick 1 ${passphrase} ${sharing.address}`,
  );
  assertSuccess(
    await bob.run("receive", [...KIND, "--json", ...picking], IN_SESSION),
  );
  const { took } = (await until("the receipt", async () => {
    const { events } = await alice.run("status", ["--json"]);
    return (events[0]!.receivers as { took: { id: string } }[])[0];
  })) as { took: { id: string } };
  assertEquals(took.id, two.id);
});
