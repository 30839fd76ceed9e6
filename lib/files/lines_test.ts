/** Lines: where they end, for any pieces, and what stays of long ones. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { utf8 } from "../bytes.ts";
import { readFileLines, readLines } from "./lines.ts";

const decoder = new TextDecoder();

async function* inPieces(text: string, size: number) {
  const bytes = utf8(text);
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function linesOf(text: string, size: number, max: number) {
  const lines: [string, number][] = [];
  for await (const group of readLines(inPieces(text, size), max)) {
    for (const { bytes, length } of group) {
      lines.push([decoder.decode(bytes), length]);
    }
  }
  return lines;
}

const CASES: [text: string, lines: string[]][] = [
  ["", []],
  ["a", ["a"]],
  ["a\n", ["a"]],
  ["a\nb", ["a", "b"]],
  ["a\r\nb\r\n", ["a\r", "b\r"]],
  ["\n\na\n", ["", "", "a"]],
];

for (const [text, lines] of CASES) {
  Deno.test(`readLines() finds the lines of ${JSON.stringify(text)}, byte by byte and at once`, async () => {
    for (const size of [1, 1000]) {
      const found = await linesOf(text, size, 1000);
      assertEquals(found.map(([line]) => line), lines);
    }
  });
}

Deno.test("readLines() cuts a line at its limit and not before, and says how long it was", async () => {
  for (const size of [1, 3, 1000]) {
    assertEquals(await linesOf("1234\n12345\n123456\n1", size, 5), [
      ["1234", 4],
      ["12345", 5],
      ["12345", 6],
      ["1", 1],
    ]);
  }
});

Deno.test("readLines() finds what split() finds, wherever pieces end", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "\n", "é") });
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.integer({ min: 1, max: 9 }),
      async (text, size) => {
        const expected = text.split("\n");
        if (expected.at(-1) === "") expected.pop();
        const found = await linesOf(text, size, 1000);
        assertEquals(found.map(([line]) => line), expected);
      },
    ),
  );
});

Deno.test("readFileLines() keeps little of a line of 100 MB", async () => {
  const path = await Deno.makeTempFile();
  try {
    {
      using file = await Deno.open(path, { write: true });
      const piece = new Uint8Array(1024 * 1024).fill(0x61);
      for (let i = 0; i < 100; i++) await file.write(piece);
      await file.write(utf8("\nend"));
    }
    const lines: [number, number][] = [];
    for await (const group of readFileLines(path, 1000)) {
      for (const { bytes, length } of group) {
        lines.push([bytes.length, length]);
        assertEquals(bytes.buffer.byteLength <= 256 * 1024, true);
      }
    }
    assertEquals(lines, [[1000, 100 * 1024 * 1024], [3, 3]]);
  } finally {
    await Deno.remove(path);
  }
});
