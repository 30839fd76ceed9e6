import { assert, assertEquals } from "@std/assert";
import {
  MAX_LOADED_BYTES,
  MAX_LOADED_LINES,
  overflowOf,
  parseIndex,
  removeBlocks,
} from "./blocks.ts";

Deno.test("parseIndex() tells entries, headings and paragraphs", () => {
  const index =
    "# A\r\ntext\nmore\n\n- one\n  - sub\n  words\n- two\n* three\n## B\n";
  assertEquals(
    parseIndex(index).map(({ kind, text, start, end }) => [
      kind,
      text,
      start,
      end,
    ]),
    [
      ["heading", "# A", 0, 1],
      ["paragraph", "text\nmore", 1, 3],
      ["entry", "- one\n  - sub\n  words", 4, 7],
      ["entry", "- two", 7, 8],
      ["entry", "* three", 8, 9],
      ["heading", "## B", 9, 10],
    ],
  );
});

Deno.test("parseIndex() leaves fenced code together, where it is closed", () => {
  const code = "```sh\n# first\nnpm i\n\nnpm t\n```";
  const table: [string, string[]][] = [
    [`Build:\n${code}\n\n${code}`, [`Build:\n${code}`, code]],
    ["~~~\n# x\n```\n~~~\n", ["~~~\n# x\n```\n~~~"]],
    ["- ```\n  # x\n\n  ```\n- y", ["- ```\n  # x\n\n  ```", "- y"]],
    ["```\n\n# A\n\ntext", ["```", "# A", "text"]],
    ["```\n\n## Received from x\n\n```", [
      "```",
      "## Received from x",
      "```",
    ]],
  ];
  for (const [index, texts] of table) {
    assertEquals(parseIndex(index).map(({ text }) => text), texts, index);
  }
});

Deno.test("parseIndex() is as fast on a line that was made to be slow", () => {
  for (const part of ["[", "```x\n", "~~~\n"]) {
    const index = part.repeat(1_000_000 / part.length);
    const start = performance.now();
    parseIndex(index);
    assert(performance.now() - start < 30_000, part);
  }
});

Deno.test("parseIndex() reads what was received as if it were not quoted, and apart from the rest", () => {
  const index = "> mine\n\n## Received from x\n\n> - [A](a.md)\n>   more\n>\n" +
    "> > theirs\n> ```\nmine\n```\n\n## Own\n> mine\n";
  assertEquals(
    parseIndex(index).map(({ text, isReceived }) => [text, isReceived]),
    [
      ["> mine", false],
      ["## Received from x", false],
      ["- [A](a.md)\n  more", true],
      ["> theirs\n```", true],
      ["mine\n```", false],
      ["## Own", false],
      ["> mine", false],
    ],
  );
});

Deno.test("removeBlocks() leaves a quote whole", () => {
  const head = "## Received from x\n\n";
  const table: [quote: string, left: string][] = [
    ["> - a\n> - b\n", "> - b\n"],
    ["> - a\n>\n> text\n", "> text\n"],
    ["> text\n>\n> - a\n>\n> more\n", "> text\n>\n> more\n"],
  ];
  for (const [quote, left] of table) {
    const index = head + quote;
    const blocks = parseIndex(index).filter(({ text }) => text === "- a");
    assertEquals(removeBlocks(index, blocks), head + left, quote);
  }
});

Deno.test("removeBlocks() copes with an index of 200 000 lines", () => {
  const index = "- a\n- b\n".repeat(100_000);
  const blocks = parseIndex(index).filter(({ text }) => text === "- a");
  const start = performance.now();
  assertEquals(removeBlocks(index, blocks), "- b\n".repeat(100_000));
  assert(performance.now() - start < 30_000);
});

Deno.test("overflowOf() tells what Claude does not load, at the limits", () => {
  const index = (lines: number) => "x\n".repeat(lines);
  assertEquals(overflowOf(index(MAX_LOADED_LINES)), null);
  assertEquals(overflowOf(index(MAX_LOADED_LINES + 1))?.lines, 201);
  assertEquals(overflowOf("x".repeat(MAX_LOADED_BYTES)), null);
  assertEquals(overflowOf("x".repeat(MAX_LOADED_BYTES + 1))?.bytes, 25_001);
});
