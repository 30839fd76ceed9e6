/**
 * Project folders: every layout that Claude Code was run in; their source is named in the
 * test data.
 */

import { assertEquals, assertRejects } from "@std/assert";
import vectors from "../../testdata/claude_project_dirs.json" with {
  type: "json",
};
import { SpreadError } from "../errors.ts";
import { inFolder } from "../testing/folder.ts";
import { projectName, type Surroundings } from "./config_folder.ts";
import { projectFolders, projectRoot } from "./project_folders.ts";

const surroundings = (home: string, cwd: string): Surroundings => ({
  home,
  cwd,
  env: () => undefined,
});

async function shell(command: string, cwd: string): Promise<void> {
  const env = { HOME: cwd, GIT_CONFIG_NOSYSTEM: "1" };
  const options = { args: ["-c", command], cwd, env };
  const { success, stderr } = await new Deno.Command("sh", options).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

Deno.test("projectName() matches every vector", () => {
  for (const { path, name } of vectors.names) {
    assertEquals(projectName(path), name);
  }
});

Deno.test("projectName() cuts at 200 units and not before", () => {
  const path = (length: number) => `/${"a".repeat(length - 1)}`;
  assertEquals(projectName(path(200)), `-${"a".repeat(199)}`);
  assertEquals(projectName(path(201)).slice(0, 201), `-${"a".repeat(199)}-`);
});

Deno.test({
  name: "projectFolders() finds transcripts and memory, in every layout",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (base) => {
      // The names in the vectors begin with the folder of the recording.
      const here = (name: string) =>
        name.replace(projectName(vectors.base), projectName(base));
      const projects = `${base}/.claude/projects`;
      for (const { what, setup, cwd, memory, transcripts } of vectors.layouts) {
        await shell(setup, base);
        const found = await projectFolders(
          surroundings(base, `${base}/${cwd}`),
        );
        assertEquals(
          [found.memory, found.transcripts],
          [
            `${projects}/${here(memory)}/memory`,
            `${projects}/${here(transcripts)}`,
          ],
          what,
        );
      }
    }),
});

Deno.test("projectFolders() refuses a folder that is not there", () =>
  inFolder(async (base) => {
    const error = await assertRejects(
      () => projectFolders(surroundings(base, `${base}/none`)),
      SpreadError,
    );
    assertEquals(error.code, "USAGE");
  }));

/** Worktrees with links that git does not make: none may reach the victim's memory. */
const FORGED: [string, (base: string) => Record<string, string>][] = [
  ["leads back to another worktree", (base) => ({
    "victim/.git/worktrees/x/commondir": "../..",
    "victim/.git/worktrees/x/gitdir": `${base}/other/.git`,
  })],
  ["leads back by a relative path", () => ({
    "victim/.git/worktrees/x/commondir": "../..",
    "victim/.git/worktrees/x/gitdir": "../../../../forged/.git",
  })],
  ["is in no folder of worktrees", (base) => ({
    "victim/.git/worktrees/x/commondir": `${base}/victim/other`,
    "victim/.git/worktrees/x/gitdir": `${base}/forged/.git`,
  })],
  ["has no commondir", (base) => ({
    "victim/.git/worktrees/x/gitdir": `${base}/forged/.git`,
  })],
];

for (const [what, files] of FORGED) {
  Deno.test(`projectRoot() keeps a worktree to itself, when its link ${what}`, () =>
    inFolder(async (base) => {
      await Deno.mkdir(`${base}/forged/sub`, { recursive: true });
      await Deno.mkdir(`${base}/victim/.git/worktrees/x`, { recursive: true });
      const all = {
        ...files(base),
        "forged/.git": `gitdir: ${base}/victim/.git/worktrees/x`,
      };
      for (const [path, text] of Object.entries(all)) {
        await Deno.writeTextFile(`${base}/${path}`, text);
      }
      assertEquals(await projectRoot(`${base}/forged/sub`), `${base}/forged`);
    }));
}

Deno.test({
  name: "projectRoot() passes by a .git that is a link to nowhere",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (base) => {
      await Deno.mkdir(`${base}/repo/.git`, { recursive: true });
      await Deno.mkdir(`${base}/repo/sub`);
      await Deno.symlink("nowhere", `${base}/repo/sub/.git`);
      assertEquals(await projectRoot(`${base}/repo/sub`), `${base}/repo`);
    }),
});
