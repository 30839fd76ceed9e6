/** Bundles and arguments that `claude-spread install` refuses, and what is left then: all. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { SpreadErrorCode } from "../../../lib/errors.ts";
import { assertFailure } from "../../support/checks.ts";
import { bundleOf } from "../../support/memory.ts";
import { assertUntouched, BUNDLE, prepared } from "./_prepared.ts";

const LONG = "x".repeat(5_000_001);
const many = Object.fromEntries(
  Array.from({ length: 1001 }, (_, i) => [`${i}.md`, ""]),
);
const heavy = Object.fromEntries(
  Array.from({ length: 11 }, (_, i) => [`${i}.md`, LONG.slice(1000)]),
);

const REFUSED: [
  what: string,
  bundle: string | Uint8Array,
  SpreadErrorCode,
  string,
][] = [
  ["empty", "", "PAYLOAD_EMPTY", "the input is empty"],
  ["not JSON", "{nonsense}", "BUNDLE_REFUSED", "it is not JSON"],
  [
    "cut off",
    BUNDLE.slice(0, -20),
    "BUNDLE_REFUSED",
    "it is cut off, or not JSON",
  ],
  ["a list", "[1]", "BUNDLE_REFUSED", 'its type is not "memory_bundle"'],
  ["no type", "{}", "BUNDLE_REFUSED", 'its type is not "memory_bundle"'],
  [
    "another type",
    '{"type":"session","files":{}}',
    "BUNDLE_REFUSED",
    'its type is not "memory_bundle"',
  ],
  [
    "no files",
    '{"type":"memory_bundle"}',
    "BUNDLE_REFUSED",
    'its field "files"',
  ],
  ["files as a list", bundleOf(["a"]), "BUNDLE_REFUSED", 'its field "files"'],
  [
    "no file in it",
    bundleOf({}),
    "PAYLOAD_EMPTY",
    "The bundle holds no memory",
  ],
  [
    "a file that is a number",
    bundleOf({ "a.md": 1 }),
    "BUNDLE_REFUSED",
    'the file "a.md" is not text',
  ],
  [
    "a project that is a number",
    bundleOf({ "a.md": "x" }, { project: 1 }),
    "BUNDLE_REFUSED",
    'its field "project"',
  ],
  [
    "a date that is none",
    bundleOf({ "a.md": "x" }, { created: "soon" }),
    "BUNDLE_REFUSED",
    'its field "created"',
  ],
  [
    "not UTF-8",
    new Uint8Array([0x7b, 0xff, 0x7d]),
    "BUNDLE_REFUSED",
    "it is not UTF-8 text",
  ],
  [
    "a way out",
    bundleOf({ "ok.md": "x", "../out.md": "x" }),
    "NAME_REFUSED",
    "leads out of its folder",
  ],
  [
    "an absolute path",
    bundleOf({ "/tmp/out.md": "x" }),
    "NAME_REFUSED",
    "is an absolute path",
  ],
  [
    "a drive",
    bundleOf({ "C:\\out.md": "x" }),
    "NAME_REFUSED",
    "contains a backslash",
  ],
  [
    "a hidden file",
    bundleOf({ ".git/x.md": "x" }),
    "NAME_REFUSED",
    "begins with a dot",
  ],
  [
    "a device",
    bundleOf({ "NUL.md": "x" }),
    "NAME_REFUSED",
    "is a device name",
  ],
  [
    "instructions of an agent",
    bundleOf({ "a.md": "x", "sub/Agents.MD": "x" }),
    "NAME_REFUSED",
    'Cannot use "sub/Agents.MD" as a memory: its name is one that coding agents load as instructions',
  ],
  [
    "control characters",
    bundleOf({ "a\u001b[2J.md": "x" }),
    "NAME_REFUSED",
    "contains control characters",
  ],
  [
    "names that differ in case",
    bundleOf({ "a.md": "x", "A.MD": "y" }),
    "NAME_REFUSED",
    "Cannot use both",
  ],
  [
    "names that differ in form",
    bundleOf({ "\u00e9.md": "x", "e\u0301.md": "y" }),
    "NAME_REFUSED",
    "Cannot use both",
  ],
  [
    "a name of Object",
    '{"type":"memory_bundle","files":{"__proto__":"x"}}',
    "NAME_REFUSED",
    "does not end in .md",
  ],
  [
    "another sort of file",
    bundleOf({ "a.md": "x", "run.sh": "x" }),
    "NAME_REFUSED",
    "does not end in .md",
  ],
  [
    "a long file",
    bundleOf({ "a.md": LONG }),
    "PAYLOAD_TOO_LARGE",
    "longer than 5 MB",
  ],
  ["many files", bundleOf(many), "PAYLOAD_TOO_LARGE", "1001 files"],
  [
    "heavy files",
    bundleOf(heavy),
    "PAYLOAD_TOO_LARGE",
    "longer than 50 MB together",
  ],
];

for (const [what, bundle, code, message] of REFUSED) {
  Deno.test(`install refuses a bundle as a whole: ${what}`, async () => {
    await using machine = await prepared(bundle);
    const ended = await machine.run("install", ["--json", "--yes", "m.json"]);
    assertFailure(ended, code, "");
    assertStringIncludes(ended.stderr, message);
    await assertUntouched(machine);
  });
}

Deno.test("install refuses a file that is not there, and a folder", async () => {
  await using machine = await prepared();
  for (const file of ["none.json", "."]) {
    assertFailure(
      await machine.run("install", ["--json", "--yes", file]),
      "PAYLOAD_UNREADABLE",
      `Cannot read "${file}"`,
    );
  }
  await assertUntouched(machine);
});

Deno.test("install explains what it does not understand", async () => {
  await using machine = await prepared();
  const table: [string[], string][] = [
    [["--on-conflict", "mine", "m.json"], "--on-conflict mine is not one of"],
    [["--undo", "m.json"], "--undo takes no file"],
    [["--discard"], "--discard needs a file"],
    [["--yes", "--undo"], "--yes and --undo cannot be used together"],
    [["a", "b"], 'Too many arguments: "b"'],
  ];
  for (const [args, message] of table) {
    const ended = await machine.run("install", args);
    assertEquals(ended.code, 2, ended.stderr);
    assertStringIncludes(ended.stderr, message);
  }
  await assertUntouched(machine);
});
