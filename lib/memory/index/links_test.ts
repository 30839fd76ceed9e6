import { assert, assertEquals } from "@std/assert";
import { linkTarget, linkTargets, plainLinks } from "./links.ts";

Deno.test("linkTarget() finds the file that a line leads to", () => {
  const table: [string, string | null][] = [
    ["- [A](a.md) — x", "a.md"],
    ["- [A](./sub/a.md)", "sub/a.md"],
    ["- [A](a.md#part)", "a.md"],
    ["- [A](<a b.md>)", "a b.md"],
    ["- [A](< a b.md>)", "a b.md"],
    ["- [A](a%20b.md)", "a b.md"],
    ["- [A](100%.md)", "100%.md"],
    ['- [A](a.md "title")', "a.md"],
    ["- [site](https://x.example/a.md), [A](a.md)", "a.md"],
    ["- ![picture](a.md)", null],
    ["- [A](a.txt)", null],
    ["- [[a]]", null],
    ["", null],
  ];
  for (const [line, target] of table) {
    assertEquals(linkTarget(line), target, line);
  }
});

Deno.test("plainLinks() follows files that get another name, and writes no target like a tag", () => {
  const renamed = new Map([["a.md", "a-received.md"], ["b.md", "b c.md"]]);
  assertEquals(
    plainLinks(
      "[A](a.md), [B](<b.md>), [C](c.md), [D](< d (e).md>) [F](<f>), a.md",
      renamed,
    ),
    "[A](a-received.md), [B](b%20c.md), [C](c.md), [D](d%20%28e%29.md) [F](<f>), a.md",
  );
});

Deno.test("linkTargets() takes nothing for a file that is too long for one", () => {
  assertEquals(linkTargets(`[A](${"a".repeat(5_000)}.md)`), []);
});

Deno.test("linkTargets() is as fast on a line that was made to be slow", () => {
  for (const part of ["[", "[](<", "[](", "![", "- [a](b "]) {
    const index = part.repeat(1_000_000 / part.length);
    const start = performance.now();
    linkTargets(index);
    assert(performance.now() - start < 30_000, part);
  }
});
