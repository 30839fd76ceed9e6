/**
 * Command lines that cannot be, and what explains those that can.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { forEach } from "../../lib/testing/for_each.ts";
import { assertFailure, assertSuccess } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";

const LONG = "x".repeat(64 * 1024 + 1);

/** Command lines that cannot be, and how the message begins. */
const USAGE_ERRORS: [
  script: "serve" | "receive",
  args: string[],
  message: string,
  stdin?: string,
][] = [
  ["serve", ["--nonsense"], "There is no option --nonsense"],
  ["serve", ["-x"], "There is no option -x"],
  ["serve", ["-5"], "There is no option -5"],
  ["serve", ["--output", "x"], "There is no option --output"],
  [
    "serve",
    ["--once", "--keep-open", "5"],
    "--once and --keep-open cannot be used",
  ],
  ["serve", ["--keep-open", "0"], "--keep-open 0 is not a whole number from 1"],
  ["serve", ["--keep-open", "1441"], "--keep-open 1441 is not a whole number"],
  ["serve", ["--keep-open", "1.5"], "--keep-open 1.5 is not a whole number"],
  ["serve", ["--keep-open"], "--keep-open needs a value"],
  ["serve", ["--port", "0"], "--port 0 is not a whole number from 1 to 65535"],
  ["serve", ["--port", "70000"], "--port 70000 is not a whole number"],
  ["serve", ["--port", "x"], "--port x is not a whole number"],
  ["serve", ["--port="], "--port needs a value"],
  ["serve", ["my", "pass", "a.md"], "Too many arguments: serve takes one file"],
  ["serve", ["", "a.md"], "The passphrase is empty"],
  ["serve", [""], "The name of the file is empty"],
  ["serve", ["folder"], '"folder" is a folder, and only a file can be shared'],
  ["serve", ["pass", "folder"], '"folder" is a folder'],
  [
    "serve",
    ["a.md", "latin1"],
    'Only one file can be shared at a time; "a.md" and "latin1" are named',
  ],
  [
    "serve",
    ["a.md", "latin1", "folder"],
    'Only one file can be shared at a time; "a.md", "latin1" and "folder" are named',
  ],
  [
    "serve",
    ["a.md", "pass"],
    "Only one file can be shared at a time, and something follows",
  ],
  [
    "serve",
    ["--generate", "pass", "a.md"],
    "A passphrase before the file and --generate cannot be used together",
  ],
  [
    "serve",
    ["--relay", "example.org", "a.md"],
    '"example.org" looks like the address of a relay',
  ],
  [
    "serve",
    ["--remove-file", "-"],
    "--remove-file needs a file",
    "Body",
  ],
  [
    "serve",
    ["--remove-file"],
    "--remove-file needs a file",
    "Body",
  ],
  [
    "serve",
    ["--passphrase-file", "-", "a.md"],
    "The passphrase is empty",
    "\n",
  ],
  [
    "serve",
    ["--passphrase-file", "-", "a.md"],
    "The passphrase is longer",
    LONG,
  ],
  ["serve", ["--passphrase-file", "none", "a.md"], 'Cannot read "none"'],
  ["serve", ["--passphrase-file", ".", "a.md"], 'Cannot read "."'],
  ["serve", ["--passphrase-file", "latin1", "a.md"], 'Cannot read "latin1"'],
  [
    "serve",
    ["--interface", "9.9.9.9", "pass", "a.md"],
    'This machine has no address "9.9.9.9"',
  ],
  ["receive", [], "The sender's words are missing"],
  ["receive", ["--nonsense"], "There is no option --nonsense"],
  ["receive", ["--once"], "There is no option --once"],
  ["receive", ["--json", "pass"], "--json needs --output"],
  ["receive", ["--json", "--output"], "--output needs a value"],
  ["receive", ["--timeout", "x", "pass"], "--timeout x is not a whole number"],
  ["receive", ["--timeout", "0", "pass"], "--timeout 0 is not a whole number"],
  ["receive", ["--timeout", "3601", "pass"], "--timeout 3601 is not a whole"],
  ["receive", ["--timeout", "1e3", "pass"], "--timeout 1e3 is not a whole"],
  ["receive", ["", "127.0.0.1:9"], "The passphrase is empty"],
  ["receive", ["two", "words"], "The arguments are neither an invite"],
  ["receive", ["pass", "127.0.0.1"], "The arguments are neither an invite"],
  ["receive", ["pass", "127.0.0.1:0"], '"127.0.0.1:0" is not host:port'],
  [
    "receive",
    ["pass", "127.0.0.1:65536"],
    '"127.0.0.1:65536" is not host:port',
  ],
  ["receive", ["pass", "::1:9"], "The arguments are neither an invite"],
  [
    "receive",
    ["pass", "127.0.0.1:9", "more"],
    "The arguments are neither an invite",
  ],
  ...[
    ["pass"],
    ["pass", "127.0.0.1:9"],
    ["--relay", "ws://127.0.0.1:9", "k7m2xq-acid-acid-acid-acid"],
  ].map((args): (typeof USAGE_ERRORS)[number] => [
    "receive",
    ["--interface", "9.9.9.9", ...args],
    'This machine has no address "9.9.9.9"',
  ]),
];

Deno.test("serve and receive refuse a command line that cannot be", async () => {
  await using machine = await Machine.make();
  await machine.write("a.md", "Body");
  await machine.write("latin1", Uint8Array.of(0x63, 0xe9));
  await Deno.mkdir(machine.path("folder"));
  await forEach(USAGE_ERRORS, async ([script, args, message, stdin]) => {
    const isOwn = args.includes("--interface");
    const options = { stdin, interface: isOwn ? null : undefined };
    assertFailure(await machine.run(script, args, options), "USAGE", message);
  });
  assertEquals(await machine.kept(), []);
});

Deno.test("serve refuses to read passphrase and text both from standard input", async () => {
  await using machine = await Machine.make();
  assertFailure(
    await machine.run("serve", ["--passphrase-file", "-", "-"], {
      stdin: "pass\nBody\n",
    }),
    "USAGE",
    "",
  );
});

Deno.test("serve --json and receive --json tell programs of a wrong command line", async () => {
  await using machine = await Machine.make();
  for (const script of ["serve", "receive", "bundle", "install"] as const) {
    const ended = await machine.run(script, ["--json", "--nonsense"]);
    assertFailure(ended, "USAGE", "There is no option --nonsense");
    assertEquals(ended.events.length, 1);
  }
});

Deno.test("each command explains itself with --help and does nothing", async () => {
  await using machine = await Machine.make();
  for (const script of ["serve", "receive", "bundle", "install"] as const) {
    const ended = await machine.run(script, ["--help"]);
    assertSuccess(ended);
    assertEquals(ended.stderr, "");
    assertStringIncludes(ended.text, `Usage: claude-spread ${script} `);
  }
  assertEquals(await machine.kept(), []);
});
