/**
 * Arguments in every order, and one alone: what is shared is what a person means.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import {
  assertFailure,
  assertSuccess,
  uniquePassphrase,
} from "../../support/checks.ts";
import { Machine, type Sharing } from "../../support/machine.ts";

const NOTES = "# Notes\n";

async function assertReceives(
  machine: Machine,
  { address, ready }: Sharing,
  words: string = String(ready.invite),
): Promise<void> {
  const received = await machine.run("receive", [words, address]);
  assertSuccess(received);
  assertEquals(received.text, NOTES);
}

/** Places of an option: before, between and after passphrase and FILE. */
const ORDERS: ((option: string[], operands: string[]) => string[])[] = [
  (option, [passphrase, file]) => [...option, passphrase!, file!],
  (option, [passphrase, file]) => [passphrase!, ...option, file!],
  (option, [passphrase, file]) => [passphrase!, file!, ...option],
];

Deno.test("serve shares FILE, wherever the address of a relay stands", async () => {
  await using relay = await startLocalRelay();
  await using machine = await Machine.make();
  await machine.write("notes.md", NOTES);
  for (const option of [["--relay", relay.url], [`--relay=${relay.url}`]]) {
    for (const order of ORDERS) {
      const passphrase = uniquePassphrase();
      const args = order(option, [passphrase, "notes.md"]);
      await using sharing = await machine.share(args);
      assertEquals(sharing.ready.name, "notes.md", args.join(" "));
      assertEquals(sharing.ready.relay, relay.url);
      await assertReceives(machine, sharing, passphrase);
    }
  }
});

Deno.test("serve shares FILE, wherever other options with values stand", async () => {
  await using machine = await Machine.make();
  await machine.write("notes.md", NOTES);
  const options = [
    ["--keep-open", "5"],
    ["--project", "."],
    ["--kind", "distillation"],
    ["--once", "--anonymous"],
  ];
  for (const [i, option] of options.entries()) {
    const passphrase = uniquePassphrase();
    const order = ORDERS[i % ORDERS.length]!;
    const args = order(option, [passphrase, "notes.md"]);
    await using sharing = await machine.share(args);
    assertEquals(sharing.ready.name, "notes.md", args.join(" "));
    await assertReceives(machine, sharing, passphrase).catch((error) => {
      // The facts of a project come before the text.
      if (!args.includes("--project")) throw error;
    });
  }
});

Deno.test("serve shares a FILE named true or false after an option without a value", async () => {
  await using machine = await Machine.make();
  for (const name of ["true", "false"]) {
    await machine.write(name, NOTES);
    await using sharing = await machine.share(["--once", name]);
    assertEquals(sharing.ready.name, name);
    await assertReceives(machine, sharing);
  }
});

Deno.test("serve takes one argument as FILE and makes the words", async () => {
  await using machine = await Machine.make();
  await machine.write("notes.md", NOTES);
  for (const stdin of [undefined, "", "From a pipe\n", "open"] as const) {
    await using sharing = await machine.share(["notes.md"], { stdin });
    assertEquals(sharing.ready.name, "notes.md");
    await assertReceives(machine, sharing);
    const guess = ["--timeout", "5", "notes.md", sharing.address];
    const { code } = await machine.run("receive", guess);
    assert(code !== 0, "the name of the file is the passphrase");
  }
});

Deno.test("serve - shares standard input and makes the words", async () => {
  await using machine = await Machine.make();
  await using sharing = await machine.share(["-"], { stdin: NOTES });
  await assertReceives(machine, sharing);
});

Deno.test("serve says that a single argument is not a file, and reads no input", async () => {
  await using machine = await Machine.make();
  const ended = await machine.run("serve", ["my secret"], { stdin: NOTES });
  assert(ended.code !== 0);
  assert(/^spread: error: .*"my secret"/m.test(ended.stderr), ended.stderr);
  assertEquals(await machine.entries(), []);
});

Deno.test("serve and receive name what is wrong with an argument, and blame no quotes", async () => {
  await using machine = await Machine.make();
  await machine.write("f", NOTES);
  await machine.write("a", NOTES);
  const cases: [Parameters<Machine["run"]>[0], string[], string][] = [
    ["serve", ["--generate", "a", "f"], "a"],
    ["serve", ["--relay", "example.org", "f"], "wss://example.org"],
    ["receive", ["--relay", "example.org", "k7-a-b-c-d"], "wss://example.org"],
  ];
  for (const [script, args, named] of cases) {
    const ended = await machine.run(script, args);
    assertFailure(ended, "USAGE", "");
    assertStringIncludes(ended.stderr, named);
    assert(!/quote/.test(ended.stderr), ended.stderr);
  }
});

Deno.test("receive counts one of a thing as one", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "one\u200b\n");
  await using sharing = await machine.share(["--generate", file]);
  const received = await machine.run("receive", [
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(received);
  assertStringIncludes(received.stderr, "1 hidden");
  assert(!/\b1 [^\n]*sequences/.test(received.stderr), received.stderr);
});
