import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../errors.ts";
import { findPack } from "./bundle_head.ts";
import type { WorkHeader } from "./work_file.ts";

const [BASE, HEAD, STAGED, WORK, OTHER] = ["a", "b", "c", "d", "e"].map((
  digit,
) => digit.repeat(40));

const HEADER = {
  base: [BASE],
  head: HEAD,
  staged: STAGED,
  work: WORK,
} as WorkHeader;

const LINES = [
  "# v2 git bundle",
  `-${BASE} subject of the base`,
  `${HEAD} refs/claude-spread/head`,
  `${STAGED} refs/claude-spread/staged`,
  `${WORK} refs/claude-spread/work`,
];

async function find(text: string, header = HEADER): Promise<number> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, `before${text}`);
    return await findPack(path, "before".length, header);
  } finally {
    await Deno.remove(path);
  }
}

const textOf = (lines: string[]) => `${lines.join("\n")}\n\n`;

Deno.test("findPack() finds the pack behind the names that the description has", async () => {
  const text = textOf(LINES);
  assertEquals(await find(`${text}PACK\n\n`), "before".length + text.length);
  // Git does not name a commit that the other side has.
  const pushed = { ...HEADER, base: [HEAD!] };
  const lines = [LINES[0]!, `-${HEAD} x`, ...LINES.slice(3)];
  assertEquals(
    await find(textOf(lines), pushed),
    "before".length + textOf(lines).length,
  );
});

// Breaks when git is the first to see a bundle that names something else.
Deno.test("findPack() refuses a bundle that is not the one of the description", async () => {
  const replaced = (i: number, line: string) => LINES.with(i, line);
  const table: Record<string, string> = {
    "nothing": "",
    "no end": LINES.join("\n"),
    "another version": textOf(replaced(0, "# v9 git bundle")),
    "a filter": textOf(LINES.toSpliced(1, 0, "@filter=blob:none")),
    "another base": textOf(replaced(1, `-${OTHER}`)),
    "one base too many": textOf(LINES.toSpliced(1, 0, `-${OTHER}`)),
    "no base": textOf(LINES.toSpliced(1, 1)),
    "another hash": textOf(replaced(4, `${OTHER} refs/claude-spread/work`)),
    "another name": textOf(replaced(4, `${WORK} refs/heads/main`)),
    "one name too many": textOf([...LINES, `${OTHER} refs/heads/main`]),
    "a name twice": textOf([...LINES, `${OTHER} refs/claude-spread/work`]),
    "no name": textOf(LINES.slice(0, 4)),
    "hashes of the other kind": textOf(
      LINES.toSpliced(1, 0, "@object-format=sha256"),
    ),
    "many names": textOf([...LINES, ...Array(1_000_000).fill(LINES[2])]),
  };
  for (const [name, text] of Object.entries(table)) {
    const error = await assertRejects(() => find(text), SpreadError);
    assertEquals(error.code, "WORK_REFUSED", name);
  }
});
