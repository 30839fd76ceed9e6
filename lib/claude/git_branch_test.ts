/** Branches, read from files of git. */

import { assertEquals } from "@std/assert";
import { gitBranch } from "./git_branch.ts";

const LAYOUTS: [what: string, files: Record<string, string>, branch: string][] =
  [
    ["a branch", { "repo/.git/HEAD": "ref: refs/heads/main\n" }, "main"],
    ["a branch with slashes", {
      "repo/.git/HEAD": "ref: refs/heads/feature/x y\n",
    }, "feature/x y"],
    [
      "no branch, where HEAD is detached",
      { "repo/.git/HEAD": "a".repeat(40) },
      "HEAD",
    ],
    ["no branch, where there is no repository", {}, "HEAD"],
    ["no branch, where HEAD is too large", {
      "repo/.git/HEAD": `ref: refs/heads/${"x".repeat(70_000)}`,
    }, "HEAD"],
    ["the branch of a worktree", {
      "repo/.git": "gitdir: ../main/.git/worktrees/repo\n",
      "main/.git/worktrees/repo/HEAD": "ref: refs/heads/tree\n",
      "main/.git/HEAD": "ref: refs/heads/main\n",
    }, "tree"],
  ];

for (const [what, files, branch] of LAYOUTS) {
  Deno.test(`gitBranch() tells ${what}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/repo/sub`, { recursive: true });
      for (const [name, text] of Object.entries(files)) {
        const path = `${folder}/${name}`;
        await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
        await Deno.writeTextFile(path, text);
      }
      assertEquals(await gitBranch(`${folder}/repo/sub`), branch);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
