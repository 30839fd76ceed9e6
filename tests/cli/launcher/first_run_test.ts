/**
 * `bin/claude-spread` on machines where it has not run yet: what it runs on, where that comes
 * from, and what it says when it cannot be had.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Machine } from "../../support/machine.ts";
import { PROGRAMS } from "../../support/environment.ts";
import {
  copyPlugin,
  launch,
  type Result,
  testOnMachine,
  withPrintingDeno,
  withProgram,
} from "../../support/launcher.ts";
import { denoFolder, root } from "../../support/places.ts";

/** Nothing listens there: as good as no network. */
const NO_NETWORK = {
  HTTPS_PROXY: "http://127.0.0.1:9",
  HTTP_PROXY: "http://127.0.0.1:9",
  npm_config_fetch_retries: "0",
};

function test(name: string, body: (machine: Machine) => Promise<void>): void {
  testOnMachine(`claude-spread ${name}`, body);
}

/** Checks that it ended by itself, with one line for a person and nothing else. */
function assertOneLine(result: Result, code: number, words: RegExp): void {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  assertMatch(result.stderr, /^claude-spread: [^\n]+\n$/);
  assertMatch(result.stderr, words);
}

function assertMatch(text: string, pattern: RegExp): void {
  assert(pattern.test(text), `${text} does not match ${pattern}`);
}

/** A folder of programs that has none of those named. */
async function without(machine: Machine, ...names: string[]): Promise<string> {
  const folder = `${machine.folder}/few programs`;
  await Deno.mkdir(folder);
  for (const program of ["sh", "mkdir", "readlink", "node", "npx", "env"]) {
    if (names.includes(program)) continue;
    const found = Deno.env.get("PATH")!.split(":")
      .map((path) => `${path}/${program}`)
      .find((path) => {
        try {
          return Deno.statSync(path).isFile;
        } catch {
          return false;
        }
      });
    if (found === undefined) continue;
    await Deno.symlink(found, `${folder}/${program}`);
  }
  return folder;
}

/** Calls of the fake Deno, in turn. */
async function calls(machine: Machine): Promise<string[]> {
  const text = await Deno.readTextFile(`${machine.folder}/home/calls`);
  return text.trimEnd().split("\n");
}

/** A folder for downloads, which is not part of a project. */
function downloads(machine: Machine): string {
  return `${machine.folder}/downloads`;
}

/** Downloads of another machine, without the note that they are there. */
async function downloaded(machine: Machine): Promise<Record<string, string>> {
  const folder = downloads(machine);
  await Deno.mkdir(folder);
  await Deno.symlink(`${denoFolder}/npm`, `${folder}/npm`);
  return { DENO_DIR: folder };
}

test("says in one line how to get Deno, when there is neither Deno nor Node", async (machine) => {
  const programs = await without(machine, "npx", "node");
  const env = { DENO_DIR: downloads(machine) };
  assertOneLine(
    await launch(machine, ["status"], programs, { env }),
    127,
    /cannot find Deno 2\.9 or newer: install Deno \(https:\/\/deno\.com\) or Node \(https:\/\/nodejs\.org\)/,
  );
});

test("says that Deno is too old, when there is no Node", async (machine) => {
  const fake = await withPrintingDeno(machine, "2.8.3");
  const few = await without(machine, "npx", "node");
  const programs = fake.replace(/:.*/, `:${few}`);
  const env = { DENO_DIR: downloads(machine) };
  assertOneLine(
    await launch(machine, ["status"], programs, { env }),
    127,
    /cannot find Deno 2\.9 or newer \(".*fake deno\/deno" is older\): install Deno/,
  );
});

for (const version of ["2.8.3", "1.46.3", "nonsense", ""]) {
  test(`takes the Deno of npx, when the other is of version "${version}"`, async (machine) => {
    const fake = await withPrintingDeno(machine, version);
    const npx = await withProgram(
      machine,
      "npx",
      `echo "npx $2" >>"$HOME/calls"
echo 'npm warn something = else' >&2
echo "deno=${Deno.execPath()}"
echo 'npm notice New minor version' >&2`,
    );
    const programs = `${fake.replace(/:.*/, "")}:${npx}`;
    const env = await downloaded(machine);
    for (const _run of ["first", "second"]) {
      const result = await launch(machine, ["status"], programs, {
        env: { ...env, ...NO_NETWORK },
      });
      assertEquals(
        [result.code, result.stderr],
        [0, "spread: nothing is shared\n"],
      );
    }
    // The second run knows where it is.
    assertEquals(await calls(machine), ["--version", "npx deno@2.9.6"]);
  });
}

for (const version of ["2.9.0", "2.10.1", "3.0.0", "2.9.7-rc.1"]) {
  test(`takes Deno ${version}`, async (machine) => {
    const programs = await withPrintingDeno(machine, version);
    const env = { DENO_DIR: downloads(machine) };
    const { code, stdout } = await launch(machine, ["status"], programs, {
      env,
    });
    assertEquals(code, 0);
    assert(stdout.includes("scripts/status.ts"), stdout);
  });
}

test("looks for Deno and its downloads once, and again when either is another", async (machine) => {
  const programs = await withPrintingDeno(machine);
  const deno = `${programs.split(":")[0]}/deno`;
  const env = { DENO_DIR: downloads(machine) };
  const run = () => launch(machine, ["status"], programs, { env });
  // File times are compared; those of a moment ago count as newer.
  const past = new Date(Date.now() - 60_000);
  await Deno.utime(deno, past, past);
  await run();
  await run();
  const first = ["--version", "cache", "run"];
  assertEquals(await calls(machine), [...first, "run"]);
  const soon = new Date(Date.now() + 60_000);
  await Deno.utime(deno, soon, soon);
  await run();
  assertEquals(await calls(machine), [...first, "run", ...first]);
});

test("works without a network, once everything is there, for every sub-command", async (machine) => {
  const env = { ...await downloaded(machine), ...NO_NETWORK };
  for (const command of ["status", "serve", "receive", "stop"]) {
    const args = [command, "--help"];
    const result = await launch(machine, args, PROGRAMS, { env });
    assertEquals([result.code, result.stderr], [0, ""]);
    assert(result.stdout.includes("Usage:"), result.stdout);
  }
});

test("says in one line that it cannot download, when there is no network", async (machine) => {
  const env = { DENO_DIR: downloads(machine), ...NO_NETWORK };
  for (const command of ["status", "serve"]) {
    assertOneLine(
      await launch(machine, [command], PROGRAMS, { env }),
      5,
      /cannot download Deno or its modules \(needed once\): error sending request for url/,
    );
  }
  // Nothing pretends to be there.
  const tree = await machine.works();
  assertEquals(tree.filter((path) => path.endsWith("/ready")), []);
});

test("says in one line that it cannot download Deno, when there is Node and no network", async (machine) => {
  const programs = await without(machine, "deno");
  const env = {
    DENO_DIR: downloads(machine),
    npm_config_prefix: machine.path("npm"),
    ...NO_NETWORK,
  };
  assertOneLine(
    await launch(machine, ["status"], programs, { env }),
    5,
    /cannot download Deno or its modules \(needed once\): .*ECONNREFUSED/,
  );
});

test("runs no Deno that the project brings, when there is Node", async (machine) => {
  const programs = await without(machine, "deno");
  const brought = machine.path("node_modules/deno");
  await Deno.mkdir(brought, { recursive: true });
  await machine.write(
    "node_modules/deno/package.json",
    JSON.stringify({ name: "deno", version: "2.9.6", bin: "deno.sh" }),
  );
  await Deno.writeTextFile(`${brought}/deno.sh`, '#!/bin/sh\n>"$HOME/ran"\n', {
    mode: 0o755,
  });
  await Deno.mkdir(machine.path("node_modules/.bin"));
  await Deno.symlink(
    `${brought}/deno.sh`,
    machine.path("node_modules/.bin/deno"),
  );
  const env = {
    DENO_DIR: downloads(machine),
    npm_config_prefix: machine.path("npm"),
    ...NO_NETWORK,
  };
  // The folder's own commands, by way of PATH or of npx.
  for (const path of [programs, `node_modules/.bin:${programs}`]) {
    assertOneLine(
      await launch(machine, ["status"], path, { env }),
      5,
      /cannot download Deno or its modules/,
    );
  }
  const home = await Array.fromAsync(Deno.readDir(`${machine.folder}/home`));
  assert(!home.some(({ name }) => name === "ran"), "the project's Deno ran");
});

test("is no part of a project around it", async (machine) => {
  const plugin = await copyPlugin(machine, "plugin");
  await machine.write("package.json", '{"workspaces":["plugin"]}');
  const env = await downloaded(machine);
  const { code, stderr } = await launch(machine, ["status"], PROGRAMS, {
    plugin,
    env: { ...env, ...NO_NETWORK },
  });
  assertEquals([code, stderr], [0, "spread: nothing is shared\n"]);
});

test("says in one line that it has no place for downloads", async (machine) => {
  const inTheWay = `${machine.folder}/in the way`;
  await Deno.writeTextFile(inTheWay, "");
  assertOneLine(
    await launch(machine, ["status"], PROGRAMS, {
      env: { DENO_DIR: `${inTheWay}/deno` },
    }),
    6,
    /cannot store Deno and its modules in ".*\/in the way\/deno": check the folder/,
  );
});

test("writes nothing into the folder of the plugin", async (machine) => {
  const plugin = await copyPlugin(machine, "plugin");
  const snapshot = async () => {
    const { stdout } = await new Deno.Command("find", {
      args: [plugin, "-newer", machine.path("before")],
    }).output();
    return new TextDecoder().decode(stdout);
  };
  await new Deno.Command("find", {
    args: [plugin, "-exec", "touch", "-d", "2020-01-01", "{}", "+"],
  }).output();
  await machine.write("before", "");
  await machine.write("a.md", "# a\n");
  const env = await downloaded(machine);
  const shared = await launch(
    machine,
    ["serve", "--detach", "--interface", "127.0.0.1", "pass", "a.md"],
    PROGRAMS,
    { plugin, env },
  );
  assertEquals(shared.code, 0, shared.stderr);
  await launch(machine, ["stop"], PROGRAMS, { plugin, env });
  assertEquals(await snapshot(), "");
});

test("says which folder it cannot write to, when the state folder is closed", async (machine) => {
  await machine.write("a.md", "# a\n");
  await Deno.writeTextFile(`${machine.folder}/home/state`, "in the way");
  const env = { XDG_STATE_HOME: `${machine.folder}/home/state` };
  const args = ["--json", "--interface", "127.0.0.1", "pass", "a.md"];
  const { code, stdout } = await launch(
    machine,
    ["serve", "--detach", "--remove-file", ...args],
    PROGRAMS,
    { env },
  );
  const failed = JSON.parse(stdout);
  assertEquals([code, failed.error], [6, "CANNOT_STORE"]);
  assertEquals(
    failed.message,
    `Cannot write to "${env.XDG_STATE_HOME}/claude-spread/shares": part of its path is not a folder`,
  );
  assertEquals(await Deno.readTextFile(machine.path("a.md")), "# a\n");
});

test("runs on a machine without a home folder, and says what it cannot do there", async (machine) => {
  const env = { HOME: "", XDG_STATE_HOME: "" };
  const { code, stderr } = await launch(machine, ["status"], PROGRAMS, { env });
  assertEquals(code, 2);
  assertMatch(
    stderr,
    /Cannot find a place to keep files: the home folder is not set/,
  );
  await assertNothingAtRoot();
});

// Breaks when the search for the folders around another goes on where no slash is left; the limit
// is on processor time.
test("notes its Deno where the path of the state folder begins with a drive, as in Git Bash", async (machine) => {
  const programs = await withPrintingDeno(machine);
  const usual = "C:\\Users\\u";
  const env = { OS: "Windows_NT", LOCALAPPDATA: usual, XDG_STATE_HOME: "" };
  const shell = ["/bin/sh", "-c", 'ulimit -t 10; exec "$@"', "sh"];
  const options = { env, shell };
  const { code, stderr } = await launch(machine, ["status"], programs, options);
  assertEquals([code, stderr], [0, ""]);
  const note = machine.path(`${usual}/claude-spread/deno${root}/ready`);
  assert((await Deno.stat(note)).isFile);
});

/** A path that begins with an empty home must not be used. */
async function assertNothingAtRoot(): Promise<void> {
  for (const name of [".cache", ".local"]) {
    const isThere = await Deno.stat(`/${name}`).then(() => true, () => false);
    assert(!isThere, `/${name} was made`);
  }
}

Deno.test("the launchers take the version of Deno that the rest of the project names", async () => {
  const versionIn = async (path: string, pattern: RegExp) =>
    pattern.exec(await Deno.readTextFile(`${root}/${path}`))?.[1];
  const version = await versionIn(".ci/run", /^deno_version=(\S+)$/m);
  assertEquals(
    await versionIn("scripts/launcher/deno.sh", /^deno_version=(\S+)$/m),
    version,
  );
  assertEquals(
    await versionIn("bin/claude-spread.cmd", /npx --yes deno@(\S+) eval/),
    version,
  );
});
