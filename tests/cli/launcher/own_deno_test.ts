/**
 * `bin/claude-spread` in the `node_modules` in which npm or pnpm has put it: it runs the Deno that
 * came along, wherever that is, and none of the project that it is used in.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  launch,
  testOnMachine as test,
  withPrintingDeno,
} from "../../support/launcher.ts";
import type { Machine } from "../../support/machine.ts";
import { root } from "../../support/places.ts";

/** Package of Deno for a platform; the launcher tries each that is there. */
const PLATFORM = "@deno/linux-x64-glibc";

/** The part of our package that starts Deno. */
const PARTS = ["bin", "scripts/launcher", "deno.json", "deno.lock"];

/** Copies our package to a folder. */
async function putPackage(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/scripts`, { recursive: true });
  for (const part of PARTS) {
    const { success } = await new Deno.Command("cp", {
      args: ["-R", `${root}/${part}`, `${folder}/${part}`],
    }).output();
    if (!success) throw new Error(`Cannot copy ${part}`);
  }
}

/** Writes a Deno into a package, which tells what it was asked by its name. */
async function putDeno(
  folder: string,
  name: string,
  version = "2.9.6",
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const script = `#!/bin/sh
echo "${name} $1" >>"$HOME/calls"
case $1 in
--version) echo "deno ${version} (stable)" ;;
cache) mkdir -p "$DENO_DIR/npm" ;;
esac
`;
  await Deno.writeTextFile(`${folder}/deno`, script, { mode: 0o755 });
}

/** A project that brings a Deno in every way that npm knows. */
async function makeHostile(machine: Machine): Promise<string> {
  const project = machine.path("hostile");
  const modules = `${project}/node_modules`;
  await Deno.mkdir(`${project}/.git`, { recursive: true });
  await Deno.mkdir(`${modules}/deno`, { recursive: true });
  await putDeno(`${modules}/${PLATFORM}`, "hostile");
  await putDeno(`${modules}/.bin`, "hostile");
  return project;
}

/** A layout: where our package is, and where links lead, from `node_modules`. */
interface Layout {
  ours: string;
  deno: string;
  platform: string;
  links?: Record<string, string>;
}

const LAYOUTS: Record<string, Layout> = {
  "for a project": {
    ours: "claude-spread",
    deno: "deno",
    platform: PLATFORM,
  },
  "for everybody": {
    ours: "claude-spread",
    deno: "claude-spread/node_modules/deno",
    platform: `claude-spread/node_modules/${PLATFORM}`,
  },
  "with the platform's package in that of Deno": {
    ours: "claude-spread",
    deno: "deno",
    platform: `deno/node_modules/${PLATFORM}`,
  },
  "by pnpm": {
    ours: ".pnpm/claude-spread@2.0.0/node_modules/claude-spread",
    deno: ".pnpm/deno@2.9.6/node_modules/deno",
    platform: `.pnpm/deno@2.9.6/node_modules/${PLATFORM}`,
    links: {
      "claude-spread": ".pnpm/claude-spread@2.0.0/node_modules/claude-spread",
      ".pnpm/claude-spread@2.0.0/node_modules/deno":
        "../../deno@2.9.6/node_modules/deno",
    },
  },
};

/** Installs in a folder as a layout says. Returns the folder of our package, as one goes there. */
async function install(
  folder: string,
  { ours, deno, platform, links = {} }: Layout,
  version?: string,
): Promise<string> {
  const modules = `${folder}/node_modules`;
  await Deno.mkdir(`${modules}/${deno}`, { recursive: true });
  await putPackage(`${modules}/${ours}`);
  await putDeno(`${modules}/${platform}`, "own", version);
  for (const [name, target] of Object.entries(links)) {
    await Deno.symlink(target, `${modules}/${name}`);
  }
  return `${modules}/claude-spread`;
}

/** Runs it twice, and returns what each Deno was asked. */
async function askTwice(
  machine: Machine,
  plugin: string,
  cwd: string,
): Promise<string[]> {
  // That of the machine says only what it is asked.
  const programs = await withPrintingDeno(machine);
  const env = { DENO_DIR: `${machine.folder}/downloads` };
  for (const _run of ["first", "second"]) {
    const path = `${cwd}/node_modules/.bin:${programs}`;
    const options = { plugin, cwd, env };
    const { code, stderr } = await launch(machine, ["status"], path, options);
    assertEquals([code, stderr], [0, ""]);
  }
  const calls = await Deno.readTextFile(`${machine.home}/calls`);
  await Deno.remove(`${machine.home}/calls`);
  await Deno.remove(`${machine.folder}/fake deno`, { recursive: true });
  return calls.trimEnd().split("\n");
}

/** The second run goes by the note of the first. */
const OWN = ["own --version", "own cache", "own run", "own run"];

for (const [name, layout] of Object.entries(LAYOUTS)) {
  test(`claude-spread runs the Deno that came along, installed ${name}`, async (machine) => {
    const hostile = await makeHostile(machine);
    const away = await install(`${machine.folder}/a, b`, layout);
    assertEquals(await askTwice(machine, away, hostile), OWN);
    const project = machine.path("project");
    await Deno.mkdir(`${project}/.git`, { recursive: true });
    const inside = await install(project, layout);
    assertEquals(await askTwice(machine, inside, project), OWN);
  });
}

/** That of the machine, by PATH. */
const MACHINE = ["--version", "cache", "run", "run"];

test("claude-spread runs the machine's Deno, when the one that came along is missing or too old", async (machine) => {
  const hostile = await makeHostile(machine);
  const layout = LAYOUTS["for everybody"]!;
  const plugin = await install(`${machine.folder}/prefix`, layout, "2.8.3");
  const calls = await askTwice(machine, plugin, hostile);
  assertEquals(calls, ["own --version", ...MACHINE]);
  const modules = `${plugin}/node_modules`;
  await Deno.remove(modules, { recursive: true });
  // Another program's note is no note of this one.
  await Deno.remove(`${machine.state}/deno`, { recursive: true });
  assertEquals(await askTwice(machine, plugin, hostile), MACHINE);
});

test("claude-spread takes no Deno beside it, when it is not installed by npm", async (machine) => {
  const hostile = await makeHostile(machine);
  const plugin = `${machine.folder}/plugins/claude-spread`;
  await putPackage(plugin);
  for (
    const folder of [`${plugin}/node_modules`, `${machine.folder}/plugins`]
  ) {
    await Deno.mkdir(`${folder}/deno`, { recursive: true });
    await putDeno(`${folder}/${PLATFORM}`, "beside");
  }
  assertEquals(await askTwice(machine, plugin, hostile), MACHINE);
});
