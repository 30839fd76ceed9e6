/**
 * The launcher's tables: they are as `deno task launcher` makes them, and what it makes of tables.
 *
 * @module
 */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Command } from "../scripts/cli/commands.ts";
import { cmdTable, shTable } from "./launcher.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);

const MADE = ["scripts/launcher/commands.sh", "bin/claude-spread.cmd"];

/** Copies what is made, changes it, and runs the tool there. */
async function run(
  change: (folder: string) => Promise<void>,
  ...flags: string[]
): Promise<{ code: number; stderr: string; texts: string[] }> {
  const folder = await Deno.makeTempDir({ prefix: "cs-launcher-" });
  for (const path of MADE) {
    await Deno.mkdir(`${folder}/${path.replace(/\/[^/]*$/, "")}`, {
      recursive: true,
    });
    await Deno.copyFile(`${root}/${path}`, `${folder}/${path}`);
  }
  await change(folder);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-read", "--allow-write", `--config=${root}/deno.json`],
      ...[`${root}/tools/launcher.ts`, ...flags, folder],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const texts = await readMade(folder);
  await Deno.remove(folder, { recursive: true });
  return { code, stderr: new TextDecoder().decode(stderr), texts };
}

function readMade(folder: string): Promise<string[]> {
  return Promise.all(
    MADE.map((path) => Deno.readTextFile(`${folder}/${path}`)),
  );
}

Deno.test("launcher.ts --check finds nothing in what is made", async () => {
  const { code, stderr } = await run(() => Promise.resolve(), "--check");
  assertEquals([code, stderr], [0, ""]);
});

for (
  const [path, from, to] of [
    ["scripts/launcher/commands.sh", "--relay", "--rely"],
    ["bin/claude-spread.cmd", "--allow-net ", "--allow-net=127.0.0.1 "],
  ] as const
) {
  Deno.test(`launcher.ts --check names ${path}, when it differs, and launcher.ts mends it`, async () => {
    const edit = async (folder: string) => {
      const text = await Deno.readTextFile(`${folder}/${path}`);
      await Deno.writeTextFile(`${folder}/${path}`, text.replace(from, to));
    };
    const { code, stderr } = await run(edit, "--check");
    assertEquals(
      [code, stderr],
      [1, `${path} differs: run deno task launcher\n`],
    );
    const { texts } = await run(edit);
    assertEquals(texts, await readMade(root));
  });
}

const COMMAND: Command = {
  script: "scripts/x.ts",
  summary: "",
  operands: "",
  about: "",
  options: {},
  may: { env: ["state"] },
};

Deno.test("shTable() refuses a command that has two options of one kind of path", () => {
  const option = { help: "", value: "folder" } as const;
  const options = { output: option, log: option };
  assertThrows(
    () => shTable({ x: { ...COMMAND, options } }),
    TypeError,
    "x has two options of one rule: folder,folder",
  );
});

Deno.test("cmdTable() gives a word what its commands need together, and anything else what help needs", () => {
  const table = cmdTable({
    "x a": { ...COMMAND, may: { env: ["state"], net: "any" } },
    "x b": {
      ...COMMAND,
      may: { env: ["session"], run: ["git", "self"] },
      engine: "--y",
    },
    "help": { ...COMMAND, may: { env: [] } },
  });
  assertEquals(table.split("\r\n"), [
    'set "engine=--v8-flags=--single-threaded"',
    'set "may=--allow-env="',
    'if "%~1"=="x" set "may=--allow-net --allow-env=HOME,LOCALAPPDATA,XDG_STATE_HOME,CLAUDE_CODE_SESSION_ID"',
    'if "%~1"=="x" set "programs=--allow-run=git,%~f0"',
    'if "%~1"=="x" set "engine=--y"',
    "",
  ]);
});

Deno.test("claude-spread.cmd goes only to labels that it has", async () => {
  const text = await Deno.readTextFile(`${root}/bin/claude-spread.cmd`);
  const labels = [...text.matchAll(/^:(\w+)\r$/gm)].map(([, name]) => name);
  const called = [...text.matchAll(/\b(?:call|goto) :(\w+)/g)]
    .map(([, name]) => name);
  assertEquals([...new Set(called)].sort(), labels.sort());
  assertStringIncludes(text, "\r\nexit /b %errorlevel%\r\n");
});

// Fails when a project's settings could say, on Windows, what only the launcher for sh finds out.
Deno.test("claude-spread.cmd takes away the variables in which that for sh tells a command something", async () => {
  const folder = `${root}/scripts/launcher`;
  const parts = [...Deno.readDirSync(folder)].map(({ name }) =>
    Deno.readTextFileSync(`${folder}/${name}`)
  );
  const told = parts.flatMap((text) => [
    ...text.matchAll(/\bexport CLAUDE_SPREAD_(\w+)=/g),
  ]).map(([, name]) => name!);
  const cmd = await Deno.readTextFile(`${root}/bin/claude-spread.cmd`);
  const [, names = ""] =
    /for %%I in \(([^)]*)\) do set "CLAUDE_SPREAD_%%I="/.exec(cmd) ?? [];
  assertEquals(names.split(" ").sort(), told.sort());
});

// Fails when a command on Windows keeps a variable that the launcher for sh takes away.
Deno.test("claude-spread.cmd takes away the variables that the launcher for sh does", async () => {
  const read = (name: string) => Deno.readTextFile(`${root}/bin/${name}`);
  const [sh, cmd] = [
    await read("claude-spread"),
    await read("claude-spread.cmd"),
  ];
  const names = [...sh.matchAll(/^unset ([A-Z][A-Z0-9_ ]*)$/gm)]
    .flatMap(([, list]) => list!.split(" "));
  const taken = [
    ...[...cmd.matchAll(/^for %%I in \(([^)]*)\) do set "%%I="\r$/gm)]
      .flatMap(([, list]) => list!.split(" ")),
    ...[...cmd.matchAll(/^set "(\w+)="\r$/gm)].map(([, name]) => name!),
  ];
  assertEquals(names.includes("GIT_DIR"), true);
  assertEquals(names.filter((name) => !taken.includes(name)), []);
});
