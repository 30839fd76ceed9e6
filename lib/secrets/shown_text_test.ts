import { assertEquals } from "@std/assert";
import { shown, shownText } from "./shown_text.ts";

Deno.test("shownText() leaves out what nobody sees, and knows the place of the rest", () => {
  const cases: [text: string, shown: string][] = [
    ["\x1b[01;31m\x1b[Ka\x1b[m\x1b[Kb", "ab"],
    ["a\\u001b[31mb\\\\x1b[0mc\\033[1;2md", "abcd"],
    ["a\x1b]0;title\x07b", "ab"],
    ["a\u200bb\u00adc\u{e0041}d\ufeffe\u2060f", "abcdef"],
    ["a\0b\rc\x7fd\x9b1me", "abcde"],
    ["\x1b[0m", ""],
  ];
  for (const [text, expected] of cases) {
    const found = shownText(text)!;
    assertEquals(found.text, expected);
    for (const [at, character] of [...expected].entries()) {
      assertEquals(text[found.placeOf(at)], character, text);
    }
  }
});

Deno.test("shownText() finds nothing to leave out of plain texts", () => {
  for (const text of ["", "a\tb\nc\r\nd", "é 密钥 🔑", "\\n [31m \\e[0m"]) {
    assertEquals(shownText(text), null);
    assertEquals(shown(text), text);
  }
});

Deno.test("shownText() looks at every character that it would leave out", () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCodePoint(code);
    const isUnseen = /^(?:(?![\t\n])\p{Cc}|[\p{Cf}\p{DI}])$/u.test(character);
    if (isUnseen !== (shownText(`a${character}b`) !== null)) {
      throw new Error(`U+${code.toString(16)}`);
    }
  }
});

Deno.test("shownText() takes linear time where all is escapes", () => {
  for (const unit of ["\x1b[31m", "\\u001b[31mA", "\0", "\\\\\\\\", "\x1b]"]) {
    const text = unit.repeat(2_000_000 / unit.length);
    const start = performance.now();
    const found = shownText(text);
    found?.placeOf(found.text.length - 1);
    if (performance.now() - start > 30_000) throw new Error(unit);
  }
});
