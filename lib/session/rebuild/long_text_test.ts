import { assert, assertEquals } from "@std/assert";
import type { Block } from "../schema.ts";
import { splitLong } from "./long_text.ts";

/** Lengths of the pieces, which together are the text. */
function lengthsOf(text: string): number[] {
  const pieces = splitLong({ type: "text", text } as Block)
    .map((block) => (block as { text: string }).text);
  assertEquals(pieces.join("") === text, true);
  return pieces.map(({ length }) => length);
}

Deno.test("splitLong() ends a piece after a line, or else after a word, in its last 1000 characters", () => {
  const [x, y] = ["x".repeat(7999), "y".repeat(999)];
  assertEquals(lengthsOf(`${x}x\n${y}y`), [8001, 1000]);
  assertEquals(lengthsOf(`${x}\n${y}yyy`), [9000, 2]);
  assertEquals(lengthsOf(`${x}x ${y}y`), [8001, 1000]);
  assertEquals(lengthsOf(`${x}x\n${"y".repeat(500)} ${y}`), [8001, 1500]);
  assertEquals(lengthsOf(`${x}${y}y🎉`), [8999, 2]);
});

Deno.test("splitLong() takes a time that grows with the text, when it has no lines and no words", () => {
  const start = performance.now();
  assertEquals(lengthsOf("x".repeat(16 * 1024 * 1024)).length, 1865);
  const tookMs = performance.now() - start;
  // A second or less; a time that grows with the square would be 10 seconds and more.
  assert(tookMs < 5_000, `${tookMs} ms`);
});
