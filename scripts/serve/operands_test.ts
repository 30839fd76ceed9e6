import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import {
  HERE,
  type OperandPlace,
  readServeOperands,
  type ServeOperands,
} from "./operands.ts";

/** A folder with two files and two folders, and a pipe as standard input. */
const PLACE: OperandPlace = {
  isFile: (path) => ["a.md", "b.md", "my words"].includes(path),
  isFolder: (path) => ["docs", "it's", "."].includes(path),
  isPiped: true,
};

const READ: [operands: string[], expected: ServeOperands][] = [
  [[], { file: "-" }],
  [["-"], { file: "-" }],
  [["a.md"], { file: "a.md" }],
  // A file that is missing is reported as such, and never taken for a passphrase.
  [["missing.md"], { file: "missing.md" }],
  [["secret"], { file: "secret" }],
  [["secret", "a.md"], { passphrase: "secret", file: "a.md" }],
  [["secret", "-"], { passphrase: "secret", file: "-" }],
  [["secret", "missing.md"], { passphrase: "secret", file: "missing.md" }],
  [["two words", "a.md"], { passphrase: "two words", file: "a.md" }],
  // An empty passphrase has an error of its own.
  [["", "a.md"], { passphrase: "", file: "a.md" }],
];

Deno.test("readServeOperands() takes one for the file, and two for passphrase and file", () => {
  for (const [operands, expected] of READ) {
    const name = operands.join(" ");
    assertEquals(readServeOperands(operands, PLACE), expected, name);
    if (operands.length === 0) continue;
    const atTerminal = { ...PLACE, isPiped: false };
    assertEquals(readServeOperands(operands, atTerminal), expected, name);
  }
});

const REFUSED: [operands: string[], message: string, hint: string][] = [
  [
    ["a.md", "b.md"],
    'Only one file can be shared at a time; "a.md" and "b.md" are named',
    "cat FILES | claude-spread serve -",
  ],
  [
    ["a.md", "b.md", "docs"],
    'Only one file can be shared at a time; "a.md", "b.md" and "docs" are named',
    "tar c FILES | claude-spread serve -",
  ],
  // Only what is there is named: the rest may be a passphrase.
  [
    ["secret", "a.md", "b.md"],
    'Only one file can be shared at a time; "a.md" and "b.md" are named',
    "one after the other",
  ],
  [["docs", "a.md"], '"docs" and "a.md" are named', "one after the other"],
  [["-", "a.md"], '"-" and "a.md" are named', "one after the other"],
  [
    ["a.md", "secret"],
    'Only one file can be shared at a time, and something follows "a.md"',
    "before the file",
  ],
  [["my words", "missing.md"], 'follows "my words"', "--passphrase-file"],
  [
    ["my", "secret", "a.md"],
    "Too many arguments: serve takes one file and, before it, at most one passphrase",
    "Put quotes",
  ],
  [["a", "b", "c", "d"], "Too many arguments", "Put quotes"],
  [[""], "The name of the file is empty", "a variable"],
  [["secret", ""], "The name of the file is empty", "a variable"],
  [
    ["docs"],
    '"docs" is a folder, and only a file can be shared',
    "tar c docs | claude-spread serve -",
  ],
  [["secret", "it's"], `"it's" is a folder`, `tar c 'it'\\''s' | claude`],
  [["."], '"." is a folder', "tar c . |"],
];

Deno.test("readServeOperands() refuses everything else, and says what to do", () => {
  for (const [operands, message, hint] of REFUSED) {
    const error = assertThrows(
      () => readServeOperands(operands, PLACE),
      SpreadError,
      message,
    );
    assertEquals(error.code, "USAGE");
    assertEquals(error.hint.includes(hint), true, error.hint);
    assertEquals(/secret/.test(error.message + error.hint), false);
  }
});

Deno.test("readServeOperands() never waits for the keyboard, when nothing is named", () => {
  const error = assertThrows(
    () => readServeOperands([], { ...PLACE, isPiped: false }),
    SpreadError,
    "The file to share is missing",
  );
  assertEquals(error.code, "USAGE");
  assertEquals(error.hint.includes("claude-spread serve FILE"), true);
});

Deno.test("HERE looks at files through links, and takes what it cannot see for missing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.md`, "Body");
    if (Deno.build.os !== "windows") {
      await Deno.symlink(`${folder}/a.md`, `${folder}/link.md`);
      assertEquals(HERE.isFile(`${folder}/link.md`), true);
    }
    assertEquals(HERE.isFile(`${folder}/a.md`), true);
    assertEquals([HERE.isFile(folder), HERE.isFolder(folder)], [false, true]);
    assertEquals(HERE.isFile(`${folder}/missing`), false);
    assertEquals(HERE.isFile(`${folder}/a.md/b`), false);
    assertEquals(HERE.isFile("a\0b"), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
