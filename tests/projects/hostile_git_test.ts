/**
 * Projects that came with a hostile `.git`, read with the real git: what they claim must
 * neither bring the files of another folder into the facts nor start a program.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  Checkout,
  type CheckoutRelation,
} from "../../lib/distillation/checkout.ts";
import { GitProgram } from "../../lib/git/git.ts";
import {
  type ProjectFacts,
  readProjectFacts,
} from "../../lib/distillation/project_facts.ts";
import { Machine } from "../support/machine.ts";
import { Repository } from "../support/repository.ts";

const { start } = new GitProgram({
  timeoutMs: 30_000,
  signal: new AbortController().signal,
});

async function compare(
  folder: string,
  commit: string,
): Promise<CheckoutRelation> {
  return await (await Checkout.open(folder, start)).compare({ commit });
}

/** A text in the names of files, branches and remotes that must not be told. */
const PRIVATE = "private-thing";

/** A machine with a private repository, and a project that came from elsewhere. */
class Stage implements AsyncDisposable {
  private constructor(
    readonly machine: Machine,
    readonly own: Repository,
    readonly project: Repository,
  ) {}

  static async make(): Promise<Stage> {
    const machine = await Machine.make();
    const own = await Repository.make(machine.path("own"));
    await own.git("checkout", "-q", "-b", PRIVATE);
    await own.commit(`${PRIVATE}.txt`);
    await own.git("remote", "add", "origin", `https://host/${PRIVATE}.git`);
    await Deno.writeTextFile(`${own.folder}/${PRIVATE}.new`, "");
    const project = await Repository.make(machine.path("project"));
    await project.commit("kept.txt");
    await Deno.writeTextFile(`${project.folder}/new.txt`, "");
    return new Stage(machine, own, project);
  }

  facts(folder = this.project.folder): Promise<ProjectFacts> {
    return readProjectFacts(folder, start);
  }

  /** Puts something else in the place of the project's `.git`. */
  async replaceGit(name: string, make: (path: string) => Promise<void>) {
    const path = `${this.project.folder}/.git${name}`;
    await Deno.remove(path, { recursive: true });
    await make(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

function assertSaysNothingOf(facts: ProjectFacts, why: string): void {
  assertEquals(JSON.stringify(facts).includes(PRIVATE), false, why);
}

Deno.test("readProjectFacts() lists the project's own files, wherever core.worktree leads", async () => {
  await using stage = await Stage.make();
  const expected = await stage.facts();
  assertEquals(expected.changedFiles, ["?? new.txt"]);
  const { folder } = stage.machine;
  const settings = `${stage.project.folder}/.git/config`;
  const before = await Deno.readTextFile(settings);
  for (const elsewhere of [stage.own.folder, folder, "/", "..", "../own"]) {
    const line = `[core]\nworktree = ${elsewhere}\n`;
    await Deno.writeTextFile(settings, before + line);
    assertEquals(await stage.facts(), expected, elsewhere);
    // An included file says it as well.
    const included = await stage.machine.write("included", line);
    const include = `[include]\npath = ${included}\n`;
    await Deno.writeTextFile(settings, before + include);
    assertEquals(await stage.facts(), expected, elsewhere);
  }
});

Deno.test("readProjectFacts() tells nothing of a repository that the project's .git leads to", async () => {
  await using stage = await Stage.make();
  const { own, machine } = stage;
  const worktree = machine.path(`tree-${PRIVATE}`);
  await own.git("worktree", "add", "-q", worktree);
  const submodule = `${own.folder}/.git/modules/sub`;
  await own.git("clone", "-q", "--bare", own.folder, submodule);
  await own.git("-C", submodule, "config", "core.bare", "false");
  await own.git("-C", submodule, "config", "core.worktree", "../../../sub");
  const targets = [
    `${own.folder}/.git`,
    `${own.folder}/.git/worktrees/tree-${PRIVATE}`,
    submodule,
  ];
  for (const target of targets) {
    await stage.replaceGit(
      "",
      (path) => Deno.writeTextFile(path, `gitdir: ${target}\n`),
    );
    assertSaysNothingOf(await stage.facts(), target);
    await stage.replaceGit("", (path) => Deno.symlink(target, path));
    assertSaysNothingOf(await stage.facts(), `link to ${target}`);
  }
});

Deno.test("readProjectFacts() tells nothing of a repository that parts of the project's .git lead to", async () => {
  const parts: [string, (stage: Stage) => Promise<void>][] = [
    ["commondir", async ({ own, project }) => {
      await Deno.writeTextFile(
        `${project.folder}/.git/commondir`,
        `${own.folder}/.git\n`,
      );
    }],
    ["index", async (stage) => {
      const { own } = stage;
      await stage.replaceGit(
        "/index",
        (path) => Deno.symlink(`${own.folder}/.git/index`, path),
      );
    }],
    ["include.path", async ({ own, project }) => {
      const path = `${own.folder}/.git/config`;
      await project.git("config", "include.path", path);
    }],
  ];
  for (const [name, change] of parts) {
    await using stage = await Stage.make();
    await change(stage);
    assertSaysNothingOf(await stage.facts(), name);
  }
});

Deno.test("readProjectFacts() keeps to the project's folder in a larger repository", async () => {
  await using stage = await Stage.make();
  const { own } = stage;
  await Deno.mkdir(`${own.folder}/part/deep`, { recursive: true });
  await Deno.writeTextFile(`${own.folder}/part/deep/a.txt`, "");
  const { git, changedFiles } = await stage.facts(`${own.folder}/part`);
  assertEquals(changedFiles, ["?? part/deep/a.txt"]);
  assertEquals(git?.branch, PRIVATE);
});

Deno.test("readProjectFacts() knows work trees and submodules", async () => {
  await using stage = await Stage.make();
  const { project, machine } = stage;
  const tree = machine.path("tree");
  await project.git("worktree", "add", "-q", "-b", "side", tree);
  await Deno.writeTextFile(`${tree}/in tree.txt`, "");
  const inTree = await stage.facts(tree);
  assertEquals(inTree.git?.branch, "side");
  assertEquals(inTree.changedFiles, ["?? in tree.txt"]);
  const allow = ["-c", "protocol.file.allow=always"];
  await project.git(
    ...allow,
    "submodule",
    "--quiet",
    "add",
    stage.own.folder,
    "sub",
  );
  await Deno.writeTextFile(`${project.folder}/sub/in sub.txt`, "");
  const inSub = await stage.facts(`${project.folder}/sub`);
  assertEquals(inSub.git?.branch, PRIVATE);
  assertEquals(inSub.changedFiles, ["?? in sub.txt"]);
});

Deno.test("readProjectFacts() and Checkout.compare() start no program that the repository names", async () => {
  await using stage = await Stage.make();
  const { project, machine } = stage;
  const ran = machine.path("ran");
  const hooks = machine.path("hooks");
  await Deno.mkdir(hooks);
  for (const hook of ["post-index-change", "post-checkout", "pre-auto-gc"]) {
    await Deno.writeTextFile(`${hooks}/${hook}`, `#!/bin/sh\n: >>'${ran}'\n`, {
      mode: 0o755,
    });
  }
  const run = `sh -c ": >>'${ran}'; cat"`;
  await Deno.writeTextFile(
    `${project.folder}/.gitattributes`,
    "* filter=x.y diff=x merge=x\n",
  );
  await project.git("add", ".gitattributes");
  const settings = [
    "core.fsmonitor",
    "core.pager",
    "pager.status",
    "pager.config",
    "pager.cat-file",
    "pager.rev-list",
    "diff.external",
    "diff.x.command",
    "diff.x.textconv",
    "filter.x.y.clean",
    "filter.x.y.smudge",
    "filter.x.y.process",
    "alias.status",
    "alias.rev-parse",
    "alias.rev-list",
    "alias.cat-file",
    "core.sshCommand",
    "core.editor",
    "core.askPass",
    "core.alternateRefsCommand",
    "credential.helper",
    "gpg.program",
    "remote.origin.uploadpack",
  ];
  const older = await project.git("rev-parse", "HEAD");
  await project.git("commit", "-q", "--no-gpg-sign", "-m", "newer");
  const included = await machine.write("included", "");
  for (const name of settings) {
    await project.git("config", "-f", included, name, run);
  }
  await project.git("config", "-f", included, "core.hooksPath", hooks);
  await project.git("config", "-f", included, "core.untrackedCache", "true");
  await project.git(
    "config",
    "-f",
    included,
    "status.submoduleSummary",
    "true",
  );
  await project.git("config", "safe.directory", "*");
  // Not looked at again, unless git has to ask the filter.
  await Deno.writeTextFile(`${project.folder}/kept.txt`, "other text");
  await project.git("config", "include.path", included);
  const { changedFiles } = await stage.facts();
  assertEquals(changedFiles.includes(" M kept.txt"), true, `${changedFiles}`);
  const missing = await compare(project.folder, "0".repeat(40));
  assertEquals(missing, "commit_missing");
  assertEquals(await compare(project.folder, older), "ahead");
  const names = Array.from(Deno.readDirSync(machine.path(".")), (e) => e.name);
  assertEquals(names.includes("ran"), false);
});
