/**
 * `bin/claude-spread` with the real Deno: its permissions suffice, whatever files and folders
 * are called.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { projectName } from "../../../lib/claude/config_folder.ts";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { Machine } from "../../support/machine.ts";
import { PROGRAMS } from "../../support/environment.ts";
import {
  copyPlugin,
  launch,
  type LaunchOptions,
  testOnMachine as test,
} from "../../support/launcher.ts";
import { root } from "../../support/places.ts";
import { Repository } from "../../support/repository.ts";

/** Shares a file by a launcher, receives it by that launcher, and ends the share. */
async function handOver(
  machine: Machine,
  paths: { file: string; output: string },
  options: LaunchOptions,
): Promise<void> {
  const loopback = ["--json", "--interface", "127.0.0.1"];
  const run = (args: string[]) => launch(machine, args, PROGRAMS, options);
  const shared = await run([
    "serve",
    "--detach",
    "--remove-file",
    "--once",
    "--project",
    machine.path("."),
    ...loopback,
    "--generate",
    "--",
    paths.file,
  ]);
  assertEquals(shared.code, 0, shared.stderr + shared.stdout);
  try {
    const { addresses: [address], invite } = JSON.parse(shared.stdout);
    const received = await run([
      "receive",
      ...loopback,
      `--output=${paths.output}`,
      invite,
      address,
    ]);
    assertEquals(received.code, 0, received.stderr + received.stdout);
  } finally {
    await run(["stop", "--all"]);
  }
}

test("claude-spread hands over files of any name, in folders of any name", async (machine) => {
  for (
    const name of [
      "a b.md",
      `it's "quoted".md`,
      "-x.md",
      "a,b.md",
      "$(id) `id`.md",
      "한글.md",
      "in, a/folder,/a.md",
    ]
  ) {
    const folder = `${machine.path("")}${name}`.replace(/\/[^/]*$/, "");
    await Deno.mkdir(folder, { recursive: true });
    await machine.write(name, "# Title\n\nBody\n");
    const output = `got/${name}`;
    await Deno.mkdir(machine.path(output).replace(/\/[^/]*$/, ""), {
      recursive: true,
    });
    await handOver(machine, { file: name, output }, {});
    const got = await Deno.readTextFile(machine.path(output));
    assertStringIncludes(got, "Body\n", name);
    assert(!(await machine.works()).includes(name), "it is still there");
  }
});

test("claude-spread hands over from a plugin, a home and a state folder whose names have blanks and commas", async (machine) => {
  const plugin = await copyPlugin(machine, "my, plugin");
  const home = machine.path("a, home");
  await Deno.mkdir(home);
  await machine.write("a.md", "# Title\n\nBody\n");
  const env = { HOME: home, XDG_STATE_HOME: "" };
  const paths = { file: "a.md", output: "b.md" };
  await handOver(machine, paths, { plugin, env });
  assertStringIncludes(await Deno.readTextFile(machine.path("b.md")), "Body\n");
  const shares = Deno.build.os === "darwin"
    ? `${home}/Library/Application Support/claude-spread/shares`
    : `${home}/.local/state/claude-spread/shares`;
  assert((await Deno.stat(shares)).isDirectory);
});

test("claude-spread relay --check tells whether a relay works", async (machine) => {
  await using relay = await startLocalRelay();
  const args = ["relay", "--check", "--insecure-relay", relay.url];
  const { code, stdout, stderr } = await launch(machine, args, PROGRAMS);
  assertEquals([code, stdout], [0, ""], stderr);
  assertStringIncludes(stderr, "speaks protocol 2");
  assertStringIncludes(stderr, "this relay works");
});

test("claude-spread works through a link, and by its name alone", async (machine) => {
  const link = machine.path("bin");
  await Deno.mkdir(link);
  await Deno.symlink(`${root}/bin/claude-spread`, `${link}/claude-spread`);
  const { stderr, code } = await launch(machine, ["status"], PROGRAMS, {
    plugin: machine.path("."),
  });
  assertEquals([code, stderr], [0, "spread: nothing is shared\n"]);
  const byName = await new Deno.Command("sh", {
    args: ["claude-spread", "status"],
    cwd: `${root}/bin`,
    env: { XDG_STATE_HOME: machine.state },
  }).output();
  assertEquals(byName.code, 0);
});

test("claude-spread bundles and installs from worktrees, with a home that is a link", async (machine) => {
  const home = machine.path("a, home");
  await Deno.rename(`${machine.folder}/home`, machine.path("real home"));
  await Deno.symlink(machine.path("real home"), home);
  const project = await Repository.make(machine.path("my, project"));
  await project.commit("a.txt");
  const worktree = machine.path("worktree");
  await project.git("worktree", "add", "-q", worktree);
  const name = projectName(project.folder);
  const memory = `${home}/.claude/projects/${name}/memory`;
  await Deno.mkdir(memory, { recursive: true });
  await Deno.writeTextFile(`${memory}/a.md`, "Body\n");
  const env = { HOME: home, XDG_STATE_HOME: "" };
  const run = async (args: string[]) => {
    const ended = await launch(machine, args, PROGRAMS, { env });
    assertEquals(ended.code, 0, ended.stderr);
    return ended;
  };
  const file = machine.path("b.json");
  await run(["bundle", "--project", worktree, file]);
  await Deno.remove(`${memory}/a.md`);
  const there = ["--project", worktree];
  await run(["install", "--yes", "--remove-file", ...there, file]);
  assertStringIncludes(await Deno.readTextFile(`${memory}/a.md`), "Body\n");
  assert(!(await machine.works()).includes("b.json"), "it is still there");
  await run(["install", "--undo", ...there]);
  const left = await Array.fromAsync(Deno.readDir(memory));
  assertEquals(left.filter(({ name }) => name === "a.md"), []);
});
