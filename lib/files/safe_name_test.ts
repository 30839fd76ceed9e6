import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SpreadError } from "../errors.ts";
import {
  MAX_NAME_BYTES,
  MAX_PART_BYTES,
  MAX_PARTS,
  nameKey,
  problemOfName,
  requireSafeNames,
  siblingName,
} from "./safe_name.ts";

Deno.test("problemOfName() lets ordinary names through", () => {
  const names = [
    "MEMORY.md",
    "topics/build and test.md",
    "a.b.c.md",
    "한글.md",
    "café.md",
    "cafe\u0301.md",
    "🙂.md",
    "-dash.md",
    "~tilde.md",
    "console.md",
    "COM.md",
    "com10.md",
    "a'b$c`d.md",
    "a".repeat(MAX_PART_BYTES),
    Array(MAX_PARTS).fill("a").join("/"),
  ];
  for (const name of names) assertEquals(problemOfName(name), null, name);
});

Deno.test("problemOfName() tells what is wrong with a name", () => {
  const table: [name: string, problem: string][] = [
    ["", "is empty"],
    ["../x.md", "leads out of its folder"],
    ["a/../../x.md", "leads out of its folder"],
    ["a/..", "leads out of its folder"],
    ["./x.md", "has a part that begins with a dot"],
    [".", "has a part that begins with a dot"],
    ["...", "has a part that begins with a dot"],
    [".hidden.md", "has a part that begins with a dot"],
    ["a/.git/x.md", "has a part that begins with a dot"],
    ["/etc/x.md", "is an absolute path"],
    ["//host/share/x.md", "is an absolute path"],
    ["C:/x.md", "begins with a drive letter"],
    ["c:x.md", "begins with a drive letter"],
    ["a\\..\\x.md", "contains a backslash"],
    ["\\\\host\\x.md", "contains a backslash"],
    ["a//x.md", "has an empty part"],
    ["a/", "has an empty part"],
    ["x.md.", "has a part that ends with a dot or a space"],
    ["x.md ", "has a part that ends with a dot or a space"],
    ["a /x.md", "has a part that ends with a dot or a space"],
    [" x.md", "has a part that begins with a space"],
    ["x.md:stream", 'contains one of < > : " | ? *'],
    ["what?.md", 'contains one of < > : " | ? *'],
    ["CON", "is a device name on Windows"],
    ["con.md", "is a device name on Windows"],
    ["a/Nul.tar.md", "is a device name on Windows"],
    ["aux .md", "is a device name on Windows"],
    ["COM1.md", "is a device name on Windows"],
    ["lpt³.md", "is a device name on Windows"],
    ["CONIN$", "is a device name on Windows"],
    ["a\nb.md", "contains control characters"],
    ["a\0b.md", "contains control characters"],
    ["a\x1b[2Jb.md", "contains control characters"],
    ["a\x7fb.md", "contains control characters"],
    ["a\u202edm.exe", "contains invisible characters"],
    ["a\u200bb.md", "contains invisible characters"],
    ["a\u{e0041}b.md", "contains invisible characters"],
    ["a\u2028b.md", "contains invisible characters"],
    ["a\u3164b.md", "contains invisible characters"],
    ["a\ud800b.md", "is not well-formed Unicode"],
    [
      `${"a".repeat(MAX_PART_BYTES - 1)}é`,
      `has a part longer than ${MAX_PART_BYTES} bytes`,
    ],
    [
      Array(MAX_NAME_BYTES / 128 + 1).fill("a".repeat(127)).join("/"),
      `is longer than ${MAX_NAME_BYTES} bytes`,
    ],
    [
      Array(MAX_PARTS + 1).fill("a").join("/"),
      `is more than ${MAX_PARTS} folders deep`,
    ],
  ];
  for (const [name, problem] of table) {
    assertEquals(problemOfName(name), problem, JSON.stringify(name));
  }
});

Deno.test("problemOfName() lets nothing through that leaves its folder", () => {
  const part = fc.constantFrom("..", ".", "a", "", "C:", "\\", "/", "..\\");
  fc.assert(fc.property(
    fc.oneof(fc.array(part).map((parts) => parts.join("/")), fc.string()),
    (name) => {
      if (problemOfName(name) !== null) return;
      const url = new URL(
        name.split("/").map(encodeURIComponent).join("/"),
        "file:///root/",
      );
      assert(url.pathname.startsWith("/root/"));
      assert(!/[\\:]/.test(name));
    },
  ));
});

Deno.test("requireSafeNames() refuses names that are one file on some systems", () => {
  const pairs: [string, string][] = [
    ["a.md", "a.md"],
    ["Notes.md", "notes.md"],
    ["dir/a.md", "DIR/A.md"],
    ["caf\u00e9.md", "cafe\u0301.md"],
    ["CAF\u00c9.md", "cafe\u0301.md"],
    ["\u212b.md", "\u00c5.md"],
    ["stra\u00dfe.md", "STRASSE.md"],
    ["stra\u1e9ee.md", "STRASSE.md"],
    ["a.md", "a.md/b.md"],
    ["A.md/b.md", "a.md"],
    ["x/y/z.md", "x/Y"],
  ];
  for (const [a, b] of pairs) {
    const error = assertThrows(() => requireSafeNames([a, b]), SpreadError);
    assertEquals(error.code, "NAME_REFUSED");
    assertThrows(() => requireSafeNames([b, a]), SpreadError);
  }
  requireSafeNames(["a/x.md", "a/y.md", "b.md", "a.md"]);
});

Deno.test("requireSafeNames() shows a bad name so that it steers no terminal", () => {
  const error = assertThrows(
    () => requireSafeNames([`a\x1b[2J\u202e${"b".repeat(5000)}`]),
    SpreadError,
  );
  assert(error.message.includes("a\\u001b[2J\\u{202e}bbb"), error.message);
  assert(error.message.length < 250);
});

Deno.test("nameKey() is the same for its own result", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => {
    const key = nameKey(name);
    assertEquals(nameKey(key), key);
  }));
});

Deno.test("siblingName() cuts all names beside a long one or none, however many there are", () => {
  for (let length = 225; length <= 252; length++) {
    const stems = [1, 2, 10, 99_999].map((count) => {
      const name = siblingName(`a/${"x".repeat(length)}.md`, "received", count);
      assertEquals(problemOfName(name), null);
      return name.slice(0, name.indexOf("-"));
    });
    assertEquals(new Set(stems).size, 1, String(length));
  }
});
