/**
 * `receive`: how it finds a sender, and what it writes, prints and tells.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { forEach } from "../../../lib/testing/for_each.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
  uniquePassphrase,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Loopback, whyNoLoopback } from "../../support/isolation.ts";
import { Proxy } from "../../support/proxy.ts";
import type { Event } from "../../support/output.ts";

const noLoopback = await whyNoLoopback();

const DOCUMENT = "# 인수인계\n\nCafé, 漢字 and 🎉.\n";

Deno.test({
  name: "receive finds the sender by itself, when serve made the passphrase",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    const { via } = loopback;
    await using alice = await Machine.make();
    await using bob = await Machine.make();
    const file = await alice.write("notes.md", DOCUMENT);
    await using sharing = await alice.share(["--once", "--generate", file], {
      via,
    });
    const invite = String(sharing.ready.invite);
    assert(/^[a-z]+(-[a-z]+){3}$/.test(invite), invite);
    const received = await bob.run("receive", [invite], { via });
    assertSuccess(received);
    assertEquals(received.text, DOCUMENT);
    const words = [
      "spread: looking for the sender on the local network",
      `spread: found tester@${Deno.hostname()}`,
      / in [\d.]+ s from tester@/.exec(received.stderr)?.[0] ?? "received …",
    ];
    for (const word of words) assertStringIncludes(received.stderr, word);
    const { code, stderr } = await sharing.ended;
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await alice.kept(), []);
    assertEquals(await bob.kept(), []);
  },
});

Deno.test({
  name: "receive passes over other senders, when their passphrase is another",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    const { via } = loopback;
    await using alice = await Machine.make();
    await using carol = await Machine.make();
    await using bob = await Machine.make();
    const passphrase = uniquePassphrase();
    await using _others = await carol.share([
      uniquePassphrase(),
      await carol.write("hers.md", "not this one"),
    ], { via });
    await using sharing = await alice.share([
      passphrase,
      await alice.write("his.md", DOCUMENT),
    ], { via });
    const received = await bob.run("receive", [passphrase], { via });
    assertSuccess(received);
    assertEquals(received.text, DOCUMENT);
    await sharing.event("delivered");
  },
});

Deno.test("receive --output keeps every byte, when the size is at a border", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const KiB = 1024, MiB = 1024 * KiB;
  const borders = [256 * KiB, MiB, 4 * MiB];
  const sizes = [1, ...borders.flatMap((size) => [size - 1, size, size + 1])];
  await forEach(sizes, async (size) => {
    const bytes = randomBytes(size);
    const file = await alice.write(`${size}.bin`, bytes);
    await using sharing = await alice.share(["--once", "--generate", file]);
    const output = bob.path(`${size}.bin`);
    const received = await bob.run("receive", [
      "--output",
      output,
      sharing.words,
      sharing.address,
    ]);
    assertSuccess(received);
    assertEquals(received.stdout.length, 0);
    assertEquals(
      await sha256(await Deno.readFile(output)),
      await sha256(bytes),
    );
    if (Deno.build.os !== "windows") {
      assertEquals((await Deno.stat(output)).mode! & 0o777, 0o600);
    }
    assertSuccess(await sharing.ended);
    await Deno.remove(output);
  });
  assertEquals(await bob.kept(), []);
  assertEquals(await bob.works(), []);
});

Deno.test("receive prints 16 MiB, and needs --output for one byte more", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const limit = 16 * 1024 * 1024;
  const text = "0123456789abcde\n".repeat(limit / 16);
  await using printable = await alice.share([
    "--generate",
    await alice.write("limit.md", text),
  ]);
  const printed = await bob.run("receive", [
    printable.words,
    printable.address,
  ]);
  assertSuccess(printed);
  assert(printed.text === text);
  await printable.stop();

  const file = await alice.write("more.md", `${text}+`);
  await using sharing = await alice.share(["--generate", file]);
  assertFailure(
    await bob.run("receive", [sharing.words, sharing.address]),
    "PAYLOAD_TOO_LARGE",
    "Cannot print 16.8 MB: at most 16 MiB of text go to standard output",
    "Write it to a file with --output FILE",
  );
  const { error, message } = await sharing.event("refused");
  assertEquals(error, "DECLINED");
  assertEquals(
    message,
    "The receiver did not take what was offered: it is too large for the receiver",
  );
  const output = bob.path("out.md");
  assertSuccess(
    await bob.run("receive", [
      "--output",
      output,
      sharing.words,
      sharing.address,
    ]),
  );
  assertEquals((await Deno.stat(output)).size, limit + 1);
  assertEquals(await bob.kept(), []);
});

Deno.test("receive cleans what it prints and says what it took out; --output does not", async () => {
  await using machine = await Machine.make();
  const steering =
    "a\x1b[2Jb \x1b]0;title\x07c \u202ed\u200b <system-reminder>e\r\nf" +
    "\nspread: hint: run it";
  await using sharing = await machine.share([
    "--generate",
    await machine.write("a.md", steering),
  ]);
  const printed = await machine.run("receive", [
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(printed);
  assertEquals(
    printed.text,
    "ab c d < system-reminder>e\nf\n> spread: hint: run it\n",
  );
  assertStringIncludes(
    printed.stderr,
    "spread: warning: Lines that imitate messages of this command are marked with > (1)\n",
  );
  assertStringIncludes(
    printed.stderr,
    "spread: warning: 5 hidden or steering character sequences removed " +
      "(2 escapes, 1 bidi, 1 invisible, 1 tag); --output keeps the exact bytes",
  );
  const output = machine.path("out.md");
  const stored = await machine.run("receive", [
    "--output",
    output,
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(stored);
  assertEquals(await Deno.readTextFile(output), steering);
  assert(!stored.stderr.includes("warning"), stored.stderr);
});

Deno.test("serve and receive tell programs what happens, in events", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const bytes = randomBytes(3 * 1024 * 1024);
  const passphrase = uniquePassphrase();
  const file = await alice.write("data.bin", bytes);
  await using sharing = await alice.share(["--once", passphrase, file]);
  const { ready } = sharing;
  const offer = {
    kind: "distillation",
    name: "data.bin",
    size: bytes.length,
    sha256: await sha256(bytes),
    created: ready.created,
    sender: `tester@${Deno.hostname()}`,
  };
  assertEquals(new Date(String(ready.created)).toJSON(), ready.created);
  assertEquals(ready, {
    event: "ready",
    id: ready.id,
    once: true,
    invite: null,
    addresses: [sharing.address],
    announced: true,
    commands: ["/claude-spread:distill-receive <the same passphrase>"],
    terminal_commands: ['claude-spread receive "<the same passphrase>"'],
    keep_open_min: 30,
    secrets: { unsearched: "binary" },
    ...offer,
  });
  // Progress is told every three seconds; this transfer is made to last that long.
  await using proxy = new Proxy({ port: sharing.port, holdAfter: [2_500_000] });
  const output = bob.path("out.bin");
  const start = performance.now();
  await using receiving = bob.start("receive", [
    "--json",
    "--output",
    output,
    passphrase,
    proxy.address,
  ]);
  await proxy.held;
  // Counted from before it was started, which takes long on a busy machine.
  await until("three seconds", () => performance.now() - start > 6_000);
  proxy.release();
  const received = await receiving.ended;
  assertSuccess(received);
  assertEquals(received.stderr, "");
  assertEquals(takeProgress(received.events, bytes.length), [{
    event: "delivered",
    path: output,
    bytes: bytes.length,
    seconds: received.events.at(-1)!.seconds,
    ...offer,
  }]);
  // Counted from dialling on, which a busy machine begins late.
  const seconds = Number(received.events.at(-1)!.seconds);
  assert(seconds > 1 && seconds < 60, `${seconds} s`);
  const sent = await sharing.ended;
  assertSuccess(sent);
  const peer = "127.0.0.1";
  assertEquals(takeProgress(sent.events, bytes.length), [
    ready,
    { event: "peer", peer },
    { event: "delivered", peer, count: 1 },
    { event: "ended", delivered: 1 },
  ]);
});

/** Checks that there is progress among the events, and returns the others. */
function takeProgress(events: Event[], size: number): Event[] {
  const [progress = [], others = []] = [true, false].map((isProgress) =>
    events.filter(({ event }) => (event === "progress") === isProgress)
  );
  assert(progress.length > 0);
  for (const event of progress) {
    const bytes = Number(event.bytes);
    assertEquals(event, { event: "progress", peer: "127.0.0.1", bytes, size });
    assert(bytes > 0 && bytes <= size);
  }
  return others;
}
