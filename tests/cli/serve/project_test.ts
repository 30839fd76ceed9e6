/**
 * Facts of a project: what `--project` adds to a share.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { forEach } from "../../../lib/testing/for_each.ts";
import { assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Repository } from "../../support/repository.ts";

const TOKEN = "glpat-very-secret";

/** A repository with a commit, a remote whose address holds a token, and changed files. */
async function makeProject(machine: Machine): Promise<Repository> {
  const project = await Repository.make(machine.path("my project"));
  await project.commit("kept.txt");
  const remote = `https://alice:${TOKEN}@git.example.invalid/team/x.git`;
  await project.git("remote", "add", "origin", remote);
  await project.git("checkout", "-q", "-b", "feature/인수");
  return project;
}

Deno.test("serve --project puts facts into the document and the offer, but no credentials", async () => {
  await using machine = await Machine.make();
  const project = await makeProject(machine);
  const commit = await project.git("rev-parse", "HEAD");
  for (const name of ['quote" and \n newline', "kept.txt", "새 파일.md"]) {
    await Deno.writeTextFile(`${project.folder}/${name}`, "changed");
  }
  const file = await machine.write("a.md", "# Title\n\nBody\n");
  await using sharing = await machine.share([
    "--project",
    project.folder,
    "--generate",
    file,
  ]);
  const git = {
    branch: "feature/인수",
    commit,
    remote: "https://git.example.invalid/team/x.git",
  };
  assertEquals(sharing.ready.git, git);
  assertEquals(sharing.ready.project, "my project");
  const received = await machine.run("receive", [
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(received);
  const facts = [
    "# Title\n\n## Facts\n\n",
    `- Shared: ${sharing.ready.created}\n`,
    "- Project: my project\n",
    "- Branch: feature/인수\n",
    `- Commit: ${commit}\n`,
    `- Remote: ${git.remote}\n`,
    "- Not committed: 3 files\n",
    '?? quote" and newline\n',
    "?? 새 파일.md\n",
    "M kept.txt\n",
    "\n\nBody\n",
  ];
  for (const fact of facts) assertStringIncludes(received.text, fact);
  assertStringIncludes(
    received.stderr,
    `written in project my project, branch feature/인수, commit ${
      commit.slice(0, 12)
    }`,
  );
  const sent = await sharing.stop();
  for (const output of [received.text, received.stderr, sent.text]) {
    assert(!output.includes(TOKEN) && !output.includes("alice"), output);
  }
});

Deno.test("serve --project leaves out what git does not know", async () => {
  await using machine = await Machine.make();
  const detached = await makeProject(machine);
  await detached.git("checkout", "-q", "--detach");
  await detached.git("remote", "remove", "origin");
  const commit = await detached.git("rev-parse", "HEAD");
  const fresh = await Repository.make(machine.path("fresh"));
  const plain = machine.path("plain");
  await Deno.mkdir(plain);
  const file = await machine.write("a.md", "Body");
  const projects = [
    { folder: detached.folder, project: "my project", git: { commit } },
    { folder: fresh.folder, project: "fresh", git: { branch: "main" } },
    { folder: `${plain}/`, project: "plain", git: undefined },
  ];
  await forEach(projects, async ({ folder, project, git }) => {
    await using sharing = await machine.share(
      ["--project", folder, "--generate", file],
      // What is above the temporary folder is not looked at.
      { env: { GIT_CEILING_DIRECTORIES: machine.folder } },
    );
    assertEquals(sharing.ready.project, project);
    assertEquals(sharing.ready.git, git);
  });
});

Deno.test("serve --project shares all the same, when there is no git program", async () => {
  await using machine = await Machine.make();
  const project = await makeProject(machine);
  const file = await machine.write("a.md", "Body");
  await using sharing = await machine.share(
    ["--project", project.folder, "--generate", file],
    { env: { PATH: "/nowhere" } },
  );
  assertEquals(sharing.ready.project, "my project");
  assertEquals("git" in sharing.ready, false);
});

Deno.test({
  name: "serve --project asks git, when LD_LIBRARY_PATH is set",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using machine = await Machine.make();
    const project = await makeProject(machine);
    const file = await machine.write("a.md", "Body");
    await using sharing = await machine.share(
      ["--project", project.folder, "--generate", file],
      { env: { LD_LIBRARY_PATH: "/nowhere" } },
    );
    assertEquals(
      (sharing.ready.git as { branch: string }).branch,
      "feature/인수",
    );
  },
});

Deno.test("serve --project and receive --project start no program that the repository names", async () => {
  await using machine = await Machine.make();
  const project = await Repository.make(machine.path("hostile"));
  const ran = machine.path("ran");
  await Deno.writeTextFile(`${project.folder}/.gitattributes`, "* filter=x.y");
  await project.commit("kept.txt");
  const settings = {
    "filter.x.y.clean": `touch '${ran} clean'; cat`,
    "filter.x.y.process": `touch '${ran} process'`,
    "filter.x.y.required": "true",
    "core.fsmonitor": `touch '${ran} fsmonitor'`,
    // What is missing is asked for where that leads.
    "core.repositoryFormatVersion": "1",
    "extensions.partialClone": "origin",
    "remote.origin.promisor": "true",
    "remote.origin.url": machine.path("elsewhere"),
    "remote.origin.uploadpack": `touch '${ran} uploadpack'; false`,
    "protocol.allow": "always",
  };
  for (const [key, value] of Object.entries(settings)) {
    await project.git("config", key, value);
  }
  await Deno.utime(`${project.folder}/kept.txt`, 1, 1);
  const other = await makeProject(machine);
  const shareFrom = async (folder: string) => {
    const file = await machine.write("a.md", "# Title\n");
    return await machine.share(["--project", folder, "--generate", file]);
  };
  await using shared = await shareFrom(project.folder);
  assert(shared.ready.git !== undefined);
  await using sharing = await shareFrom(other.folder);
  const received = await machine.run("receive", [
    "--project",
    project.folder,
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(received);
  // Before GIT_NO_LAZY_FETCH, git asks for the missing commit all the same, and may end of being
  // refused.
  assert(
    /does not have that commit|git could not tell how your checkout stands/
      .test(received.stderr),
    received.stderr,
  );
  const works = await machine.works();
  assertEquals(works.filter((path) => path.startsWith("ran")), []);
});

Deno.test("serve --project puts no file of another folder into the document, where core.worktree leads there", async () => {
  await using machine = await Machine.make();
  const project = await makeProject(machine);
  await Deno.writeTextFile(`${project.folder}/new.txt`, "");
  const elsewhere = machine.path("elsewhere");
  await Deno.mkdir(elsewhere);
  await Deno.writeTextFile(`${elsewhere}/private-thing.txt`, "");
  await project.git("config", "core.worktree", elsewhere);
  const file = await machine.write("a.md", "# Title\n\nBody\n");
  await using sharing = await machine.share([
    "--project",
    project.folder,
    "--generate",
    file,
  ]);
  const received = await machine.run("receive", [
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(received);
  assertStringIncludes(received.text, "?? new.txt\n");
  assert(!received.text.includes("private-thing"), received.text);
});
