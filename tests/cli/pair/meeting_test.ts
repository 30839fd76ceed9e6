/** Two machines become a pair, by hand-over of words. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import { HOMES } from "../../support/homes.ts";
import { Machine } from "../../support/machine.ts";
import { PLAIN, PlainRelay } from "../../support/plain_relay.ts";
import { APART } from "../../support/relay_share.ts";
import { kept, meet, show } from "./_pairing.ts";

/** A home whose folder of pairs has another real path. */
const BEHIND_LINK = HOMES.find(({ name }) => name.includes("state is a link"));

Deno.test("pair makes two machines share a seed, under their names and in their roles, and a third one gets nothing", async () => {
  await using oak = await Machine.make();
  await using cedar = await Machine.make();
  await using third = await Machine.make();
  await using showing = await show(oak, ["--name", "oak"]);
  const { words, ready, running } = showing;
  assertEquals(ready.terminal_commands, [`claude-spread pair ${words[0]}`]);
  assertEquals(ready.commands, [`/claude-spread:pair ${words[0]}`]);
  // Found by its first word, without its address.
  const typed = await cedar.run("pair", ["--name", "cedar", words[0]]);
  assertSuccess(typed);
  assertStringIncludes(
    typed.stderr,
    "paired with oak, which calls this machine cedar; the two find each other on the local network",
  );
  assertStringIncludes(typed.stderr, "found a sender that shows no name");
  assert(!typed.stderr.includes("claude-distill-"), typed.stderr);
  const shown = await running.ended;
  assertSuccess(shown);
  const paired = shown.events.find(({ event }) => event === "paired");
  assertEquals([paired?.name, paired?.own_name], ["cedar", "oak"]);
  const [[a], [b]] = [await kept(oak), await kept(cedar)];
  assertEquals([a!.name, a!.own_name, a!.role], ["cedar", "oak", "a"]);
  assertEquals([b!.name, b!.own_name, b!.role], ["oak", "cedar", "b"]);
  assertEquals(a!.seed, b!.seed);
  for (const { stdout, stderr } of [shown, typed]) {
    assert(!`${stdout}${stderr}`.includes(a!.seed));
  }
  const late = await third.run("pair", words);
  assertFailure(late, "UNREACHABLE", "");
  assertEquals(await kept(third), []);
});

Deno.test("pair meets through a relay, which both look at from then on", async () => {
  await using relay = await startLocalRelay();
  await using oak = await Machine.make();
  await using cedar = await Machine.make(undefined, BEHIND_LINK);
  await using showing = await show(oak, [
    "--name",
    "oak",
    "--relay",
    relay.url,
  ]);
  const [invite] = showing.words;
  const [, command = ""] = String(showing.ready.terminal_commands).split(
    "claude-spread pair ",
  );
  assertStringIncludes(command, `--relay ${relay.url} ${invite}`);
  const typed = await cedar.run(
    "pair",
    ["--name", "cedar", "--relay", relay.url, invite],
    APART,
  );
  assertSuccess(typed);
  assertStringIncludes(typed.stderr, `and at ${relay.url}`);
  assertSuccess(await showing.running.ended);
  const [[a], [b]] = [await kept(oak), await kept(cedar)];
  assertEquals([a!.relay, b!.relay], [relay.url, relay.url]);
  assertEquals(a!.seed, b!.seed);
});

Deno.test("status shows the room that the words for a pair have now", async () => {
  const codes = ["9vxmod", "9vxmoe"];
  await using relay = await PlainRelay.start({ ...PLAIN, codes });
  await using oak = await Machine.make();
  const args = ["--name", "oak", "--relay", relay.url];
  await using showing = await show(oak, args);
  assertEquals(showing.ready.room, "9vxmod");
  relay.cut();
  const room = await until("the room in the entry", async () => {
    const { events } = await oak.run("status", ["--json"]);
    const share = events.find(({ event }) => event === "share");
    return share?.room !== "9vxmod" && share?.room;
  });
  assertEquals(room, "9vxmoe");
});

Deno.test("pair counts wrong words, and goes on waiting", async () => {
  await using oak = await Machine.make();
  await using cedar = await Machine.make();
  await using showing = await show(oak, ["--name", "oak"]);
  const [words, address] = showing.words;
  const [first] = words.split("-");
  const wrong = await cedar.run("pair", [`${first}-acid-acid-acid`, address]);
  assertFailure(wrong, "PASSPHRASE_REFUSED", "");
  const refused = await showing.running.event("refused");
  assertEquals(refused.guesses, { address: 1, all: 1 });
  assertSuccess(await cedar.run("pair", ["--name", "cedar", words, address]));
  assertSuccess(await showing.running.ended);
});

Deno.test("pair and receive tell a person whose words are for the other one, and nothing happens", async () => {
  await using oak = await Machine.make();
  await using cedar = await Machine.make();
  await using showing = await show(oak, ["--name", "oak"]);
  const received = await cedar.run("receive", showing.words);
  assertFailure(
    received,
    "PAYLOAD_UNWANTED",
    "These words make a pair of two machines",
    "claude-spread pair WORDS",
  );
  const refused = await showing.running.event("refused");
  assertEquals(refused.error, "DECLINED");
  assertSuccess(await cedar.run("pair", showing.words));
  assertSuccess(await showing.running.ended);

  const file = await oak.write("doc.md", "# A document\n");
  await using sharing = await oak.share(["--keep-open", "5", file]);
  const words = String(sharing.ready.invite);
  const paired = await cedar.run("pair", [words, sharing.address]);
  assertFailure(
    paired,
    "PAYLOAD_UNWANTED",
    "These words are for a share",
    "claude-spread receive WORDS",
  );
  assertEquals((await sharing.event("refused")).error, "DECLINED");
  const taken = await cedar.run("receive", [words, sharing.address]);
  assertSuccess(taken);
  assertEquals([taken.text, (await kept(cedar)).length], ["# A document\n", 1]);
});

Deno.test("pair numbers a name that another pair has, and one that both have chosen, and says so", async () => {
  await using oak = await Machine.make();
  await using cedar = await Machine.make();
  const [, first] = await meet(oak, cedar, ["oak", "oak"]);
  assertSuccess(first);
  assertStringIncludes(
    first.stderr,
    "both machines are called oak, so the other one is oak-2 here",
  );
  const [again] = await meet(oak, cedar, ["pine", "oak-2"]);
  assertStringIncludes(
    again.stderr,
    "there is another pair oak-2, so this one is oak-2-2; if both are the same machine, " +
      "forget the earlier one: claude-spread forget oak-2",
  );
  const names = async (machine: Machine) =>
    (await kept(machine)).map(({ name, own_name }) => `${name} ${own_name}`);
  assertEquals(await names(oak), ["oak-2 oak", "oak-2-2 pine"]);
  assertEquals(await names(cedar), ["oak-2 oak", "pine oak-2"]);
});

Deno.test("pair refuses names and words that are none, before it shows or dials anything", async () => {
  await using oak = await Machine.make();
  const cases: [args: string[], message: string, hint: string][] = [
    [["--name", "My Laptop"], '"My Laptop" is not the name', "my-laptop"],
    [["--name", "🎉"], '"🎉" is not the name', "1 to 32 lowercase letters"],
    [["my own passphrase"], "These are not the words", "claude-spread pair"],
    [["niece-broke-zippy-irom"], '"irom" is not one of the words', "iron"],
    [["--copy", "niece-broke-zippy-iron"], "--qr and --copy", "Leave them out"],
    [["10.0.0.1:80"], "The words of the other machine are missing", "before"],
  ];
  for (const [args, message, hint] of cases) {
    const ended = await oak.run("pair", args);
    assertFailure(ended, "USAGE", message, hint);
    assert(!ended.stderr.includes("--passphrase"), ended.stderr);
  }
});
