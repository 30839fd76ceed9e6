import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { cut, pad, widthOf } from "./width.ts";

Deno.test("widthOf() counts columns, not characters", () => {
  const table: [string, number][] = [
    ["", 0],
    ["notes.md", 8],
    ["암호", 4],
    ["日本語.md", 9],
    ["ｱｲｳ", 3],
    ["ＡＢ", 4],
    ["e\u0301", 1],
    ["\u1112\u1161\u11ab", 2],
    ["a\u200bb", 2],
    ["🦕", 2],
    ["…", 1],
    ["█░", 2],
    // Terminals disagree about these; the larger count is safe.
    ["❤\ufe0f", 2],
    ["🇩🇪", 4],
    ["\x1b", 0],
  ];
  for (const [text, width] of table) assertEquals(widthOf(text), width, text);
});

Deno.test("cut() cuts only what is too wide, and never half a wide character", () => {
  const table: [string, number, string][] = [
    ["notes.md", 8, "notes.md"],
    ["notes.md", 7, "notes.…"],
    ["notes and more", 7, "notes…"],
    ["암호말", 6, "암호말"],
    ["암호말", 5, "암호…"],
    ["암호말", 4, "암…"],
    ["ab", 1, "…"],
    ["ab", 0, ""],
  ];
  for (const [text, columns, expected] of table) {
    assertEquals(cut(text, columns), expected, `${text} ${columns}`);
  }
});

Deno.test("cut() and pad() keep to the columns, whatever the text", () => {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  fc.assert(fc.property(text, fc.nat(20), (text, columns) => {
    assert(widthOf(cut(text, columns)) <= columns);
    assert(widthOf(pad(text, columns)) >= columns);
  }));
});
