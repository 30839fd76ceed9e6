/**
 * The screen of a receiver: progress that fits, and a stop that keeps what has arrived.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { widthOf } from "../../../scripts/cli/screen/width.ts";
import { assertFailure, randomBytes } from "../../support/checks.ts";
import { Handing } from "../../support/handing.ts";
import { Machine } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";
import {
  launchOnTerminal,
  noTerminal,
  splitDrawn,
  type TerminalOptions,
  withoutColors,
} from "../../support/pseudo_terminal.ts";

const MiB = 1024 * 1024;
const SIZE = 8 * MiB;
const PASSPHRASE = "pass of the screen";

/** Receives over a slow network, on a terminal. */
async function receiveSlowly(options: TerminalOptions) {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const file = await alice.write("a.bin", randomBytes(SIZE));
  await using sharing = await alice.share([PASSPHRASE, file]);
  await using proxy = new Proxy({ port: sharing.port, pauseMs: 10 });
  const args = ["receive", "--interface", "127.0.0.1", "--output", "b.bin"];
  const command = [...args, PASSPHRASE, proxy.address];
  const ended = await launchOnTerminal(bob, command, options);
  return { ...ended, works: await bob.works(), kept: await bob.kept() };
}

for (
  const [columns, pattern] of [
    [20, /^ {0,3}\d+%( {2}\d+ \w+ left)?$|^[█░]+ +\d+%$/],
    [40, /^[█░]{8,} +\d+% {2}/],
    [52, /^[█░]{8,} +\d+% {2}.* of 8\.4 MB/],
    [80, /^[█░]{8,} +\d+% {2}.* of 8\.4 MB/],
    [200, /^[█░]{30} +\d+% {2}.* of 8\.4 MB/],
  ] as const
) {
  Deno.test({
    name: `receive draws progress on one line of ${columns} columns`,
    ignore: noTerminal !== null,
    fn: async () => {
      const { code, text, works } = await receiveSlowly({ columns });
      assertEquals([code, works], [0, ["b.bin"]], text);
      const lines = splitDrawn(text).drawn;
      assert(lines.length > 2, text);
      for (const line of lines) {
        assert(widthOf(line) < columns, line);
        assert(pattern.test(line), line);
      }
      if (columns < 80) return;
      assert(lines.some((line) => /MB\/s {2}\d+ s left$/.test(line)), text);
    },
  });
}

Deno.test({
  name: "receive says what is kept, when Ctrl+C is pressed in mid-transfer",
  ignore: noTerminal !== null,
  fn: async () => {
    const typed: [string, string][] = [["%  ", "\x03"]];
    const { code, text, works, kept } = await receiveSlowly({ typed });
    assertEquals([code, works, kept.length], [130, [], 1], text);
    const plain = withoutColors(splitDrawn(text).rest);
    const stopped =
      /^(\^C)?spread: Stopped; this machine keeps \d+\.\d [KM]B, and the same command continues from there$/m;
    assert(stopped.test(plain), plain);
    assert(!plain.includes("error:"), plain);
  },
});

Deno.test("receive stopped in mid-transfer goes on from there, and its event names no error of its own", async () => {
  await using handing = await Handing.start(SIZE, 4 * MiB);
  const receiving = handing.start(handing.output, ["--json"]);
  await handing.proxy.held;
  const { size } = await sizeAfterRest(handing.partial);
  const ended = await receiving.stop();
  assertFailure(ended, "INTERRUPTED", "Stopped; ");
  assertStringIncludes(
    ended.stderr,
    " MB, and the same command continues",
  );
  assert(size > 0);
  handing.proxy.release();
  await handing.assertReceived(await handing.receive());
});

Deno.test("receive stopped while it looks says that nothing was received", async () => {
  await using machine = await Machine.make();
  await using running = machine.start("receive", ["nobody has these words"]);
  await running.says("looking for the sender");
  assertFailure(
    await running.stop(),
    "INTERRUPTED",
    "Stopped; nothing was received",
  );
});

/** Waits until a file no longer grows. */
async function sizeAfterRest(path: string): Promise<Deno.FileInfo> {
  for (let last = -1;;) {
    const info = await Deno.stat(path);
    if (info.size === last && last > 0) return info;
    last = info.size;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test({
  name: "receive prints the text alone to a file, and speaks on the terminal",
  ignore: noTerminal !== null,
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("a.md", "# Notes\n");
    await using sharing = await machine.share([PASSPHRASE, file]);
    const args = ["receive", "--interface", "127.0.0.1", PASSPHRASE];
    const { code, text } = await launchOnTerminal(
      machine,
      [...args, sharing.address],
      { redirection: ">out.md" },
    );
    assertEquals(code, 0, text);
    assertEquals(await Deno.readTextFile(machine.path("out.md")), "# Notes\n");
    assertStringIncludes(withoutColors(text), "spread: received 8 bytes");
  },
});
