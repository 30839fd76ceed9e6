/**
 * `receive` and `serve` on a terminal, through `bin/claude-spread`: words are asked for, and a
 * passphrase is typed hidden.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Machine, type Sharing } from "../../support/machine.ts";
import {
  launchOnTerminal,
  noTerminal,
  runOnTerminal,
  withoutColors,
} from "../../support/pseudo_terminal.ts";
import { root } from "../../support/places.ts";

const DOCUMENT = "# Notes from the terminal\n";
const HERE = ["--interface", "127.0.0.1"];

async function share(machine: Machine, args: string[]): Promise<Sharing> {
  const file = await machine.write("notes.md", DOCUMENT);
  return await machine.share([...args, file]);
}

function test(name: string, fn: (machine: Machine) => Promise<void>): void {
  Deno.test({
    name,
    ignore: noTerminal !== null,
    fn: async () => {
      await using machine = await Machine.make();
      await fn(machine);
    },
  });
}

test("receive asks for the words on a terminal, and delivers", async (machine) => {
  await using sharing = await share(machine, ["--generate"]);
  const words = String(sharing.ready.invite).toUpperCase().replaceAll("-", " ");
  const { code, text } = await launchOnTerminal(
    machine,
    ["receive", ...HERE, sharing.address],
    { typed: [["Words from the sender:", `${words}\r`]] },
  );
  assertEquals(code, 0, text);
  assertStringIncludes(text, DOCUMENT);
});

test("receive --passphrase takes what only looks like mistyped words, without showing it", async (machine) => {
  const passphrase = "niece broke zipppy iron";
  await using sharing = await share(machine, [passphrase]);
  const { code, text } = await launchOnTerminal(
    machine,
    ["receive", "--passphrase", ...HERE, sharing.address],
    { typed: [["Passphrase: ", `${passphrase}\r`]] },
  );
  assertEquals(code, 0, text);
  assertStringIncludes(text, DOCUMENT);
  assert(!text.includes("niece"), text);
});

test("receive stops at Ctrl+C while it asks, and has dialed nobody", async (machine) => {
  await using sharing = await share(machine, ["--generate"]);
  const { code, text } = await launchOnTerminal(
    machine,
    ["receive", ...HERE, sharing.address],
    { typed: [["Words from the sender:", "\x03"]] },
  );
  assertEquals(code, 130, text);
  assertStringIncludes(text, "Stopped");
  const { events } = await sharing.stop();
  assertEquals(events.filter(({ event }) => event === "refused"), []);
});

test("serve --passphrase asks twice, and refuses words like those that it makes", async (machine) => {
  await machine.write("notes.md", DOCUMENT);
  const { code, text } = await launchOnTerminal(
    machine,
    ["serve", "--passphrase", ...HERE, "notes.md"],
    {
      typed: [
        ["Passphrase: ", "niece-broke-zippy-iron\r"],
        ["Repeat it: ", "niece-broke-zippy-iron\r"],
      ],
    },
  );
  assertEquals(code, 2, text);
  assertStringIncludes(
    text,
    "The passphrase looks like the words that a share makes",
  );
  assertEquals(await machine.entries(), []);
});

test("receive does not ask when its standard input is no terminal", async (machine) => {
  const lines: [error: string, args: string[]][] = [
    ["The sender's words are missing", []],
    ["Cannot ask for the passphrase without a terminal", ["--passphrase"]],
  ];
  for (const [error, args] of lines) {
    const { code, text } = await runOnTerminal(machine, [
      "sh",
      "-c",
      'exec "$@" </dev/null',
      "receive",
      `${root}/bin/claude-spread`,
      "receive",
      ...args,
      ...HERE,
    ]);
    assertEquals(code, 2, text);
    assertStringIncludes(withoutColors(text), `spread: error: ${error}`);
    assertStringIncludes(withoutColors(text), "spread: hint: ");
  }
});
