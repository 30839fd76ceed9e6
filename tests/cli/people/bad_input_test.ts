/**
 * Command lines that cannot do what a person wants: each says so by name, and loses nothing.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { commandLine } from "../../support/commands.ts";
import {
  assertSuccess,
  randomBytes,
  uniquePassphrase,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import {
  noTerminal,
  runOnTerminal,
  splitDrawn,
  withoutColors,
} from "../../support/pseudo_terminal.ts";
import { Proxy } from "../../support/proxy.ts";
import type { Ended } from "../../support/output.ts";

/** Checks that a command line was refused, with all these names, and that nothing is shared. */
async function assertRefused(
  machine: Machine,
  { code, signal, stderr, text }: Ended,
  ...names: string[]
): Promise<void> {
  assertEquals([code, signal], [2, null], stderr);
  assert(!/^\s+at |NotCapable|Uncaught/m.test(stderr), stderr);
  assertEquals(text, "");
  for (const name of names) assertStringIncludes(stderr, name);
  assert(/^spread: hint: \S/m.test(stderr), stderr);
  assertEquals([await machine.entries(), await machine.kept()], [[], []]);
}

Deno.test("serve --passphrase without a terminal says how else a passphrase is given, and shares nothing", async () => {
  await using machine = await Machine.make();
  await machine.write("notes.md", "# a\n");
  for (const stdin of [undefined, "", "secret\nsecret\n"]) {
    const args = ["--passphrase", "--remove-file", "notes.md"];
    const ended = await machine.run("serve", args, { stdin });
    const names = ["--passphrase-file", "CLAUDE_SPREAD_PASSPHRASE"];
    await assertRefused(machine, ended, "terminal", ...names);
    assertEquals(await machine.works(), ["notes.md"]);
  }
});

Deno.test("receive without words or a terminal says that the words are missing", async () => {
  await using machine = await Machine.make();
  for (const args of [[], ["--passphrase"], ["127.0.0.1:9"]]) {
    // Away from the shares of other tests, should it look for one.
    const ended = await machine.run("receive", args, { interface: "::1" });
    await assertRefused(machine, ended);
  }
});

Deno.test("serve repeats no name of a file or folder that would steer the terminal", async () => {
  await using machine = await Machine.make();
  const name = "a\x1b]0;title\x07\nspread: b";
  await machine.write("notes.md", "# a\n");
  await machine.write(name, "# a\n");
  await Deno.mkdir(machine.path(`folder ${name}`));
  for (const args of [["notes.md", name], [`folder ${name}`], [`no ${name}`]]) {
    const { stderr } = await machine.run("serve", args);
    assert(!stderr.includes("\x1b") && !/^spread: b/m.test(stderr), stderr);
    assertStringIncludes(stderr, "a\ufffd]0;title\ufffd\n  spread: b");
  }
});

Deno.test("serve --copy without a terminal says so, and shares nothing", async () => {
  await using machine = await Machine.make();
  await machine.write("notes.md", "# a\n");
  const args = ["--copy", "--remove-file", "notes.md"];
  const ended = await machine.run("serve", args);
  await assertRefused(machine, ended, "--copy", "terminal");
  assertEquals(await machine.works(), ["notes.md"]);
});

Deno.test("serve and receive take a file that is named like an option", async () => {
  await using machine = await Machine.make();
  await machine.write("--relay", "# a\n");
  const passphrase = uniquePassphrase();
  const lines = [
    [passphrase, "./--relay"],
    ["--", passphrase, "--relay"],
    ["--once", "--", "--relay"],
    ["./--relay"],
  ];
  for (const args of lines) {
    await using sharing = await machine.share(args);
    assertEquals(sharing.ready.name, "--relay", args.join(" "));
    const words = args.includes(passphrase)
      ? passphrase
      : String(sharing.ready.invite);
    const output = ["--output=--relay.out", words, sharing.address];
    assertSuccess(await machine.run("receive", output));
    const got = machine.path("--relay.out");
    assertEquals(await Deno.readTextFile(got), "# a\n");
    await Deno.remove(got);
  }
});

Deno.test("serve --relay without an address, before nothing or a file that is not there, says which", async () => {
  await using machine = await Machine.make();
  for (const args of [["--relay"], ["gone.md", "--relay"]]) {
    const { code, stderr } = await machine.run("serve", args);
    assert(code !== 0);
    assert(/^spread: hint: \S/m.test(stderr), stderr);
    if (args.length > 1) assertStringIncludes(stderr, '"gone.md"');
  }
});

Deno.test("serve - and --remove-file cannot be used together, and the input is not shared", async () => {
  await using machine = await Machine.make();
  for (const args of [["--remove-file", "-"], ["-", "--remove-file"]]) {
    const ended = await machine.run("serve", args, { stdin: "# a\n" });
    await assertRefused(machine, ended, "--remove-file");
  }
});

Deno.test("serve of two files or more says that one goes at a time, and leaves them", async () => {
  await using machine = await Machine.make();
  for (const name of ["a.md", "b.md", "c.md"]) {
    await machine.write(name, `# ${name}\n`);
  }
  const lines = [["a.md", "b.md"], ["a.md", "b.md", "c.md"]];
  for (const files of lines) {
    for (const more of [[], ["--remove-file"], ["--generate"]]) {
      const args = [...more, ...files];
      const ended = await machine.run("serve", args, { stdin: "" });
      await assertRefused(machine, ended, "one");
      assertEquals((await machine.works()).length, 3);
    }
  }
});

Deno.test("serve of a folder says what to do, and leaves it", async () => {
  await using machine = await Machine.make();
  await Deno.mkdir(machine.path("notes"));
  await machine.write("notes/a.md", "# a\n");
  for (const args of [["notes"], ["notes/"], ["."], ["secret", "notes"]]) {
    const line = ["--remove-file", ...args];
    const ended = await machine.run("serve", line, { stdin: "" });
    const { code, stderr } = ended;
    assert(code !== 0 && ended.signal === null, stderr);
    assertStringIncludes(stderr, `"${args.at(-1)}"`);
    assertStringIncludes(stderr, "folder");
    assert(/^spread: hint: \S/m.test(stderr), stderr);
    assertEquals(await machine.works(), ["notes/a.md"]);
    assertEquals(await machine.entries(), []);
  }
});

Deno.test({
  name: "receive shows progress that fits a terminal of 20 columns",
  ignore: noTerminal !== null,
  fn: async () => {
    await using alice = await Machine.make();
    await using bob = await Machine.make();
    const bytes = randomBytes(8_000_000);
    const file = await alice.write("a.bin", bytes);
    await using sharing = await alice.share(["--generate", file]);
    const { port } = sharing;
    await using proxy = new Proxy({ port, holdAfter: [4_000_000] });
    const args = ["--output", "a.bin", sharing.words, proxy.address];
    const line = commandLine("receive", args);
    const receiving = runOnTerminal(bob, line, { columns: 20 });
    // What is over at once shows no progress.
    await proxy.held;
    await new Promise((resolve) => setTimeout(resolve, 2000));
    proxy.release();
    const { code, text } = await receiving;
    assertEquals(code, 0, text);
    const { drawn } = splitDrawn(withoutColors(text));
    assert(drawn.some((bar) => /\d ?%/.test(bar)), text);
    assertEquals(drawn.filter((bar) => [...bar].length > 20), []);
    assertEquals(await Deno.readFile(bob.path("a.bin")), bytes);
  },
});

Deno.test({
  name: "status fits a terminal of 20 columns",
  ignore: noTerminal !== null,
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("a rather long name.md", "# a\n");
    await using sharing = await machine.share(["--generate", file]);
    const line = commandLine("status", []);
    const { code, text } = await runOnTerminal(machine, line, { columns: 20 });
    assertEquals(code, 0, text);
    const plain = withoutColors(text);
    assertStringIncludes(plain, String(sharing.ready.id));
    const wide = plain.split("\n").filter((line) => [...line].length > 20);
    assertEquals(wide, []);
  },
});
