import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  cleanLine,
  cleanText,
  markPosingLines,
  type RemovedSort,
} from "./clean_text.ts";

/** These counts; all others are zero. */
function counts(some: Partial<Record<RemovedSort, number>>) {
  return { escapes: 0, controls: 0, bidi: 0, invisible: 0, tags: 0, ...some };
}

Deno.test("cleanText() takes escape sequences out whole, and counts each once", () => {
  const table: [string, string][] = [
    // CSI: colors, cursor, modes, with intermediate bytes, 8-bit, without an end.
    ["a\x1b[31mb", "ab"],
    ["a\x1b[2J\x1b[Hb", "ab"],
    ["a\x1b[?25lb", "ab"],
    ["a\x1b[1 qb", "ab"],
    ["a\x9b31mb", "ab"],
    ["a\x1b[", "a"],
    ["a\x1b[12;", "a"],
    ["a\x1b[한", "a한"],
    // OSC: titles, links, clipboard; ended by BEL, ST or 8-bit ST.
    ["a\x1b]0;title\x07b", "ab"],
    ["a\x1b]8;;https://evil.invalid\x1b\\link\x1b]8;;\x1b\\b", "alinkb"],
    ["a\x1b]52;c;cm0gLXJm\x9cb", "ab"],
    ["a\x9d0;title\x07b", "ab"],
    // DCS, SOS, PM, APC.
    ["a\x1bPq#0\x1b\\b", "ab"],
    ["a\x1bXs\x1b\\b", "ab"],
    ["a\x1b^p\x1b\\b", "ab"],
    ["a\x1b_a\x1b\\b", "ab"],
    ["a\x90q\x9cb", "ab"],
    ["a\x98q\x9cb", "ab"],
    ["a\x9eq\x9cb", "ab"],
    ["a\x9fq\x9cb", "ab"],
    // Short ones, and an escape that begins no sequence.
    ["a\x1bcb", "ab"],
    ["a\x1b(Bb", "ab"],
    ["a\x1b7b", "ab"],
    ["a\x1b", "a"],
    ["a\x1b\nb", "a\nb"],
  ];
  for (const [text, expected] of table) {
    const cleaned = cleanText(text);
    assertEquals(cleaned.text, expected, JSON.stringify(text));
    const { escapes, ...others } = cleaned.removed;
    assert(escapes > 0);
    assertEquals({ escapes: 0, ...others }, counts({}));
  }
});

Deno.test("cleanText() keeps the rest of the document, when a sequence has no end", () => {
  const rest = "line two\nline three\n";
  for (const start of ["\x1b]0;", "\x9d", "\x1bP", "\x1b_", "\x90"]) {
    const { text } = cleanText(`line one ${start}hidden\n${rest}`);
    assertEquals(text, `line one \n${rest}`);
  }
  // Without a line end it takes at most 4096 characters with it.
  const long = "x".repeat(5000);
  assertEquals(cleanText(`\x1b]${long}`).text.length, 5000 - 4096);
});

Deno.test("cleanText() takes out what hides, turns or rings, and counts it by sort", () => {
  const table: [string, string, Partial<Record<RemovedSort, number>>][] = [
    ["a\0\x07\b\x0b\x0c\x7f\x80\x85b", "ab", { controls: 8 }],
    ["a\rb", "ab", { controls: 1 }],
    ["a\u202eb\u202c\u2066c\u2069\u200e\u200f\u061cd", "abcd", { bidi: 7 }],
    ["a\u200bb\u200c\u200d\u2060\ufeff\u00adc", "abc", { invisible: 6 }],
    ["a\u2028b\u2029c", "abc", { invisible: 2 }],
    ["a\u3164\u115f\u1160\uffa0\u180eb", "ab", { invisible: 5 }],
    ["a\u{e0001}\u{e0049}\u{e007f}b", "ab", { invisible: 3 }],
    ["a\u{e0100}\u{e01ef}b", "ab", { invisible: 2 }],
    ["a\u{1bca0}\u{1d173}b", "ab", { invisible: 2 }],
  ];
  for (const [text, expected, removed] of table) {
    const cleaned = cleanText(text);
    assertEquals(cleaned.text, expected, JSON.stringify(text));
    assertEquals(cleaned.removed, counts(removed));
  }
});

Deno.test("cleanText() breaks the tags of a client's own words, however they are split", () => {
  const table = [
    ["<system-reminder>", "< system-reminder>"],
    ["</system-reminder>", "< /system-reminder>"],
    ["<SYSTEM>", "< SYSTEM>"],
    ["<sys\u200btem-reminder>", "< system-reminder>"],
    ["<\u202esystem>", "< system>"],
    ["<sys\x1b[0mtem>", "< system>"],
    ["<\u{e0020}/system>", "< /system>"],
    ["<<system>", "<< system>"],
    ["<antml\u003ainvoke>", "< antml\u003ainvoke>"],
  ];
  for (const [text, expected] of table) {
    const cleaned = cleanText(text!);
    assertEquals(cleaned.text, expected);
    assertEquals(cleaned.removed.tags, 1);
  }
});

Deno.test("cleanText() keeps what a person would read", () => {
  const kept = [
    "",
    "tabs\tand\nnewlines\n\n",
    "한국어와 漢字, café and cafe\u0301, naïve – “quotes” …",
    "한글",
    "🎉 ❤️ 1️⃣ 🇰🇷 👍🏽",
    "if (a < b && b > c) return <T,>(x: T) => x;",
    "<div> <p> <title> a<b Array<User> <3",
    "[31m and ]0; are nothing without an escape",
    "עברית العربية",
    "\u00a0no-break",
  ];
  for (const text of kept) {
    assertEquals(cleanText(text), { text, removed: counts({}) });
  }
});

Deno.test("cleanText() takes out what Windows adds, without counting that", () => {
  assertEquals(cleanText("\ufeffa\r\nb\r\n"), {
    text: "a\nb\n",
    removed: counts({}),
  });
  assertEquals(cleanText("a\r\r\nb"), {
    text: "a\nb",
    removed: counts({ controls: 1 }),
  });
});

/** Text in which the dangerous parts meet more often than by chance. */
const hostileText = fc.array(
  fc.oneof(
    fc.constantFrom(
      "\x1b",
      "\x1b[",
      "\x1b]",
      "\x1bP",
      "\x9b",
      "\x9d",
      "\x9c",
      "\x07",
      "\x1b\\",
      "\r",
      "\n",
      "\u202e",
      "\u200b",
      "\u2028",
      "\u{e0041}",
      "<",
      "/",
      "system",
      "sys",
      "tem",
      "invoke ",
      "0;m",
      "한",
      "🎉",
      "\ufe0f",
      "\u200d",
      "\u200c",
      "ب",
      "1",
      "\u20e3",
      "🏴",
      "\u{e0067}",
      "\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
      "＜",
      "ѕ",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  ),
  { maxLength: 30 },
).map((parts) => parts.join(""));

/**
 * Characters that must be gone wherever they are, by their Unicode properties, written without
 * a look at the implementation.
 */
const NEVER: [string, RegExp][] = [
  ["controls", /(?![\t\n])\p{Cc}/u],
  // Except those format characters that are visible, as marks around a number.
  [
    "format characters",
    /(?![؀-؅۝܏࢐࢑࣢\u{110bd}\u{110cd}])(?![\u200b-\u200d\u{e0020}-\u{e007f}])\p{Cf}/u,
  ],
  ["line separators", /[\p{Zl}\p{Zp}]/u],
  [
    "what shows as nothing",
    /(?![\u200b-\u200d\ufe0e\ufe0f\u{e0020}-\u{e007f}])\p{Default_Ignorable_Code_Point}/u,
  ],
  ["what shows as a blank", /[\u2800\u{13441}\u{13442}\u{16fe4}\u{1d159}]/u],
  [
    "selectors without an emoji",
    /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}]|[0-9#*](?=.\u20e3))[\ufe0e\ufe0f]/u,
  ],
  [
    "joiners without a letter of their script",
    /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0e\ufe0f]|(?=[\p{L}\p{M}])[^\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{sc=Hangul}\p{sc=Han}])[\u200b-\u200d]/u,
  ],
  [
    "tags of flags",
    /(?<!\u{1f3f4}[\u{e0061}-\u{e007a}]{0,5})[\u{e0020}-\u{e007f}]/u,
  ],
  // A longer word, such as `system0`, is another name: it may stand in a comparison.
  ["tags", /<\/?(?:(?:system|invoke)(?![a-z0-9])|antml:|function_)/i],
];

Deno.test("cleanText() leaves nothing that acts, whatever comes", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const cleaned = cleanText(text).text;
      for (const [name, pattern] of NEVER) {
        assert(!pattern.test(cleaned), `${name} in ${JSON.stringify(cleaned)}`);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("cleanText() leaves nothing that a next text completes to a tag", () => {
  for (
    const tag of ["<system-reminder>", "</invoke>", "x<functions>", "<!--"]
  ) {
    for (let at = 0; at < tag.length; at++) {
      const [a, b] = [tag.slice(0, at), tag.slice(at)];
      assert(
        !(cleanText(a).text + cleanText(b).text).includes(tag),
        `${a}|${b}`,
      );
    }
  }
});

Deno.test("cleanText() leaves no character that Unicode calls invisible", () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const { text } = cleanText(String.fromCodePoint(code));
    for (const [name, pattern] of NEVER) {
      assert(!pattern.test(text), `${name}: U+${code.toString(16)}`);
    }
  }
});

Deno.test("cleanText() changes nothing the second time", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const once = cleanText(text).text;
      assertEquals(cleanText(once), { text: once, removed: counts({}) });
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("cleanText() takes a time that grows with the text, whatever it is made of", () => {
  const length = 1_000_000;
  const pieces = [
    "\x1b]",
    "\x1b[",
    "\x9d",
    "\x1b",
    "\u200b",
    "a\ufe00",
    "🎉\u200d",
    "<",
    "<a",
    "a<b ",
    "<system",
    "<a.",
    "<a::",
    "x<a-",
    "<function ",
    "\uff1ca",
    "<\u0455",
    "<\u0301",
    " \n",
    "\u0301\n",
    "s\ufdfa\n",
  ];
  for (const piece of pieces) {
    const text = piece.repeat(length / piece.length);
    const start = performance.now();
    markPosingLines(cleanText(text).text);
    assert(performance.now() - start < 10_000, JSON.stringify(piece));
  }
});

Deno.test("cleanLine() gives one cleaned line of bounded length", () => {
  const table: [string, number, string][] = [
    ["  two\n\twords \r\n", 20, "two words"],
    ["a\x1b[31mb\u202ec", 20, "abc"],
    ["<system>", 20, "< system>"],
    ["a<b-c\nd=e>", 20, "a< b-c d=e>"],
    ["12345", 5, "12345"],
    ["123456", 5, "1234…"],
    ["\u200b\n", 5, ""],
    ["123🚪", 5, "123🚪"],
    ["123🚪6", 5, "123…"],
    ["12🚪56", 5, "12🚪…"],
    ["1🚪456", 5, "1🚪4…"],
    ["1\ud83d3", 5, "1\ufffd3"],
  ];
  for (const [text, maxLength, expected] of table) {
    assertEquals(cleanLine(text, maxLength), expected);
  }
});

Deno.test("markPosingLines() marks lines that begin as a command's own do, and no others", () => {
  const table = [
    ["spread: found", "> spread: found"],
    ["a\n \t\u00a0Spread: b", "a\n>  \t\u00a0Spread: b"],
    ["claude-spread: gone\n", "> claude-spread: gone\n"],
    ["\n\nspread: a\nspread: b", "\n\n> spread: a\n> spread: b"],
    ["the spread: wide", "the spread: wide"],
    ["spreadsheet", "spreadsheet"],
    ["", ""],
  ];
  for (const [text, marked] of table) {
    const { text: given, warning } = markPosingLines(text!);
    assertEquals(given, marked);
    assertEquals(warning === null, text === marked);
  }
});
