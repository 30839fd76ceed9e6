import { assertEquals, assertRejects } from "@std/assert";
import { type Bytes, utf8 } from "../bytes.ts";
import { TooMuch } from "./errors.ts";
import { collectLines, line, rawFields } from "./git_lines.ts";

async function* inPieces(bytes: Bytes, size: number): AsyncGenerator<Bytes> {
  for (let i = 0; i < bytes.length; i += size) {
    yield await Promise.resolve(bytes.slice(i, i + size));
  }
}

// Breaks when a field or a character at the edge of a piece is lost.
Deno.test("collectLines() and rawFields() divide output, wherever its pieces end", async () => {
  const text = "a\0ü\n日\0\0z";
  for (let size = 1; size <= 14; size++) {
    const pieces = () => inPieces(utf8(text), size);
    assertEquals(await collectLines(pieces(), "\0"), ["a", "ü\n日", "", "z"]);
    const raw = await Array.fromAsync(rawFields(pieces()));
    assertEquals(raw, ["a\0", "ü\n日\0", "\0"].map(utf8));
  }
  assertEquals(await collectLines(inPieces(utf8("a\nb\n"), 4), "\n"), [
    "a",
    "b",
  ]);
  assertEquals(await line(inPieces(utf8("first\nsecond\n"), 3)), "first");
  assertEquals(await line(inPieces(utf8(""), 1)), "");
});

Deno.test("collectLines() and rawFields() refuse a field of more than 1 MiB", async () => {
  const long = new Uint8Array(1024 * 1024 + 1).fill(0x61);
  const pieces = () => inPieces(long, 65_536);
  for (
    const read of [
      () => collectLines(pieces(), "\0"),
      () => Array.fromAsync(rawFields(pieces())),
    ]
  ) await assertRejects(read, TooMuch, "longer than 1 MiB");
});
