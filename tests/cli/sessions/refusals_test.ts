/**
 * Sessions that cannot be shared or installed: what both sides say then, and what is left.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { onSmallDisk, whyNoSmallDisk } from "../../support/isolation.ts";
import { Proxy } from "../../support/proxy.ts";
import {
  conversation,
  transcriptsOf,
  writeSession,
} from "../../support/conversations.ts";
import { KIND, large, MiB, Offering, payloadsOf } from "./_offering.ts";

const noSmallDisk = await whyNoSmallDisk();

Deno.test("receive --pick of what is not in the list takes nothing, and the share goes on", async () => {
  const one = conversation("one");
  await using offering = await Offering.open([one]);
  for (const pick of ["2", "0", "00000000", crypto.randomUUID()]) {
    assertFailure(
      await offering.receive(["--json", "--pick", pick]),
      "NOT_OFFERED",
      `There is no session "${pick}" in the list`,
      "Look at the list without --pick; it has 1 session",
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
  const { alice, bob, sharing, words } = offering;
  assertFailure(
    await bob.run("receive", [
      "--kind",
      "distillation",
      words,
      sharing.address,
    ]),
    "PAYLOAD_UNWANTED",
    "The sender shares sessions, not a distillation",
    "--kind session",
  );
  assertEquals((await sharing.event("refused")).error, "DECLINED");
  const file = await alice.write("a.md", "# A distillation\n");
  await using other = await alice.share(["--generate", file]);
  const others = [String(other.ready.invite), other.address];
  for (const pick of [[], ["--pick", "1"]]) {
    assertFailure(
      await bob.run("receive", [...KIND, ...pick, ...others]),
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
    "Check the folder of the project",
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
    "The sender cannot pack the chosen session",
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
    const via = onSmallDisk(`${bob.state}/partial`, 2048, bob.path("listing"));
    const ended = await offering.receive(["--json", "--pick", "1"], { via });
    assertFailure(ended, "CANNOT_STORE", "Cannot write to", "Free some space");
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
    assertFailure(ended, "CANNOT_STORE", "Cannot write to", "Free some space");
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
      ...onSmallDisk(`${alice.state}/spool`, 2048, listing),
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
      "The sender cannot pack the chosen session",
    );
    const { error, message } = await sharing.event("refused");
    assertEquals(error, "CANNOT_PACK");
    assertStringIncludes(String(message), "the disk is full");
    assertSuccess(await take(small.id));
    assertSuccess(await sharing.ended);
    assertEquals(await Deno.readTextFile(listing), "");
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
  [[], "The sessions to share are missing", "--session all"],
  [["--session", "abc"], '"abc" is not the ID of a session', "at least 8"],
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
  [
    ["--session", "all", "my", "secret", "words"],
    "Too many arguments: besides sessions, serve takes at most one passphrase",
    "Put quotes around a passphrase with spaces",
  ],
  [
    ["pass phrase", "missing.session"],
    "Too many arguments: besides sessions, serve takes at most one passphrase",
    "Check the name of the exported session",
  ],
  [["--session", "all", "--legacy"], "--legacy does not support sessions", ""],
  [
    ["--session", "all", "--project", "/nowhere"],
    'There is no folder "/nowhere"',
    "Check the folder of the project",
  ],
];

Deno.test("serve --kind session refuses what cannot be shared", async () => {
  await using machine = await Machine.make();
  await writeSession(machine, conversation("one"));
  await machine.write("a.jsonl", "{}\n");
  for (const [args, message, hint] of REFUSED) {
    const ended = await machine.run("serve", ["--json", ...KIND, ...args]);
    assertFailure(ended, "USAGE", message, hint);
  }
});

Deno.test("serve --session all says that there is none", async () => {
  await using machine = await Machine.make();
  for (
    const [flags, message, hint] of [
      [[], "This project has no sessions", "--all"],
      [["--all"], "This machine has no sessions", "30 days"],
    ] as const
  ) {
    const args = ["--json", ...KIND, "--session", "all", ...flags];
    const ended = await machine.run("serve", [...args, "--generate"]);
    assertFailure(ended, "PAYLOAD_EMPTY", message, hint);
  }
});
