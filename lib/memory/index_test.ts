import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  appendBlocks,
  MAX_LOADED_BYTES,
  MAX_LOADED_LINES,
  overflowOf,
  parseIndex,
  takeBackBlocks,
} from "./index.ts";

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
    assert(performance.now() - start < 5_000, part);
  }
});

const block = fc.record({
  kind: fc.constant("entry" as const),
  text: fc.integer({ min: 0, max: 9 }).map((n) => `- new ${n}`),
});
const lines = fc.array(
  fc.constantFrom("", "# A", "- x", "text", "text\r", "- y\r"),
).map((all) => all.join("\n"));

Deno.test("takeBackBlocks() takes out what appendBlocks() has added, and nothing else", () => {
  fc.assert(
    fc.property(lines, fc.array(block), lines, (index, blocks, later) => {
      const added = appendBlocks(index, "Received", blocks);
      // Another document, so that nothing is left under the heading.
      const edited = `${added}\n# Later\n${later}`;
      const texts = blocks.map(({ text }) => text);
      assertEquals(
        parseIndex(takeBackBlocks(edited, "Received", texts))
          .map(({ text }) => text),
        parseIndex(`${index}\n# Later\n${later}`).map(({ text }) => text),
      );
    }),
  );
});

Deno.test("takeBackBlocks() leaves a heading that something else is under", () => {
  const added = appendBlocks("## Build\n- x\n", "Received", [
    { kind: "heading", text: "#### Build" },
    { kind: "entry", text: "- x" },
  ]);
  const gains = ["#### Build", "- x"];
  const table = [
    [added, "## Build\n- x\n"],
    [`${added}- mine\n`, `${added.replace(/- x\n$/, "")}- mine\n`],
    [`${added}\n## Mine\n`, "## Build\n- x\n\n## Mine\n"],
  ];
  for (const [edited, left] of table) {
    assertEquals(takeBackBlocks(edited!, "Received", gains), left);
  }
});

Deno.test("takeBackBlocks() copes with 40 000 lines", () => {
  const texts = Array.from({ length: 40_000 }, (_, i) => `- line ${i}`);
  const blocks = texts.map((text) => ({ kind: "entry" as const, text }));
  const added = appendBlocks("- mine\n", "Received", blocks);
  const start = performance.now();
  assertEquals(takeBackBlocks(added, "Received", texts), "- mine\n");
  assert(performance.now() - start < 10_000);
});

Deno.test("overflowOf() tells what Claude does not load, at the limits", () => {
  const index = (lines: number) => "x\n".repeat(lines);
  assertEquals(overflowOf(index(MAX_LOADED_LINES)), null);
  assertEquals(overflowOf(index(MAX_LOADED_LINES + 1))?.lines, 201);
  assertEquals(overflowOf("x".repeat(MAX_LOADED_BYTES)), null);
  assertEquals(overflowOf("x".repeat(MAX_LOADED_BYTES + 1))?.bytes, 25_001);
});
