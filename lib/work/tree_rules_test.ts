import { assertEquals } from "@std/assert";
import { findTwins, nameFault, staysInside } from "./tree_rules.ts";

// Breaks when a name is taken that some system reads as another one.
Deno.test("nameFault() says why a file cannot come along", () => {
  const table: [path: string, fault: string | null][] = [
    ["a", null],
    ["a b/-c/.d/ü", null],
    [".gitignore", null],
    [".github/x", null],
    ["a.git/x", null],
    ["x".repeat(1024), null],
    ["x".repeat(1025), "its name is too long"],
    ["a\nb", "its name has control characters"],
    ["\x1b[31m", "its name has control characters"],
    ["a\x9b", "its name has control characters"],
    ["a\ufffd", "its name is not UTF-8"],
    ["a\\b", "its name has a backslash"],
    ["a/../b", "its name leads elsewhere"],
    ["./a", "its name leads elsewhere"],
    ["/a", "its name leads elsewhere"],
    ["a//b", "its name leads elsewhere"],
    [".git/config", "its name is that of git's own folder"],
    ["a/.GIT", "its name is that of git's own folder"],
    [".git /x", "its name is that of git's own folder"],
    [".git. .", "its name is that of git's own folder"],
    [".git::$INDEX_ALLOCATION", "its name is that of git's own folder"],
    ["GIT~1/x", "its name is that of git's own folder"],
    [".g\u200cit", "its name is that of git's own folder"],
  ];
  for (const [path, fault] of table) assertEquals(nameFault(path), fault, path);
});

// Breaks when a link is followed by its words where another link may be in them.
Deno.test("staysInside() takes links that stay in the checkout, and no others", () => {
  const table: [path: string, target: string, isInside: boolean][] = [
    ["l", "a", true],
    ["l", "./a//b/", true],
    ["d/l", "../a", true],
    ["d/e/l", "../../a", true],
    ["l", "..", false],
    ["d/l", "../..", false],
    ["l", "/etc/hostname", false],
    ["l", "\\\\host\\share", false],
    ["l", "C:/x", false],
    ["d/l", "..\\..\\x", false],
    ["l", ".git/config", false],
    ["d/l", "../.GIT", false],
    // Where `d/up` leads to `d`, this would be above the checkout.
    ["l", "d/up/../..", false],
    ["d/l", "x/../../a", false],
  ];
  for (const [path, target, isInside] of table) {
    assertEquals(staysInside(path, target), isInside, `${path} -> ${target}`);
  }
});

Deno.test("findTwins() finds names that differ in capitals or in how accents are composed", () => {
  const paths = ["a", "A", "b/c", "B/C", "e\u0301", "\u00e9", "e", "a"];
  assertEquals(findTwins(paths), [["a", "A"], ["b/c", "B/C"], [
    "e\u0301",
    "\u00e9",
  ]]);
});
