/**
 * The screen of a sender: the line to type, its QR code, the clipboard, and the end.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { widthOf } from "../../../scripts/cli/screen/width.ts";
import {
  assertFailure,
  randomBytes,
  uniquePassphrase,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";
import {
  ESC,
  launchOnTerminal,
  noTerminal,
  type OnTerminal,
  splitDrawn,
  type TerminalOptions,
  withoutColors,
} from "../../support/pseudo_terminal.ts";

const ON_LOOPBACK = ["--interface", "127.0.0.1"];
const CTRL_C: [string, string] = ["add the address", "\x03"];

/** Shares a file until Ctrl+C. */
async function share(
  args: string[],
  options: TerminalOptions = {},
): Promise<OnTerminal> {
  await using machine = await Machine.make();
  await machine.write("notes.md", "# Notes\n");
  return await launchOnTerminal(
    machine,
    ["serve", ...ON_LOOPBACK, "--generate", ...args, "notes.md"],
    { typed: [CTRL_C], ...options },
  );
}

function testScreen(name: string, body: () => Promise<void>): void {
  Deno.test({ name, ignore: noTerminal !== null, fn: body });
}

testScreen(
  "serve shows the line to type in both forms, which stand out, and says what came of it",
  async () => {
    const { code, text } = await share([]);
    assertEquals(code, 130);
    const [, words] = /distill-receive ([a-z-]+)/.exec(text)!;
    assertStringIncludes(
      text,
      `\x1b[1;36m/claude-spread:distill-receive ${words}\x1b[0m\n`,
    );
    assertStringIncludes(
      text,
      `\x1b[1;36mclaude-spread receive ${words}\x1b[0m\n`,
    );
    const plain = withoutColors(text);
    assertStringIncludes(plain, "spread: Stopped; nobody received it\n");
    assert(!plain.includes("error:"), plain);
  },
);

testScreen("serve shows no colors with NO_COLOR", async () => {
  const { text } = await share([], { env: { NO_COLOR: "1" } });
  assertStringIncludes(text, "claude-spread receive ");
  assert(!text.includes(ESC), JSON.stringify(text));
});

testScreen(
  "serve --qr shows a code that fits, and says so when it does not",
  async () => {
    const wide = withoutColors((await share(["--qr"])).text);
    const rows = wide.split("\n").filter((line) => /^[█▀▄ ]{25,}$/.test(line));
    assertEquals(rows.length, Math.ceil(rows[0]!.length / 2), wide);
    const narrow = withoutColors((await share(["--qr"], { columns: 20 })).text);
    assert(!narrow.includes("█"), narrow);
    assertStringIncludes(
      narrow,
      "spread: warning: no QR code is shown: it takes 33 columns, and the terminal has 20\n",
    );
  },
);

testScreen("serve --copy puts the line into the clipboard", async () => {
  const { text } = await share(["--copy"]);
  const [, rest] = text.split("\x1b]52;c;");
  const [encoded] = rest!.split("\x07");
  const line = atob(encoded!);
  assert(/^claude-spread receive (\w+-){3}\w+$/.test(line), line);
  assertStringIncludes(withoutColors(text), `    ${line}\n`);
  assertStringIncludes(
    text,
    "is also in the clipboard, if this terminal allows",
  );
});

testScreen(
  "serve --detach shows the code, and fills the clipboard",
  async () => {
    await using machine = await Machine.make();
    await machine.write("notes.md", "# Notes\n");
    const args = [
      ...ON_LOOPBACK,
      "--detach",
      "--qr",
      "--copy",
      "--generate",
      "notes.md",
    ];
    const { code, text } = await launchOnTerminal(machine, ["serve", ...args]);
    try {
      assertEquals(code, 0, text);
      assertStringIncludes(text, "\x1b]52;c;");
      assertStringIncludes(withoutColors(text), "█ ▄▄▄▄▄ █");
      assertStringIncludes(text, "\x1b[1;36mclaude-spread receive ");
    } finally {
      await machine.run("stop", []);
    }
  },
);

testScreen(
  "serve says that it waits for a text to be typed, in the background too",
  async () => {
    await using machine = await Machine.make();
    for (const [more, stop] of [[[], [CTRL_C]], [["--detach"], []]] as const) {
      const { text } = await launchOnTerminal(
        machine,
        ["serve", ...ON_LOOPBACK, "--generate", ...more, "-"],
        { typed: [["Ctrl+D ends it", "# Notes\n\x04"], ...stop] },
      );
      await machine.run("stop", ["--all"]);
      assertEquals(text.match(/type the text to share/g)?.length, 1, text);
      assertStringIncludes(text, "distill-receive ");
    }
  },
);

/** A TCP port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

testScreen(
  "serve shows one line for two receivers, and counts them at the end",
  async () => {
    await using alice = await Machine.make();
    await using bob = await Machine.make();
    const passphrase = uniquePassphrase();
    await alice.write("a.bin", randomBytes(8 * 1024 * 1024));
    const port = freePort();
    await using proxy = new Proxy({ port, pauseMs: 10 });
    const where = [...ON_LOOPBACK, "--port", String(port)];
    const sharing = launchOnTerminal(
      alice,
      ["serve", ...where, passphrase, "a.bin"],
    );
    await until("the share", async () => (await alice.entries()).length > 0);
    const receive = (output: string) =>
      bob.run("receive", [
        "--output",
        bob.path(output),
        passphrase,
        proxy.address,
      ]);
    const [one, two] = await Promise.all([receive("1.bin"), receive("2.bin")]);
    assertEquals([one.code, two.code], [0, 0], one.stderr + two.stderr);
    await alice.run("stop", []);
    const { code, text } = await sharing;
    assertEquals(code, 130, text);
    const { drawn, rest } = splitDrawn(text);
    for (const line of drawn) assert(widthOf(line) < 80, line);
    const both = drawn.filter((line) => line.includes("2 receivers"));
    assert(both.length > 0, text);
    assert(both.every((line) => line.includes(" of 16.8 MB")), text);
    assertStringIncludes(
      withoutColors(rest),
      "spread: Stopped by claude-spread stop; delivered to 2 receivers\n",
    );
  },
);

Deno.test("serve --copy is refused before anything is shared, when there is no terminal", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("notes.md", "# Notes\n");
  for (const more of [[], ["--detach"]]) {
    assertFailure(
      await machine.run("serve", ["--copy", "--generate", ...more, file]),
      "USAGE",
      "--copy needs a terminal, whose clipboard it fills",
      "Run the command in a terminal, or leave --copy out",
    );
  }
  assertEquals(await machine.entries(), []);
});

Deno.test("serve --qr and --copy are refused with a passphrase of one's own, which is never shown", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("notes.md", "# Notes\n");
  for (const option of ["--qr", "--copy"]) {
    const ended = await machine.run("serve", [option, "own words here", file]);
    assertFailure(
      ended,
      "USAGE",
      "--qr and --copy need words: a passphrase of your own is never shown",
      "Leave the passphrase out",
    );
    assert(!ended.stderr.includes("own words here"), ended.stderr);
  }
  const env = { CLAUDE_SPREAD_PASSPHRASE: "own words here" };
  assertFailure(
    await machine.run("serve", ["--qr", file], { env }),
    "USAGE",
    "--qr and --copy need words: a passphrase of your own is never shown",
    "Unset CLAUDE_SPREAD_PASSPHRASE",
  );
});

Deno.test("serve --qr says that no code is shown without a terminal, and shares", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("notes.md", "# Notes\n");
  await using running = machine.start("serve", ["--qr", "--generate", file]);
  await running.says("no QR code is shown: there is no terminal here");
  await running.says("add the address");
  const ended = await running.stop();
  assertFailure(ended, "INTERRUPTED", "Stopped; nobody received it");
});
