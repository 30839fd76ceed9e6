/**
 * Hand-overs through relays that are not ours: they forward, and know nothing of protocol 2.
 *
 * Receivers look on ::1 and senders announce on 127.0.0.1, so that they meet at the relay only.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { skipsFor } from "../support/missing.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
} from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { TextChannel } from "./_old_peer.ts";
import { PLAIN, PlainRelay, type Variant } from "../support/plain_relay.ts";
import { findPython, startPythonRelay } from "./_python.ts";
import { APART } from "../support/relay_share.ts";
import { DOCUMENT, MiB, Stage, wordsOf, WRONG_WORDS } from "./_stage.ts";

async function handOverTwice(relay: { url: string }): Promise<void> {
  await using stage = await Stage.open(relay);
  assertEquals(stage.sharing.ready.plain_relay, true);
  await stage.take("--room", stage.code, wordsOf(stage));
  await stage.take("--room", stage.code, wordsOf(stage));
  await stage.endUnrefused();
}

Deno.test("serve and receive hand over through a plain relay, one receiver after another", async () => {
  await using relay = await PlainRelay.start();
  await handOverTwice(relay);
});

const python = await findPython();
Deno.test({
  name: "serve and receive hand over through a plain relay in Python",
  ignore: python === null && skipsFor("no Python here has websockets"),
  async fn() {
    await using relay = await startPythonRelay(python!);
    await handOverTwice(relay);
    await using stage = await Stage.open(relay, randomBytes(24 * MiB));
    const output = stage.bob.path("out");
    const words = ["--room", stage.code, wordsOf(stage).replace(/^.{6}-/, "")];
    assertSuccess(await stage.receive("--output", output, ...words));
    assertEquals((await Deno.stat(output)).size, 24 * MiB);
  },
});

Deno.test("serve says in one line what a plain relay lacks, and shows an invite with its code", async () => {
  await using relay = await PlainRelay.start();
  await using alice = await Machine.make();
  const file = await alice.write("doc.md", DOCUMENT);
  const args = ["--relay", relay.url, "--generate", file];
  await using sharing = alice.start("serve", args);
  await sharing.says(
    "this relay has only the functions of the Python version: if",
  );
  const { stderr } = await sharing.stop();
  assertStringIncludes(stderr, ` --relay ${relay.url} 9vxmod-`);
});

Deno.test("serve shows room and passphrase apart, when the room code has no digit", async () => {
  await using relay = await PlainRelay.start({ codes: ["planet"] });
  await using stage = await Stage.open(relay);
  const { invite, commands } = stage.sharing.ready;
  assertEquals(invite, null);
  assertEquals((commands as string[]).length, 1);
  const [, ...args] = (commands as string[])[0]!.split(" ");
  assertEquals(args.slice(0, 4), ["--relay", relay.url, "--room", "planet"]);
  const ended = await stage.bob.run("receive", args, APART);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
});

for (
  const [name, variant] of [
    ["tells of a receiver late", { joinedLateMs: 400 }],
    ["forwards text as binary", { isBinary: true }],
    ["hands on frames of a receiver that has left", { leavesFrames: true }],
    ["sends back what it forwards", { echoes: true }],
    ["says what nobody knows", { chatters: true }],
    ["refuses a second receiver", { isBusy: true }],
  ] satisfies [string, Partial<Variant>][]
) {
  Deno.test(`serve and receive hand over through a plain relay that ${name}`, async () => {
    await using relay = await PlainRelay.start({ ...PLAIN, ...variant });
    await using stage = await Stage.open(relay);
    for (let i = 0; i < 3; i++) await stage.take(stage.invite);
    const wrong = await stage.receive("--room", stage.code, WRONG_WORDS);
    assertFailure(wrong, "PASSPHRASE_REFUSED", "Cannot confirm the other side");
    await stage.take(stage.invite);
    const { events } = await stage.sharing.stop();
    const refused = events.filter(({ event }) => event === "refused");
    assertEquals(refused.map(({ error }) => error), ["PASSPHRASE_REFUSED"]);
  });
}

Deno.test("serve and receive hand over to two at once through a relay that pairs both", async () => {
  const bytes = randomBytes(24 * MiB);
  await using relay = await PlainRelay.start({ ...PLAIN, isCrowded: true });
  await using stage = await Stage.open(relay, bytes);
  const outputs = ["one", "two"].map((name) => stage.bob.path(name));
  const all = await Promise.all(
    outputs.map((output) => stage.receive("--output", output, stage.invite)),
  );
  for (const [i, ended] of all.entries()) {
    assertSuccess(ended);
    const received = await Deno.readFile(outputs[i]!);
    assertEquals(await sha256(received), await sha256(bytes));
  }
  await stage.endUnrefused();
});

Deno.test("receive waits at a plain relay while another is served, and says so", async () => {
  await using relay = await PlainRelay.start();
  const bytes = randomBytes(8 * MiB);
  await using stage = await Stage.open(relay, bytes);
  await using holder = await TextChannel.open(relay.url);
  await holder.say({ type: "JOIN_ROOM", room_id: stage.code });
  const waiting = stage.start(["--output", stage.bob.path("a"), stage.invite]);
  await waiting.says("the relay has not answered yet");
  await holder[Symbol.asyncDispose]();
  assertSuccess(await waiting.ended);
});

Deno.test("receive says that the room is busy, where a plain relay lets nobody wait", async () => {
  await using relay = await PlainRelay.start({ ...PLAIN, isBusy: true });
  await using stage = await Stage.open(relay);
  await using holder = await TextChannel.open(relay.url);
  await holder.say({ type: "JOIN_ROOM", room_id: stage.code });
  await holder.said();
  const refused = await stage.receive(stage.invite);
  assertFailure(
    refused,
    "RELAY_BUSY",
    "Too many receivers are waiting in this room",
  );
  await holder[Symbol.asyncDispose]();
  await stage.take(stage.invite);
});

Deno.test("no message through a plain relay comes near its limit of 10 MiB", async () => {
  await using relay = await PlainRelay.start();
  const bytes = randomBytes(24 * MiB);
  await using stage = await Stage.open(relay, bytes);
  const output = stage.bob.path("out");
  assertSuccess(await stage.receive("--output", output, stage.invite));
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  assert(relay.largestBytes <= MiB + 128, `${relay.largestBytes}`);
});

Deno.test("a receiver that forges words of a plain relay neither ends the share nor the room", async () => {
  await using relay = await PlainRelay.start();
  await using stage = await Stage.open(relay);
  const forger = await TextChannel.open(relay.url);
  await forger.say({ type: "JOIN_ROOM", room_id: stage.code });
  await forger.said();
  for (
    const word of [
      { type: "ERROR", reason: "room_expired" },
      { type: "PEER_JOINED", peer_id: "another" },
      { type: "PEER_DISCONNECTED", peer_id: "another" },
      { type: "ROOM_CREATED", room_id: "aaaaa1" },
      { type: "NONSENSE" },
    ]
  ) await forger.say(word);
  await forger[Symbol.asyncDispose]();
  await stage.take(stage.invite);
  await stage.endUnrefused();
});
