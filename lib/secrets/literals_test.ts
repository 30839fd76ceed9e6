import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Literals } from "./literals.ts";

/** Finds the longest value at each place, without overlaps, in the obvious way. */
function findObviously(values: string[], text: string): [number, number][] {
  const found: [number, number][] = [];
  const longestFirst = values.toSorted((a, b) => b.length - a.length);
  for (let at = 0; at < text.length;) {
    const value = longestFirst.find((one) => text.startsWith(one, at));
    if (value !== undefined) found.push([at, at + value.length]);
    at += value?.length ?? 1;
  }
  return found;
}

/** Values of an alphabet that is small enough for many to begin alike; long ones, found in words. */
const value = fc.string({
  unit: fc.constantFrom("a", "b", "é", "🔑"),
  minLength: 16,
  maxLength: 20,
});

Deno.test("find() yields what a search for each value at each place yields", () => {
  fc.assert(fc.property(
    fc.uniqueArray(value, { maxLength: 12 }),
    fc.array(fc.nat(), { maxLength: 12 }),
    (values, order) => {
      const text = order.map((pick) =>
        values.length === 0 ? "ab" : values[pick % values.length]!
      ).join("a");
      assertEquals(
        new Literals(values).find(text),
        findObviously(values, text),
      );
    },
  ));
});

Deno.test("find() takes the longest of values that begin alike, and a short one in no longer word", () => {
  const literals = new Literals([
    "tok-12345678",
    "tok-12345678-and-more",
    "sunshine",
  ]);
  const cases: [string, string[]][] = [
    ["use tok-12345678-and-more.", ["tok-12345678-and-more"]],
    ["use tok-12345678-and-mor", ["tok-12345678"]],
    ["sunshine, sunshines, mysunshine, sunshine_2", ["sunshine"]],
    ["sunshine-sunshine", ["sunshine", "sunshine"]],
    ["sunshin", []],
  ];
  for (const [text, expected] of cases) {
    const spans = literals.find(text);
    assertEquals(spans.map(([start, end]) => text.slice(start, end)), expected);
  }
});

Deno.test("find() takes linear time with many values that all begin alike", () => {
  const alike = Array.from({ length: 20_000 }, (_, n) => "a".repeat(16) + n);
  const nested = Array.from({ length: 2000 }, (_, n) => "b".repeat(n + 16));
  const literals = new Literals([...alike, ...nested]);
  const text = "a".repeat(200_000) + "b".repeat(200_000);
  const start = performance.now();
  assertEquals(literals.find(text).at(-1)?.[1], text.length);
  assert(performance.now() - start < 30_000);
});
