import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  appendBlocks,
  linkTarget,
  MAX_LOADED_BYTES,
  MAX_LOADED_LINES,
  overflowOf,
  parseIndex,
  removeBlocks,
  renameLinks,
} from "./memory_index.ts";

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

Deno.test("linkTarget() finds the file that a line leads to", () => {
  const table: [string, string | null][] = [
    ["- [A](a.md) — x", "a.md"],
    ["- [A](./sub/a.md)", "sub/a.md"],
    ["- [A](a.md#part)", "a.md"],
    ["- [A](<a b.md>)", "a b.md"],
    ["- [A](a%20b.md)", "a b.md"],
    ["- [A](100%.md)", "100%.md"],
    ['- [A](a.md "title")', "a.md"],
    ["- [site](https://x.example/a.md), [A](a.md)", "a.md"],
    ["- ![picture](a.md)", null],
    ["- [A](a.txt)", null],
    ["- [[a]]", null],
    ["", null],
  ];
  for (const [line, target] of table) {
    assertEquals(linkTarget(line), target, line);
  }
});

Deno.test("renameLinks() follows files that get another name, and no others", () => {
  const renamed = new Map([["a.md", "a-received.md"], ["b.md", "b c.md"]]);
  assertEquals(
    renameLinks("[A](a.md), [B](b.md) and [C](c.md), a.md", renamed),
    "[A](a-received.md), [B](<b c.md>) and [C](c.md), a.md",
  );
});

const block = fc.record({
  kind: fc.constant("entry" as const),
  text: fc.integer({ min: 0, max: 9 }).map((n) => `- new ${n}`),
});
const lines = fc.array(
  fc.constantFrom("", "# A", "- x", "text", "text\r", "- y\r"),
).map((all) => all.join("\n"));

Deno.test("removeBlocks() takes out what appendBlocks() has added, and nothing else", () => {
  fc.assert(
    fc.property(lines, fc.uniqueArray(block), (index, blocks) => {
      const added = appendBlocks(index, "Received", blocks);
      const texts = blocks.map(({ text }) => text);
      const rest = removeBlocks(added, new Set([...texts, "## Received"]));
      assertEquals(
        parseIndex(rest).map(({ text }) => text),
        parseIndex(index).map(({ text }) => text),
      );
    }),
  );
});

Deno.test("overflowOf() tells what Claude does not load, at the limits", () => {
  const index = (lines: number) => "x\n".repeat(lines);
  assertEquals(overflowOf(index(MAX_LOADED_LINES)), null);
  assertEquals(overflowOf(index(MAX_LOADED_LINES + 1))?.lines, 201);
  assertEquals(overflowOf("x".repeat(MAX_LOADED_BYTES)), null);
  assertEquals(overflowOf("x".repeat(MAX_LOADED_BYTES + 1))?.bytes, 25_001);
});
