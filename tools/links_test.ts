import { assertEquals } from "@std/assert";
import { findBroken } from "./links.ts";

const FILES: Record<string, string> = {
  "README.md":
    "# A\n\n[b](docs/b.md#2-two-and-more) [c](docs/c.svg) [docs](docs)",
  "docs/b.md":
    "# B\n\n## 1. `One`\n\n## 2. Two, and (more)\n\n### 2.1 Three\n\n2.3. Four\n",
  "docs/c.svg": "<svg/>",
};

/** Links that lead nowhere once a file has this text as well. */
function brokenBy(text: string, path = "README.md"): string[] {
  const all = { ...FILES, [path]: `${FILES[path] ?? ""}\n\n${text}\n` };
  return findBroken(
    new Map(Object.entries(all)),
    new Set(Object.keys(all)),
  );
}

Deno.test("tools/links.ts finds nothing broken in this repository", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-run=git", "tools/links.ts"],
    cwd: `${import.meta.dirname}/..`,
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(code, 0);
});

// Each breaks when that kind of link is no longer looked at.
for (
  const [text, ...problems] of [
    ["[x](docs/x.md)", "README.md: docs/x.md leads to no file"],
    ["[x](docs/B.md)", "README.md: docs/B.md leads to no file"],
    ["[x]\n\n[x]: ../docs/y.md", "README.md: ../docs/y.md leads to no file"],
    ["[x](docs/b.md#2-two)", "README.md: docs/b.md#2-two leads to no heading"],
    ["[x](#b)", "README.md: #b leads to no heading"],
    ["![x](docs/d.svg)", "README.md: docs/d.svg leads to no file"],
    ['<img src="docs/e.svg">', "README.md: docs/e.svg leads to no file"],
    [
      "[docs/b.md](docs/b.md), sections 1 to\n3",
      "README.md: docs/b.md has no section 3",
    ],
    ["`docs/b.md`, section 2.2", "README.md: docs/b.md has no section 2.2"],
    ["see docs/z.md, section 1", "README.md: docs/z.md is not a document"],
    [
      "[x](http://example.org)",
      "README.md: http://example.org is not an https address",
    ],
    [
      "[x](https://localhost/)",
      "README.md: https://localhost/ is not an https address",
    ],
    [
      "[x](https://github.com/NAMYUNWOO/claudeSpread/blob/main/LICENSE)",
      "README.md: https://github.com/NAMYUNWOO/claudeSpread/blob/main/LICENSE should be a path",
    ],
  ] as const
) {
  Deno.test(`findBroken() tells of ${JSON.stringify(text)}`, () => {
    assertEquals(brokenBy(text), problems);
  });
}

Deno.test("findBroken() tells of sections in comments of source files, over their lines", () => {
  const comment =
    "/**\n * See docs/b.md,\n * section 7.\n */\n// docs/b.md, section 2";
  assertEquals(brokenBy(comment, "lib/a.ts"), [
    "lib/a.ts: docs/b.md has no section 7",
  ]);
});

Deno.test("findBroken() follows links to headings, files and folders, and to those of the same name", () => {
  const text =
    "## A\n\n[1](#a-1) [2](docs/b.md#21-three) [3](docs/b.md#1-one) " +
    "[4](docs/) [5](https://example.org/x#y) <mailto:a@example.org>\n\n" +
    "[docs/b.md](docs/b.md), sections 1 and 2.1, or docs/b.md, section 2.3";
  assertEquals(brokenBy(text), []);
  assertEquals(brokenBy("[a](../README.md#a), [b](b.md)", "docs/e.md"), []);
});
