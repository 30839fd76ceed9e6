/**
 * Plain relays that cut connections, which cannot be taken up there.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
  until,
} from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { PlainRelay } from "../support/plain_relay.ts";
import { APART } from "../support/relay_share.ts";
import { DOCUMENT, MiB, Stage, WRONG_WORDS } from "./_stage.ts";

Deno.test("serve makes a new room and shows it, when a plain relay has cut it off", async () => {
  const codes = ["9vxmod", "b2o0il"];
  await using relay = await PlainRelay.start({ codes });
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const file = await alice.write("doc.md", DOCUMENT);
  const args = ["--relay", relay.url, "--generate", file];
  await using sharing = alice.start("serve", args);
  await sharing.says("9vxmod-");
  relay.cut();
  await sharing.says("the new room code is b2o0il");
  await sharing.says(`${relay.url} b2o0il-`);
  const gone = ["--relay", relay.url, "--room", "9vxmod", "pass"];
  const refused = await bob.run("receive", gone, APART);
  assertFailure(refused, "NO_ROOM", "The relay has no room with this code");
  const { stderr } = await sharing.stop();
  const invite = /b2o0il-\S+/.exec(stderr)![0];
  const again = await bob.run("receive", ["--relay", relay.url, invite], APART);
  // The share is over by now, but the invite is one.
  assertFailure(again, "NO_ROOM", "The relay has no room with this code");
});

Deno.test("serve announces its new room on the local network, and status shows it", async () => {
  const codes = ["9vxmod", "b2o0il"];
  const relay = await PlainRelay.start({ codes });
  await using stage = await Stage.open(relay);
  const words = stage.invite.slice("9vxmod".length);
  relay.cut();
  const found = await stage.sharing.event("relay")
    .then(() => stage.sharing.event("relay"));
  assertEquals(found.room, "b2o0il");
  const { events } = await stage.alice.run("status", ["--json"]);
  assertEquals(events.map(({ room }) => room), ["b2o0il"]);
  // Without the relay only the announcement leads to the sender.
  await relay[Symbol.asyncDispose]();
  const ended = await stage.start([`b2o0il${words}`], {}).ended;
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
});

Deno.test("a transfer that a plain relay has cut goes on with the new room code", async () => {
  const bytes = randomBytes(96 * MiB);
  const codes = ["9vxmod", "b2o0il"];
  await using relay = await PlainRelay.start({ codes });
  await using stage = await Stage.open(relay, bytes);
  const output = stage.bob.path("out");
  const words = stage.invite.slice("9vxmod".length);
  const cut = stage.start(["--output", output, stage.invite]);
  await until("some of it", () => relay.forwardedBytes > 24 * MiB);
  relay.cut();
  await cut.says("trying again (2 of 8)");
  assertFailure(await cut.stop(), "INTERRUPTED", "Stopped");
  const [partial] = await stage.bob.kept();
  assert(partial !== undefined);
  const before = relay.forwardedBytes;
  assertSuccess(await stage.receive("--output", output, `b2o0il${words}`));
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  assert(relay.forwardedBytes - before < bytes.length - 8 * MiB);
});

Deno.test("a transfer goes on by itself, when a plain relay has cut the receiver only", async () => {
  const bytes = randomBytes(96 * MiB);
  await using relay = await PlainRelay.start();
  await using stage = await Stage.open(relay, bytes);
  const output = stage.bob.path("out");
  const receiving = stage.start(["--output", output, stage.invite]);
  await until("some of it", () => relay.forwardedBytes > 24 * MiB);
  relay.cutReceivers();
  assertSuccess(await receiving.ended);
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  assert(relay.forwardedBytes < 2 * bytes.length - 8 * MiB);
});

Deno.test("serve keeps its invite, when a plain relay gives the same code again", async () => {
  await using relay = await PlainRelay.start();
  await using stage = await Stage.open(relay);
  relay.cut();
  const found = await stage.sharing.event("relay")
    .then(() => stage.sharing.event("relay"));
  assertEquals([found.state, found.new, found.room], [
    "found",
    false,
    "9vxmod",
  ]);
  await stage.take(stage.invite);
});

Deno.test("wrong passphrases over several cuts do not use up the guesses of the right one", async () => {
  await using relay = await PlainRelay.start();
  await using stage = await Stage.open(relay);
  for (let i = 0; i < 3; i++) {
    const wrong = await stage.receive("--room", stage.code, WRONG_WORDS);
    assertFailure(wrong, "PASSPHRASE_REFUSED", "Cannot confirm");
    relay.cut();
    await stage.sharing.event("relay");
    await stage.sharing.event("relay");
  }
  await stage.take(stage.invite);
});
