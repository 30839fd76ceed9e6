/**
 * Hand-overs through relays that are not ours: they forward, and know nothing of protocol 2.
 *
 * Receivers look on ::1 and senders announce on 127.0.0.1, so that they meet at the relay only.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MAX_LEGACY_PAYLOAD_BYTES } from "../../lib/protocol/legacy.ts";
import { skipsFor } from "../support/missing.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
  uniquePassphrase,
  until,
} from "../support/checks.ts";
import { Machine, type Sharing } from "../support/machine.ts";
import type { Ended, Running, StartOptions } from "../support/running.ts";
import { OldSender, receiveAsOld, TextChannel } from "./_old_peer.ts";
import { PLAIN, PlainRelay, type Variant } from "../support/plain_relay.ts";
import { findPython, startPythonRelay } from "./_python.ts";

const MiB = 1024 * 1024;
const APART: StartOptions = { interface: "::1" };
const DOCUMENT = "# Through a plain relay\n\nGrüße, 한글 and 🎉.\n";

/** A share through a plain relay, and a receiver's machine. */
class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  sharing!: Sharing;

  private constructor(private readonly url: string) {}

  static async open(
    { url }: { url: string },
    content: string | Uint8Array = DOCUMENT,
    args: string[] = ["--generate"],
  ): Promise<Stage> {
    const stage = new Stage(url);
    stage.alice = stage.#stack.use(await Machine.make());
    stage.bob = stage.#stack.use(await Machine.make());
    const file = await stage.alice.write("doc.md", content);
    stage.sharing = stage.#stack.use(
      await stage.alice.share(["--relay", url, ...args, file]),
    );
    return stage;
  }

  get invite(): string {
    return String(this.sharing.ready.invite);
  }

  get code(): string {
    return String(this.sharing.ready.room);
  }

  start(words: string[], options: StartOptions = APART): Running {
    const args = ["--relay", this.url, ...words];
    return this.#stack.use(this.bob.start("receive", args, options));
  }

  async receive(...words: string[]): Promise<Ended> {
    return await this.start(words).ended;
  }

  /** Receives and checks what came. */
  async take(...words: string[]): Promise<void> {
    const ended = await this.receive(...words);
    assertSuccess(ended);
    assertEquals(ended.text, DOCUMENT);
  }

  /** Ends the share; nobody may have been refused. */
  async endUnrefused(): Promise<void> {
    const { events, stderr } = await this.sharing.stop();
    const refused = events.filter(({ event }) => event === "refused");
    assertEquals(refused, [], stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function handOverTwice(relay: { url: string }): Promise<void> {
  await using stage = await Stage.open(relay);
  assertEquals(stage.sharing.ready.plain_relay, true);
  await stage.take("--room", stage.code, wordsOf(stage));
  await stage.take("--room", stage.code, wordsOf(stage));
  await stage.endUnrefused();
}

/** The passphrase in what is to be typed. */
function wordsOf({ sharing }: Stage): string {
  return (sharing.ready.commands as string[])[0]!.split(/[ ]|9vxmod-/).at(-1)!;
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
  await sharing.says("this relay is a plain one: if the connection drops");
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
    const wrong = await stage.receive("--room", stage.code, "wrong");
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
  assertFailure(refused, "RELAY_BUSY", "Too many receivers wait in this room");
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

Deno.test("the largest payload of protocol 1 passes a plain relay", async () => {
  await using relay = await PlainRelay.start();
  const content = "x".repeat(MAX_LEGACY_PAYLOAD_BYTES);
  const passphrase = uniquePassphrase();
  await using stage = await Stage.open(relay, content, [
    "--legacy",
    passphrase,
  ]);
  const text = await receiveAsOld(relay.url, stage.code, passphrase);
  assertEquals(text.length, content.length);
  assert(relay.largestBytes <= 10 * MiB, `${relay.largestBytes}`);
});

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
  await sharing.says("--room b2o0il");
  const gone = ["--relay", relay.url, "--room", "9vxmod", "pass"];
  const refused = await bob.run("receive", gone, APART);
  assertFailure(refused, "NO_ROOM", "The relay knows no room of this code");
  const { stderr } = await sharing.stop();
  const invite = /b2o0il-\S+/.exec(stderr)![0];
  const again = await bob.run("receive", ["--relay", relay.url, invite], APART);
  // The share is over by now, but the invite is one.
  assertFailure(again, "NO_ROOM", "The relay knows no room of this code");
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
  const ended = await cut.ended;
  assertFailure(ended, "PEER_GONE", "", "ask the sender for the new room code");
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

for (
  const [what, answer, code, message] of [
    [
      "a code of five characters",
      '{"type":"ROOM_CREATED","room_id":"9vxmo"}',
      "BAD_MESSAGE",
      "The relay's room code has a form that is not supported",
    ],
    [
      "a code in capitals",
      '{"type":"ROOM_CREATED","room_id":"9VXMOD"}',
      "BAD_MESSAGE",
      "The relay's room code has a form that is not supported",
    ],
    [
      "an unknown word",
      '{"type":"WELCOME"}',
      "BAD_MESSAGE",
      "The relay said something that is not understood",
    ],
    ["nothing", null, "RELAY_UNREACHABLE", "Cannot reach the relay"],
    [
      "that it is full",
      '{"type":"ERROR","reason":"too_many_rooms"}',
      "RELAY_BUSY",
      "The relay has no free room",
    ],
  ] as const
) {
  Deno.test(`serve fails with ${code}, when a plain relay answers ${what}`, async () => {
    await using relay = await PlainRelay.start({ ...PLAIN, answer });
    await using alice = await Machine.make();
    const file = await alice.write("doc.md", DOCUMENT);
    const args = ["--relay", relay.url, "--generate", file];
    assertFailure(await alice.run("serve", args), code, message);
    assertEquals(await alice.kept(), []);
    assertEquals(await Deno.readTextFile(file), DOCUMENT);
  });
}

Deno.test("receive takes from a sender of protocol 1 with --legacy, and without it says so and costs no guess", async () => {
  await using relay = await PlainRelay.start();
  await using bob = await Machine.make();
  const passphrase = uniquePassphrase();
  await using sender = await OldSender.open(relay.url, DOCUMENT, passphrase);
  const args = ["--relay", relay.url, "--room", sender.roomCode, passphrase];
  const refused = await bob.run("receive", args, APART);
  assertFailure(refused, "LEGACY_PEER", "The sender speaks the old protocol 1");
  assertEquals(sender.attempts, 0);
  const ended = await bob.run("receive", ["--legacy", ...args], APART);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  assertEquals(sender.attempts, 1);
});

Deno.test("serve --legacy serves a receiver of protocol 1 through a relay that sends back what a sender says", async () => {
  await using relay = await PlainRelay.start({ ...PLAIN, echoes: true });
  const passphrase = uniquePassphrase();
  await using stage = await Stage.open(relay, DOCUMENT, [
    "--legacy",
    passphrase,
  ]);
  assertEquals(
    await receiveAsOld(relay.url, stage.code, passphrase),
    DOCUMENT,
  );
  await stage.endUnrefused();
});

Deno.test("wrong passphrases over several cuts do not use up the guesses of the right one", async () => {
  await using relay = await PlainRelay.start();
  await using stage = await Stage.open(relay);
  for (let i = 0; i < 3; i++) {
    const wrong = await stage.receive("--room", stage.code, "wrong");
    assertFailure(wrong, "PASSPHRASE_REFUSED", "Cannot confirm");
    relay.cut();
    await stage.sharing.event("relay");
    await stage.sharing.event("relay");
  }
  await stage.take(stage.invite);
});

Deno.test("receive --legacy speaks protocol 2 with a sender that can", async () => {
  await using relay = await PlainRelay.start();
  await using stage = await Stage.open(relay, DOCUMENT, [
    "--legacy",
    "--generate",
  ]);
  const ended = await stage.receive("--legacy", stage.invite);
  assertSuccess(ended);
  assertEquals(ended.stderr.includes("protocol 1"), false, ended.stderr);
});

Deno.test("serve --legacy serves a receiver of protocol 1, and serve without denies it", async () => {
  for (const legacy of [["--legacy"], []]) {
    await using relay = await PlainRelay.start();
    const passphrase = uniquePassphrase();
    await using stage = await Stage.open(relay, DOCUMENT, [
      ...legacy,
      passphrase,
    ]);
    const receive = () => receiveAsOld(relay.url, stage.code, passphrase);
    if (legacy.length > 0) {
      assertEquals(await receive(), DOCUMENT);
      assertEquals(await receive(), DOCUMENT);
    } else {
      const denied = await receive().catch((error) => error.code);
      assertEquals(denied, "DECLINED");
      const { error } = await stage.sharing.event("refused");
      assertEquals(error, "LEGACY_PEER");
    }
    await stage.take("--room", stage.code, passphrase);
  }
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
