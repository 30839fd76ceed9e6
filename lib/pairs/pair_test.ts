import { assertEquals } from "@std/assert";
import fc from "fast-check";
import * as v from "valibot";
import { cleanName, NameSchema, uniqueName } from "./pair.ts";

Deno.test("cleanName() makes names that people would expect", () => {
  const cases: [written: string, name: string][] = [
    ["Cedar", "cedar"],
    ["  Ada's MacBook Pro.local ", "ada-s-macbook-pro.local"],
    ["über_box-2", "über_box-2"],
    ["ｃｅｄａｒ", "cedar"],
    ["работа", "работа"],
    ["../../etc/passwd", "etc-passwd"],
    ["--to=x,y", "to-x-y"],
    ["\u001b[31mred\u202e", "31mred"],
    ["🎉", ""],
    ["", ""],
    ["a".repeat(31) + "-b", "a".repeat(31)],
  ];
  for (const [written, name] of cases) assertEquals(cleanName(written), name);
});

Deno.test("cleanName() gives a valid name or none, and leaves a name as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const name = cleanName(text);
      assertEquals(name === "" || v.is(NameSchema, name), true, name);
      assertEquals(cleanName(name), name);
    }),
  );
});

Deno.test("uniqueName() numbers a name that is taken, within the limit", () => {
  const taken = new Set(["cedar", "cedar-2", "x".repeat(32)]);
  assertEquals(uniqueName("oak", taken), "oak");
  assertEquals(uniqueName("cedar", taken), "cedar-3");
  assertEquals(uniqueName("x".repeat(32), taken), "x".repeat(30) + "-2");
});
