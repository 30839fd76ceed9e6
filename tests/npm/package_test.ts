/**
 * The npm package: what is in it, and that it works for people with Node and without Deno, from an
 * empty home, and without a network after the first run.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../scripts/cli/commands.ts";
import { PAGE } from "../../tools/manual.ts";
import { makePackage, pack, SCRIPTS } from "../../tools/npm.ts";
import { findReached } from "../../tools/npm/reached_modules.ts";
import { PROGRAMS } from "../support/environment.ts";
import { listFiles } from "../support/files.ts";
import { Loopback, whyNoLoopback } from "../support/isolation.ts";
import { launch, testOnMachine } from "../support/launcher.ts";
import { needing } from "../support/missing.ts";
import { Output, parseEvents } from "../support/output.ts";
import { root } from "../support/places.ts";
import { Person, type Result, skipWithout } from "./_people.ts";

const made = await Deno.realPath(
  await Deno.makeTempDir({ prefix: "cs-package-" }),
);
addEventListener("unload", () => Deno.removeSync(made, { recursive: true }));

const folder = `${made}/npm`;
await makePackage(folder);
const files = await listFiles(folder);
const NOTHING = "spread: nothing is shared\n";
const json = async (path: string) => JSON.parse(await Deno.readTextFile(path));

Deno.test("makePackage() leaves out tests, their kits and data, and what only the plugin has", () => {
  const others =
    /_test\.ts$|(^|\/)(testing|tests?|testdata|model|bench|demo|tools|hooks)\/|SKILL\.md$/;
  assertEquals(files.filter((path) => others.test(path)), []);
  const tops = new Set(files.map((path) => path.split("/")[0]!));
  assertEquals([...tops].toSorted(), [
    ...["LICENSE", "README.md", "bin", "deno.json", "deno.lock", "docs", "lib"],
    ...["package.json", "relay", "scripts", "skills", "std"],
  ]);
});

Deno.test("makePackage() puts all in that a command leads to", async () => {
  const reached = await findReached(folder, SCRIPTS);
  const missing = [...reached.files].filter((path) => !files.includes(path));
  assertEquals(missing, []);
  for (const { script } of Object.values(COMMANDS)) {
    assert(files.includes(script), script);
  }
  const parts = await listFiles(`${root}/scripts/launcher`);
  for (const part of parts) assert(files.includes(`scripts/launcher/${part}`));
  // Npm installs the manual page that is named so.
  const { man } = await json(`${folder}/package.json`);
  assertEquals(man, PAGE);
  assert(files.includes(PAGE));
});

Deno.test("makePackage() makes a lock file that is whole and has nothing else", async () => {
  const lock = await json(`${folder}/deno.lock`);
  for (const isFrozen of [true, false]) {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["cache", "--quiet", `--frozen=${isFrozen}`, "--config"],
        `${folder}/deno.json`,
        ...SCRIPTS.map((script) => `${folder}/${script}`),
      ],
      env: { DENO_NO_PACKAGE_JSON: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  }
  // Deno would have written what it misses, and left out what it does not need.
  assertEquals(await json(`${folder}/deno.lock`), lock);
  assertEquals((await json(`${folder}/deno.json`)).lock.frozen, true);
});

Deno.test("makePackage() takes what npm reads from where it stands already", async () => {
  const { version, license } = await json(`${root}/deno.json`);
  const text = await Deno.readTextFile(`${root}/.ci/run`);
  const deno = /^deno_version=(.*)$/m.exec(text)![1];
  const { scripts, ...fields } = await json(`${folder}/package.json`);
  assertEquals(scripts, undefined, "people would have to allow it");
  assertEquals(
    [fields.name, fields.version, fields.license, fields.dependencies],
    ["claude-spread", version, license, { deno }],
  );
  assertEquals(fields.bin, { "claude-spread": "bin/start.mjs" });
  assertEquals((await json(`${folder}/deno.json`)).version, version);
});

Deno.test("makePackage() has launchers as their shells read them", async () => {
  const cmd = await Deno.readTextFile(`${folder}/bin/claude-spread.cmd`);
  assertEquals(cmd.match(/(?<!\r)\n/g), null);
  assertEquals(
    (await Deno.readTextFile(`${folder}/bin/claude-spread`)).includes("\r"),
    false,
  );
});

Deno.test("npm.ts says that it cannot pack, and leaves the folder, where npm is missing", async () => {
  const into = `${made}/without npm`;
  const script = ["run", "--quiet", "-A", `${root}/tools/npm.ts`, into];
  const [program, ...args] = Deno.build.os === "windows"
    ? [Deno.execPath(), ...script]
    : ["/bin/sh", "-c", CLOSED, Deno.execPath(), ...script];
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    cwd: root,
    env: { PATH: made, NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals([code, new TextDecoder().decode(stdout)], [1, `${into}/npm\n`]);
  assertStringIncludes(text, "Cannot pack the package: ");
  assertEquals(await listFiles(`${into}/npm`), files);
  await assertModes(`${into}/npm`);
});

/** Starts a program whose files are its user's alone, if it does not say otherwise. */
const CLOSED = 'umask 077 && exec "$0" "$@"';

/** All may read the files, and start the launchers: detached shares start that for sh by itself. */
async function assertModes(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const programs = ["bin/claude-spread", "bin/start.mjs"];
  for (const path of files) {
    const { mode } = await Deno.stat(`${folder}/${path}`);
    const expected = programs.includes(path) ? 0o755 : 0o644;
    assertEquals(mode! & 0o7777, expected, path);
  }
}

testOnMachine(
  "the npm package takes no module or setting of the project that it is installed in",
  async (machine) => {
    const modules = machine.path("node_modules");
    await Deno.mkdir(`${modules}/valibot`, { recursive: true });
    const copy = ["-R", folder, `${modules}/claude-spread`];
    await new Deno.Command("cp", { args: copy }).output();
    const hostile = 'console.log("hostile");\n';
    await machine.write("node_modules/valibot/index.js", hostile);
    await machine.write("hostile.ts", hostile);
    const dependencies = { valibot: "0.0.1" };
    for (
      const [name, settings] of Object.entries({
        "node_modules/valibot/package.json": {
          name: "valibot",
          main: "index.js",
        },
        "package.json": { type: "commonjs", dependencies },
        "deno.json": {
          workspace: ["./a"],
          imports: { valibot: "./hostile.ts" },
          nodeModulesDir: "manual",
        },
      })
    ) await machine.write(name, JSON.stringify(settings));
    const options = { plugin: `${modules}/claude-spread` };
    for (const _run of ["first", "second"]) {
      const run = await launch(machine, ["status"], PROGRAMS, options);
      assertSaid(run, "", NOTHING);
      assertEquals(run.stdout, "");
    }
  },
);

// --- Installed -----------------------------------------------------------------------------------

/** Programs that a project brings, which leave a file in the home. */
async function bringPrograms(person: Person): Promise<void> {
  const modules = `${person.folder}/work/node_modules`;
  await Deno.mkdir(`${person.folder}/work/.git`);
  await Deno.mkdir(`${modules}/deno`, { recursive: true });
  for (
    const folder of [".bin", "@deno/linux-x64-glibc", "@deno/darwin-arm64"]
  ) {
    await Deno.mkdir(`${modules}/${folder}`, { recursive: true });
    await Deno.writeTextFile(
      `${modules}/${folder}/deno`,
      '#!/bin/sh\n>"$HOME/ran"\necho "deno 2.9.6"\n',
      { mode: 0o755 },
    );
  }
  const settings = '{"imports":{"valibot":"./hostile.ts"},"workspace":["a"]}';
  await Deno.writeTextFile(`${person.folder}/work/deno.json`, settings);
  const dependencies = '{"dependencies":{"valibot":"0.0.1"},"type":"commonjs"}';
  await Deno.writeTextFile(`${person.folder}/work/package.json`, dependencies);
}

function assertSaid(result: Result, stdout: string, stderr: string): void {
  assertEquals([result.code, result.stderr], [0, stderr]);
  assertStringIncludes(result.stdout, stdout);
}

/** The Deno that the launcher has noted for later. */
async function notedDeno({ home }: Person): Promise<string> {
  const notes = (await listFiles(home)).filter((path) =>
    path.endsWith("/ready")
  );
  assertEquals(notes.length, 1);
  const text = await Deno.readTextFile(`${home}/${notes[0]}`);
  return text.split("\n")[0]!;
}

/** Shares from one person to the other, by a share in front that ends by itself. */
async function handOver(from: Person, to: Person): Promise<void> {
  const keep = ["--interface", "127.0.0.1"];
  await Deno.writeTextFile(`${from.folder}/work/a.md`, "# a\n");
  const share = from.start([
    ...[...from.command, "serve", "--once", "--json", "--generate", ...keep],
    "a.md",
  ]);
  const [stdout, stderr] = [new Output(share.stdout), new Output(share.stderr)];
  const ready = await stdout.until(
    "its words",
    (text) => parseEvents(text).find(({ event }) => event === "ready"),
    stderr,
  );
  const [address] = ready.addresses as string[];
  const received = await to.spread(
    ...["receive", ...keep, "--output", "b.md", String(ready.invite), address!],
  );
  assertEquals(received.code, 0, received.stderr);
  assertEquals(await Deno.readTextFile(`${to.folder}/work/b.md`), "# a\n");
  assertEquals((await share.status).code, 0);
  await Promise.all([stdout.whole, stderr.whole]);
}

Deno.test({
  name:
    "the npm package hands over between a home where it is installed and one where npx runs it, without a network after the first run",
  ...Deno.build.os === "windows"
    ? { ignore: true }
    : needing("node", "npm", "npx"),
  fn: async () => {
    const tarball = await pack(folder, made);
    await using installer = await Person.make((folder) => [
      `${folder}/prefix/bin/claude-spread`,
    ]);
    const npx = ["--yes", "--package", tarball, "claude-spread"];
    await using visitor = await Person.make(() => ["npx", ...npx]);
    const prefix = `${installer.folder}/prefix`;
    const line = ["npm", "install", "--global", "--prefix", prefix, tarball];
    if (skipWithout(await installer.run(line))) return;
    const modules = `${prefix}/lib/node_modules/claude-spread/node_modules`;
    const installed = await listFiles(modules.replace(/\/node_modules$/, ""));
    assertEquals(
      installed.filter((path) => !path.startsWith("node_modules/")),
      files,
    );
    // As npm leaves it where scripts of packages are off.
    await Deno.remove(`${modules}/deno/deno`).catch(() => {});
    await bringPrograms(installer);

    const run = await installer.spread("status");
    if (skipWithout(run)) return;
    assertSaid(run, "", NOTHING);
    assertStringIncludes(await notedDeno(installer), `${prefix}/lib/`);
    const first = await visitor.spread("status");
    assertEquals([first.code, first.stderr.split("\n").at(-2)], [
      0,
      NOTHING.trim(),
    ]);
    assertStringIncludes(await notedDeno(visitor), "/cache/_npx/");

    await using loopback = await whyNoLoopback() === null
      ? await Loopback.make()
      : null;
    installer.via = visitor.via = loopback?.via ?? [];
    visitor.command.splice(1, 0, "--offline");
    const { version } = await json(`${root}/deno.json`);
    const says = `claude-spread ${version}\n`;
    assertSaid(await installer.spread("--version"), says, "");
    assertSaid(await installer.spread("help", "receive"), "Usage: ", "");
    await handOver(installer, visitor);
    await handOver(visitor, installer);
    await shareDetached(installer);
    const names = (await listFiles(installer.home)).map((path) =>
      path.split("/")[0]
    );
    assert(!names.includes("ran"), "a program of the project ran");
  },
});

/** A share that goes on by itself starts the launcher again. */
async function shareDetached(person: Person): Promise<void> {
  const keep = ["--interface", "127.0.0.1"];
  const args = [
    "serve",
    "--detach",
    "--json",
    ...keep,
    "words of mine",
    "a.md",
  ];
  await Deno.writeTextFile(`${person.folder}/work/a.md`, "# a\n");
  assertSaid(await person.spread(...args), '"event":"ready"', "");
  assertSaid(await person.spread("status", "--json"), '"delivered":0', "");
  assertEquals((await person.spread("stop")).code, 0);
}
