import { assertEquals } from "@std/assert";
import { openRepository } from "./repository.ts";

/** Opens a repository of which git says this; returns the root that git is told from then on. */
async function rootAfter(...words: string[]): Promise<string | null> {
  const lines: string[] = [];
  const opened = await openRepository("x", (args) => {
    lines.push(args.join(" "));
    const isFirst = args.includes("--absolute-git-dir");
    return { answer: () => Promise.resolve(isFirst ? words.join("\n") : null) };
  });
  opened?.git("status");
  return /--work-tree=(\S+)/.exec(opened ? lines.at(-1)! : "")?.[1] ?? null;
}

Deno.test("openRepository() takes the folder around the git folder for the root", async () => {
  const table = [
    ["/x", ["/x/.git", ".git", "/x"]],
    ["/x", ["/x/.git", "/x/.git", "/x/a/b"]],
    // As some versions of git name it.
    ["/x", ["/x/.git", "../../.git", "/x/a/b"]],
    ["/", ["/.git", ".git", "/"]],
    ["/", ["/.git", "../.git", "/x"]],
    ["C:/", ["C:/.git", ".git", "C:/"]],
    ["C:/x", ["C:/x/.git", "C:/x/.git", "C:/x/a"]],
  ] as const;
  for (const [root, words] of table) {
    assertEquals(await rootAfter(...words), root, words.join(" "));
  }
});

Deno.test("openRepository() refuses a git folder that is elsewhere and does not know of this one", async () => {
  const table = [
    ["/x/.git", "/x/.git", "/xy"],
    ["/x/.git", ".git", "/y"],
    ["/x/y.git", "/x/y.git", "/x"],
    ["/x/.git", "/y/.git", "/x"],
    ["/y/.git/worktrees/x", "/y/.git", "/x"],
    ["/y/.git/modules/x", "/y/.git/modules/x", "/y/x"],
    ["", "", ""],
  ];
  for (const words of table) {
    assertEquals(await rootAfter(...words), null, words.join(" "));
  }
});
