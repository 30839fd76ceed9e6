/**
 * `bin/claude-spread`: what Claude and people run.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { uniquePassphrase } from "./_checks.ts";
import { Machine } from "./_cli.ts";
import { permissions, type Script, scriptPath } from "./_running.ts";

const bin = `${import.meta.dirname}/../../bin/claude-spread`;

/** Runs the command with another program behind it. */
function command(machine: Machine, args: string[], path: string): Deno.Command {
  return new Deno.Command("/bin/sh", {
    args: [bin, ...args],
    cwd: machine.path("."),
    clearEnv: true,
    env: { HOME: machine.path("a home"), PATH: path },
  });
}

/** A folder with a program `deno` that prints its arguments, one a line. */
async function fakeDeno(machine: Machine): Promise<string> {
  const folder = machine.path("fake bin");
  await Deno.mkdir(folder);
  const script = '#!/bin/sh\nprintf "%s\\n" "$@"\n';
  await Deno.writeTextFile(`${folder}/deno`, script, { mode: 0o755 });
  return `${folder}:/usr/bin:/bin`;
}

const SCRIPTS: Script[] = [
  "serve",
  "receive",
  "status",
  "stop",
  "bundle",
  "install",
];

for (const script of SCRIPTS) {
  Deno.test({
    name:
      `claude-spread ${script} runs with the permissions that are tested, and the arguments as they are`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using machine = await Machine.make();
      const typed = ["two  words", "$(id)", '"', "--", "-x", ""];
      const path = await fakeDeno(machine);
      const { stdout } = await command(machine, [script, ...typed], path)
        .output();
      const args = new TextDecoder().decode(stdout).split("\n").slice(0, -1);
      const end = args.findIndex((arg) =>
        arg.endsWith(`/${scriptPath(script)}`)
      );
      assertEquals(args.slice(end + 1), typed);
      const granted = args.slice(0, end).filter((arg) =>
        arg.startsWith("--al")
      );
      // Which of the person's files are meant is not known there.
      const tested = permissions(script, "").map((flag) =>
        flag.replace(/=$/, "")
      );
      // Starting itself, for shares that go on by themselves, is tested apart.
      const itself = await Deno.realPath(bin);
      const without = granted.map((flag) =>
        flag.replace(/^(--allow-run=git),.*$/, (run, git) => {
          assertEquals(run, `${git},${itself}`);
          return git;
        })
      );
      assertEquals(without.sort(), tested.sort());
      assertEquals(args.includes("--no-prompt"), true);
    },
  });
}

const KEEPS: [what: string, env: Record<string, string>, writes: string][] = [
  [
    "the home folder",
    { HOME: "/the home" },
    "=/the home/.claude/projects,/the home/.local/state/claude-spread",
  ],
  [
    "folders that are named",
    { HOME: "/h", CLAUDE_CONFIG_DIR: "/c", XDG_STATE_HOME: "/s" },
    "=/c/projects,/s/claude-spread",
  ],
  ["whatever they are, when Deno cannot be told", { HOME: "/a,b" }, ""],
];

for (const [what, env, writes] of KEEPS) {
  Deno.test({
    name:
      `claude-spread sessions may write where sessions are kept and nowhere else, by ${what}`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using machine = await Machine.make();
      const { stdout } = await new Deno.Command("/bin/sh", {
        args: [bin, "sessions", "list", "--all"],
        clearEnv: true,
        env: { ...env, PATH: await fakeDeno(machine) },
      }).output();
      const args = new TextDecoder().decode(stdout).split("\n").slice(0, -1);
      const granted = args.filter((arg) => arg.startsWith("--allow"));
      const [, , ...others] = permissions("sessions", "");
      assertEquals(granted, [
        "--allow-read",
        `--allow-write${writes}`,
        ...others,
      ]);
      assertEquals(args.slice(-2), ["list", "--all"]);
    },
  });
}

Deno.test({
  name: "claude-spread explains itself, when there is no such command",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const path = await fakeDeno(machine);
    for (const args of [[], ["nonsense"], ["--help"], ["serve.ts"]]) {
      const { code, stdout, stderr } = await command(machine, args, path)
        .output();
      assertEquals([code, stdout.length], [2, 0]);
      assertStringIncludes(
        new TextDecoder().decode(stderr),
        "usage: claude-spread serve|receive|status|stop",
      );
    }
  },
});

Deno.test({
  name:
    "claude-spread says what to install, when there is neither Deno nor Node",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const folder = machine.path("few");
    await Deno.mkdir(folder);
    await Deno.symlink("/usr/bin/dirname", `${folder}/dirname`);
    const { code, stderr } = await command(machine, ["serve", "pass"], folder)
      .output();
    assertEquals(code, 127);
    assertStringIncludes(new TextDecoder().decode(stderr), "https://deno.com");
  },
});

Deno.test({
  name:
    "claude-spread hands over, from a folder and a home with blanks in their names",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const passphrase = uniquePassphrase();
    const file = await machine.write("my notes.md", "Body");
    const via = (script: string) => [
      "sh",
      "-c",
      // Leaves out what the test would have run, up to the script.
      `while [ "\${1%/scripts/${script}.ts}" = "$1" ]; do shift; done; shift
       HOME="$HOME/a home" && export HOME && exec "$0" ${script} "$@"`,
      bin,
    ];
    await using sharing = await machine.share([passphrase, file], {
      via: via("serve"),
      env: { XDG_STATE_HOME: "" },
    });
    const received = await machine.run(
      "receive",
      [passphrase, sharing.address],
      { via: via("receive"), env: { XDG_STATE_HOME: "" } },
    );
    assertEquals(
      [received.code, received.text],
      [0, "Body\n"],
      received.stderr,
    );
  },
});
