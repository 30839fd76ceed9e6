import { assert, assertEquals } from "@std/assert";
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
    ["ｻｰﾊﾞｰ", "サーバー"],
    ["佐々木-pc", "佐々木-pc"],
    ["cedar\ufe0f\u{e0100}", "cedar"],
    ["ce\u1160\u034fdar\u00ad", "cedar"],
    ["e\u034f\u0301", "é"],
    ["\u3164", ""],
    ["../../etc/passwd", "etc-passwd"],
    ["--to=x,y", "to-x-y"],
    ["\u001b[31mred\u202e", "31mred"],
    ["🎉", ""],
    ["", ""],
    ["a".repeat(31) + "-b", "a".repeat(31)],
  ];
  for (const [written, name] of cases) assertEquals(cleanName(written), name);
});

/** Characters that normalizing, small letters or a removal may concern. */
const ODD = /[\p{Lm}\p{Lt}\p{Lu}\p{M}\p{N}\p{DI}]/u;

/** Asserts that a text is a name, and stays as it is. */
function assertStable(name: string): void {
  assert(v.is(NameSchema, name), name);
  assertEquals(cleanName(name), name);
}

Deno.test("cleanName() gives a valid name or none, whatever it is made of", () => {
  for (let code = 0; code < 0x20000; code++) {
    const character = String.fromCodePoint(code);
    if (ODD.test(character)) assertStable(cleanName(`a${character}b`));
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const name = cleanName(text);
      if (name !== "") assertStable(name);
    }),
  );
});

Deno.test("uniqueName() numbers a name that is taken, and gives a valid one", () => {
  const taken = new Set(["cedar", "cedar-2", "x".repeat(32)]);
  assertEquals(uniqueName("oak", taken), "oak");
  assertEquals(uniqueName("cedar", taken), "cedar-3");
  assertEquals(uniqueName("x".repeat(32), taken), "x".repeat(30) + "-2");
  const halved = `${"x".repeat(29)}\u{10428}z`;
  const dashed = `${"x".repeat(29)}-zz`;
  for (const name of [halved, dashed]) {
    const unique = uniqueName(name, new Set([name]));
    assertEquals(unique, "x".repeat(29) + "-2");
    assertStable(unique);
  }
});
