import { assertEquals } from "@std/assert";
import { foldName, staysInside } from "./tree_rules.ts";

Deno.test("staysInside() takes links that lead up only at their beginning, and no further than the root", () => {
  const inside: [path: string, target: string][] = [
    ["l", "a"],
    ["l", "./a//b/"],
    ["a/l", "../b"],
    ["a/b/l", "../../c/d"],
    ["a/l", ".."],
    ["l", "."],
    ["l", "..."],
  ];
  const outside: [path: string, target: string][] = [
    ["l", ".."],
    ["a/l", "../.."],
    ["a/l", "b/../../c"],
    ["a/b/l", "c/.."],
    ["l", "/a"],
    ["l", "\\a"],
    ["l", "c:a"],
    ["a/l", "..\\..\\b"],
    ["l", "..\0/a"],
    ["l", ".git"],
    ["l", "a/.GIT /b"],
  ];
  assertEquals(
    inside.filter(([path, target]) => !staysInside(path, target)),
    [],
  );
  assertEquals(
    outside.filter(([path, target]) => staysInside(path, target)),
    [],
  );
});

Deno.test("foldName() takes names for the same that some disks take for the same", () => {
  const same: [one: string, other: string][] = [
    ["A/b", "a/B"],
    ["\u00e9", "E\u0301"],
    ["stra\u00dfe", "STRASSE"],
    // A capital without a composed form: its accents are apart until they are composed once more.
    ["\u0390", "\u03aa\u0301"],
    ["a\u200cb", "ab"],
  ];
  assertEquals(
    same.filter(([one, other]) => foldName(one) !== foldName(other)),
    [],
  );
});
