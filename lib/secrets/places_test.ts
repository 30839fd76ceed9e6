import { assertEquals } from "@std/assert";
import { linesOf } from "./places.ts";
import type { LearnedSecret } from "./redactor.ts";

function place(start: number): LearnedSecret {
  const value = "maple-tundra";
  return { kind: "password", rule: "x", value, start, end: start + 1 };
}

Deno.test("linesOf() counts lines, also of places at their ends", () => {
  const text = "a\nb\n\ncd";
  const places = linesOf(text, [0, 1, 2, 3, 4, 5, 6].map(place));
  assertEquals(places.map(({ line }) => line), [1, 1, 2, 2, 3, 4, 4]);
});

Deno.test("linesOf() takes linear time with many secrets in one line", () => {
  const text = "x".repeat(8_000_000);
  const places = Array.from({ length: 50_000 }, (_, at) => place(at * 8));
  const start = performance.now();
  assertEquals(linesOf(text, places).length, places.length);
  assertEquals(performance.now() - start < 5000, true);
});
