/**
 * `bin/claude-spread` in a project of somebody else: neither its programs nor settings that are
 * variables decide what runs.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { PROGRAMS } from "../../support/environment.ts";
import { stateFolder } from "../../support/homes.ts";
import {
  launch,
  testOnMachine as test,
  withPrintingDeno,
} from "../../support/launcher.ts";
import type { Machine } from "../../support/machine.ts";
import { denoFolder, root } from "../../support/places.ts";
import { Repository } from "../../support/repository.ts";

/** Puts programs that leave a file named "ran" in the home into a folder. */
async function hostilePrograms(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of ["deno", "npx", "node", "git", "readlink", "mkdir"]) {
    const path = `${folder}/${name}`;
    const text = `#!/bin/sh\necho ${name} >>"$HOME/ran"\necho "deno 2.9.6"\n`;
    await Deno.writeTextFile(path, text, { mode: 0o755 });
  }
}

const NOTHING = "spread: nothing is shared\n";

async function assertNothingRan(machine: Machine): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(`${machine.folder}/home`));
  assert(!names.some(({ name }) => name === "ran"), "a hostile program ran");
}

/** The note of the Deno to run, in a state folder. */
function noteIn(state: string): string {
  return `${state}/claude-spread/deno${root}/ready`;
}

test("claude-spread runs no program of a project's folders, and keeps none for later", async (machine) => {
  const project = await Repository.make(machine.path("project"));
  const inside = machine.path("project/in");
  const link = `${machine.folder}/linked`;
  await Deno.symlink(project.folder, link);
  const paths = [
    machine.path("project/node_modules/.bin"),
    machine.path("project/tools"),
    `${machine.folder}/other/node_modules/.bin`,
    inside,
  ];
  for (const folder of paths) await hostilePrograms(folder);
  const note = noteIn(`${machine.folder}/state`);
  for (const path of [...paths, "", ".", "../tools"]) {
    for (const cwd of [project.folder, inside, link]) {
      const programs = `${path}:${PROGRAMS}`;
      // As a shell names the folder that it is in.
      const env = { PWD: cwd };
      const options = { cwd, env };
      const ended = await launch(machine, ["status"], programs, options);
      assertEquals([ended.code, ended.stderr], [0, NOTHING], path);
      const [program] = (await Deno.readTextFile(note)).split("\n");
      assertEquals(program, `${PROGRAMS.split(":")[0]}/deno`);
      await Deno.remove(note);
    }
  }
  await assertNothingRan(machine);
});

test("claude-spread lets no setting name a process that grants permissions or learns of them", async (machine) => {
  const project = await Repository.make(machine.path("project"));
  const log = `${project.folder}/log`;
  const env = {
    DENO_PERMISSION_BROKER_PATH: `${project.folder}/broker`,
    DENO_AUDIT_PERMISSIONS: log,
  };
  const options = { cwd: project.folder, env };
  const ended = await launch(machine, ["status"], PROGRAMS, options);
  assertEquals([ended.code, ended.stderr], [0, NOTHING]);
  const names = await Array.fromAsync(Deno.readDir(project.folder));
  assertEquals(names.map(({ name }) => name), [".git"]);
});

test("claude-spread loads no module and writes no file that a setting names", async (machine) => {
  const project = await Repository.make(machine.path("project"));
  const module = 'console.log("hostile");\n';
  await Deno.writeTextFile(`${project.folder}/hostile.cjs`, module);
  const env = {
    NODE_OPTIONS: "--require ./hostile.cjs",
    DENO_COVERAGE_DIR: `${project.folder}/coverage`,
    NODE_V8_COVERAGE: `${project.folder}/coverage`,
  };
  const options = { cwd: project.folder, env };
  const ended = await launch(machine, ["status"], PROGRAMS, options);
  assertEquals([ended.code, ended.stdout, ended.stderr], [0, "", NOTHING]);
  const names = await Array.fromAsync(Deno.readDir(project.folder));
  assertEquals(names.map(({ name }) => name).toSorted(), [
    ".git",
    "hostile.cjs",
  ]);
});

test("claude-spread takes no Deno, note or module from where Claude or a project may write", async (machine) => {
  const { folder, home } = machine;
  const written = `${home}/.cache/claude-spread`;
  const project = await Repository.make(machine.path("project"));
  await hostilePrograms(`${folder}/hostile`);
  const own = machine.path("deno");
  const settings = `${folder}/settings`;
  const programs = await withPrintingDeno(machine);
  const ask = async (env: Record<string, string>) => {
    const options = {
      cwd: project.folder,
      env: { DENO_DIR: "", CLAUDE_CONFIG_DIR: settings, ...env },
    };
    const { stdout, code, stderr } = await launch(
      machine,
      ["status"],
      programs,
      options,
    );
    assertEquals(code, 0, stderr);
    assert(stdout.startsWith("run\0"), stdout);
    const note = noteIn(env.XDG_STATE_HOME ?? `${folder}/state`);
    return await Deno.readTextFile(note).then(
      (text) => text.split("\n")[1],
      () => null,
    );
  };
  assertEquals(await ask({ XDG_CACHE_HOME: own }), `${own}/deno`);
  const usual = await ask({});
  const temporary = `${folder}/claude-1000/-work/scratchpad`;
  const { folder: checkout } = await Repository.make(`${folder}/checkout`);
  const linked = `${folder}/linked`;
  await Deno.mkdir(`${home}/.claude/projects/p`, { recursive: true });
  await Deno.symlink(`${home}/.claude/projects/p`, linked);
  const places = [
    `${home}/.claude/projects/p/memory`,
    `${linked}/memory`,
    `${settings}/jobs/x/tmp`,
    temporary,
    `${checkout}/in`,
    `${written}/typed-x`,
    `${home}/.config/../.cache/claude-spread/typed-x`,
    written,
    project.folder,
    `${home}/.config/../../work/project/in`,
    ".in",
  ];
  await Deno.mkdir(`${home}/.config`, { recursive: true });
  for (const place of places) {
    for (const isThere of [false, true]) {
      if (isThere && place.startsWith("/")) {
        await Deno.mkdir(place, { recursive: true });
      }
      assertEquals(await ask({ XDG_CACHE_HOME: place }), usual, place);
      assertEquals(await ask({ DENO_DIR: place }), usual, place);
    }
  }
  for (const place of places.filter((place) => place.startsWith("/"))) {
    const note = noteIn(place);
    await Deno.mkdir(note.replace(/\/ready$/, ""), { recursive: true });
    const forged = `${folder}/hostile/deno\n${usual}\n`;
    await Deno.writeTextFile(note, forged);
    await ask({ XDG_STATE_HOME: place });
    assertEquals(await Deno.readTextFile(note), forged, place);
    await Deno.remove(note);
  }
  await assertNothingRan(machine);
});

test("claude-spread runs the user's git, not a project's", async (machine) => {
  const project = await Repository.make(machine.path("project"));
  const folder = machine.path("project/node_modules/.bin");
  await hostilePrograms(folder);
  await project.commit("a.md");
  const args = ["--interface", "127.0.0.1", "--project", ".", "pass", "a.md"];
  const programs = `${folder}:${PROGRAMS}`;
  const options = { cwd: project.folder };
  const { code, stderr } = await launch(
    machine,
    ["serve", "--detach", ...args],
    programs,
    options,
  );
  assertEquals(code, 0, stderr);
  await launch(machine, ["stop"], programs, options);
  await assertNothingRan(machine);
});

test("claude-spread takes no note of a Deno to run from a project, and no note that others could have written", async (machine) => {
  const project = await Repository.make(machine.path("project"));
  await hostilePrograms(`${machine.folder}/hostile`);
  const hostile = `${machine.folder}/hostile/deno`;
  const writeNote = async (state: string, downloads: string) => {
    const note = noteIn(state);
    await Deno.mkdir(note.replace(/\/ready$/, ""), { recursive: true });
    await Deno.writeTextFile(note, `${hostile}\n${downloads}\n`);
  };
  const folder = `${project.folder}/.settings`;
  await Deno.mkdir(`${folder}/npm`, { recursive: true });
  // As it was before, in the folder of downloads.
  const old = `${folder}/claude-spread${root}`;
  await Deno.mkdir(old, { recursive: true });
  await Deno.writeTextFile(`${old}/ready`, `${hostile}\n`);
  await writeNote(folder, denoFolder);
  await writeNote(`${machine.folder}/state`, folder);
  const settings: Record<string, string>[] = [
    { DENO_DIR: folder },
    { DENO_DIR: ".settings" },
    { XDG_STATE_HOME: folder },
    { XDG_STATE_HOME: ".settings" },
    { DENO_INSTALL: folder },
  ];
  await hostilePrograms(`${folder}/bin`);
  for (const place of [".cache", "Library/Caches"]) {
    await Deno.mkdir(`${machine.folder}/home/${place}`, { recursive: true });
    await Deno.symlink(denoFolder, `${machine.folder}/home/${place}/deno`);
  }
  for (const env of settings) {
    const options = { cwd: project.folder, env };
    const ended = await launch(machine, ["status"], PROGRAMS, options);
    assertEquals([ended.code, ended.stderr], [0, NOTHING], JSON.stringify(env));
  }
  await assertNothingRan(machine);
});

test("claude-spread keeps the note of the Deno to run to its user", async (machine) => {
  await launch(machine, ["status"], PROGRAMS);
  const note = noteIn(`${machine.folder}/state`);
  const { mode } = await Deno.stat(note);
  assertEquals(mode! & 0o777, 0o600);
  assertEquals(
    await Deno.readTextFile(note),
    `${PROGRAMS.split(":")[0]}/deno\n${denoFolder}\n`,
  );
});

test("claude-spread runs in a folder that holds the home or the system's programs", async (machine) => {
  for (const cwd of ["/", "/usr", machine.folder, `${machine.folder}/home`]) {
    const ended = await launch(machine, ["status"], PROGRAMS, { cwd });
    assertEquals([ended.code, ended.stderr], [0, NOTHING], cwd);
  }
  // The home behind a link, and a shell that went there without it.
  const link = `${machine.folder}/link`;
  await Deno.symlink(machine.home, link);
  const env = { HOME: link, XDG_STATE_HOME: "", PWD: machine.home };
  const options = { cwd: machine.home, env };
  const ended = await launch(machine, ["status"], PROGRAMS, options);
  assertEquals([ended.code, ended.stderr], [0, NOTHING]);
  const note = noteIn(stateFolder({ HOME: machine.home }));
  assert((await Deno.stat(note)).isFile);
});
