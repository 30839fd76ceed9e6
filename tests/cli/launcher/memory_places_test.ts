/**
 * `bin/claude-spread bundle` and `install`, wherever memory is: they get the folder that is named
 * or that a setting, a variable or a link leads to, and never the whole disk.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { projectName } from "../../../lib/claude/config_folder.ts";
import { PROGRAMS } from "../../support/environment.ts";
import { Grants } from "../../support/granted.ts";
import {
  launch,
  type LaunchOptions,
  testOnMachine as test,
} from "../../support/launcher.ts";
import type { Machine } from "../../support/machine.ts";

const PROJECTS = "home/.claude/projects";
const HISTORY = "state/claude-spread/memory";
const SETTINGS = "home/.claude/settings.json";

/** Folders that `install` may change beside the usual ones. */
async function added(
  grants: Grants,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<string[]> {
  const install = await grants.of(["install", ...args], { env });
  const bundle = await grants.of(["bundle", ...args], { env });
  assertEquals(bundle.writes, []);
  const usual = [".", PROJECTS, HISTORY, SETTINGS];
  const others = (paths: string[]) =>
    paths.filter((path) => !usual.includes(path));
  assertEquals(others(bundle.reads), others(install.writes));
  assertEquals(others(install.reads), others(install.writes));
  return others(install.writes);
}

test("claude-spread lets memory be used where settings say, as far as they can be read", async (machine) => {
  const grants = await Grants.on(machine);
  const home = `${machine.folder}/home`;
  for (const folder of [`${home}/.claude`, machine.path(".claude")]) {
    await Deno.mkdir(folder, { recursive: true });
  }
  const user = `${home}/.claude/settings.json`;
  const project = machine.path(".claude/settings.json");
  const local = machine.path(".claude/settings.local.json");
  const own = machine.path("kept");
  const table: [file: string, json: string, folders: string[]][] = [
    [user, '{ "autoMemoryDirectory": "~/kept" }', ["home/kept"]],
    [user, '{"model":"x","autoMemoryDirectory":"/m/x y/","a":{}}', ["/m/x y"]],
    [user, '{\n\t"autoMemoryDirectory"\t: "~/kept",\n "b": 1\n}\n', [
      "home/kept",
    ]],
    [user, '{ "autoMemoryDirectory": "" }', []],
    [user, '{ "autoMemoryDirectory": "kept" }', []],
    [user, '{ "autoMemoryDirectory": "~" }', []],
    [user, '{ "autoMemoryDirectory": 5 }', []],
    [user, '{ "autoMemoryDirectory": "~/k\\u0065pt" }', []],
    [user, '{ "autoMemoryDirectory":\n "~/kept" }', []],
    [user, "", []],
    [user, "autoMemoryDirectory", []],
    // A project's settings may name folders of the project alone.
    [project, `{ "autoMemoryDirectory": "${own}" }`, ["work/kept"]],
    [local, `{ "autoMemoryDirectory": "${own}/" }`, ["work/kept"]],
    [project, `{ "autoMemoryDirectory": "${own}/../../x" }`, []],
    [project, `{ "autoMemoryDirectory": "${machine.path("")}" }`, []],
    [project, `{ "autoMemoryDirectory": "${machine.path("away")}" }`, []],
    [project, '{ "autoMemoryDirectory": "~/kept" }', []],
    [local, '{ "autoMemoryDirectory": "/m" }', []],
    // For a comma, the permission is for the folder before it: a project's settings get none.
    [user, '{ "autoMemoryDirectory": "~/k,ept" }', ["home/"]],
    [project, '{ "autoMemoryDirectory": "~/k,ept" }', []],
  ];
  await Deno.symlink(home, machine.path("away"));
  for (const [file, json, folders] of table) {
    await Deno.writeTextFile(file, json);
    assertEquals(await added(grants), folders, `${file}: ${json}`);
    await Deno.remove(file);
  }
});

test("claude-spread lets memory be used where variables and links lead", async (machine) => {
  const grants = await Grants.on(machine);
  const memory = `${machine.folder}/${PROJECTS}/-x/memory`;
  await Deno.mkdir(`${machine.folder}/${PROJECTS}/-x`, { recursive: true });
  assertEquals(await added(grants), []);
  const override = "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE";
  assertEquals(await added(grants, [], { [override]: "/m" }), ["/m"]);
  const remote = { CLAUDE_CODE_REMOTE_MEMORY_DIR: "/m" };
  assertEquals(await added(grants, [], remote), ["/m/projects"]);
  await Deno.symlink("../../../../work/kept", memory);
  assertEquals(await added(grants), [`${PROJECTS}/-x/memory`, "work/kept"]);
  await Deno.remove(memory);
  const link = `${machine.folder}/${PROJECTS}/-y`;
  await Deno.symlink(machine.path("sessions"), link);
  assertEquals(await added(grants), [`${PROJECTS}/-y`, "work/sessions"]);
});

test("claude-spread lets memory be used in the folder named, and in no other", async (machine) => {
  const grants = await Grants.on(machine);
  const { reads, writes } = await grants.of(["install", "--memory", "/m/x"]);
  assertEquals(reads.toSorted(), [".", "/m/x", HISTORY]);
  assertEquals(writes.toSorted(), ["/m/x", HISTORY]);
});

/** Bundles a memory and installs it. */
async function passThrough(
  machine: Machine,
  from: string[],
  to: string[],
  options: LaunchOptions,
): Promise<void> {
  const run = async (args: string[]) => {
    const ended = await launch(machine, args, PROGRAMS, options);
    assertEquals(ended.code, 0, ended.stderr + ended.stdout);
  };
  await run(["bundle", "--force", ...from, "b.json"]);
  await run(["install", "--yes", ...to, "b.json"]);
}

test("claude-spread installs memory into a folder that has to be made, behind links", async (machine) => {
  const home = machine.path("a home");
  await Deno.rename(`${machine.folder}/home`, machine.path("real home"));
  await Deno.symlink("real home", home);
  await Deno.mkdir(machine.path("from"));
  await machine.write("from/a.md", "Body\n");
  const shop = machine.path("shop");
  await Deno.mkdir(shop);
  const options = { cwd: shop, env: { HOME: home, XDG_STATE_HOME: "" } };
  const from = ["--memory", machine.path("from")];
  const bodyIn = async (folder: string) =>
    assertStringIncludes(await Deno.readTextFile(`${folder}/a.md`), "Body\n");

  // Claude Code has never run here.
  await passThrough(machine, from, [], options);
  const name = projectName(await Deno.realPath(shop));
  await bodyIn(`${home}/.claude/projects/${name}/memory`);

  for (const to of ["made/deep", `${home}/made/deep`]) {
    await passThrough(machine, from, ["--memory", to], options);
  }
  await bodyIn(`${shop}/made/deep`);
  await bodyIn(`${home}/made/deep`);

  const settings = '{ "autoMemoryDirectory": "~/kept/here" }';
  await Deno.writeTextFile(`${home}/.claude/settings.json`, settings);
  await passThrough(machine, from, [], options);
  await bodyIn(`${home}/kept/here`);

  await Deno.remove(`${home}/.claude/settings.json`);
  await Deno.mkdir(`${shop}/.claude`);
  await machine.write(
    "shop/.claude/settings.json",
    settings.replace("~/kept", `${shop}/own`),
  );
  await passThrough(machine, from, [], options);
  await bodyIn(`${shop}/own/here`);
});

test("claude-spread says how to go on, when settings name memory in a way that it cannot read", async (machine) => {
  await Deno.mkdir(machine.path(".claude"));
  const setting = '{ "autoMemoryDirectory": "~/k\\u0065pt" }';
  await machine.write(".claude/settings.json", setting);
  await Deno.mkdir(`${machine.folder}/home/kept`);
  const args = ["bundle", "--preview"];
  const { code, stdout, stderr } = await launch(machine, args, PROGRAMS);
  const kept = `${machine.folder}/home/kept`;
  assertEquals([code, stdout], [6, ""], stderr);
  assertEquals(
    stderr,
    `spread: error: Cannot use the memory in "${kept}": this command has no access to it\n` +
      `spread: hint: To use it, add --memory "${kept}"; nothing was read or written\n`,
  );
});

test("claude-spread refuses memory that a project's settings lead astray, behind links", async (machine) => {
  const home = machine.path("a home");
  await Deno.rename(`${machine.folder}/home`, machine.path("real home"));
  await Deno.symlink("real home", home);
  await Deno.mkdir(machine.path("dot files/agents"), { recursive: true });
  await Deno.symlink("../dot files", `${home}/.claude`);
  await Deno.symlink("../elsewhere", `${home}/out`);
  const shop = machine.path("shop");
  await Deno.mkdir(`${shop}/.claude`, { recursive: true });
  const env = { HOME: home, XDG_STATE_HOME: "" };
  const table: [folder: string, words: string][] = [
    [
      machine.path("dot files/agents"),
      "it leads into the configuration of Claude Code",
    ],
    ["~/out/x", "it leads out of the project"],
    [`${machine.folder}/x`, "it leads out of the project"],
  ];
  for (const [folder, words] of table) {
    const setting = JSON.stringify({ autoMemoryDirectory: folder });
    await machine.write("shop/.claude/settings.json", setting);
    const args = ["bundle", "--preview", "--project", shop];
    const { stderr } = await launch(machine, args, PROGRAMS, {
      cwd: shop,
      env,
    });
    assertStringIncludes(stderr, words, folder);
  }
});
