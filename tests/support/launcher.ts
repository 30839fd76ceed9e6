/**
 * `bin/claude-spread` as a process, with another Deno behind it or the real one.
 *
 * @module
 */

import { Machine } from "./machine.ts";
import { environment } from "./environment.ts";
import { type Event, parseEvents } from "./output.ts";
import { root } from "./places.ts";

/** How it ended, and what it printed. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
  /** The JSON lines of `stdout`. */
  events: Event[];
}

/** How it is started; all of it may be left out. */
export interface LaunchOptions {
  /** More variables; an empty one is taken away. */
  env?: Record<string, string>;
  /** The folder of the plugin. */
  plugin?: string;
  /** Its whole standard input. */
  stdin?: string | Uint8Array;
  /** Its folder; the work folder by default. */
  cwd?: string;
  /** The shell that runs it, with its arguments; by default the system's. */
  shell?: string[];
}

/**
 * Runs the launcher to its end, on a machine that has `programs` (folders) before those of
 * the system, and what Deno needs downloaded already.
 */
export async function launch(
  machine: Machine,
  args: string[],
  programs: string,
  { env = {}, plugin = root, stdin, cwd = machine.path("."), shell = [] }:
    LaunchOptions = {},
): Promise<Result> {
  const [program, ...rest] = [...shell, `${plugin}/bin/claude-spread`, ...args];
  const child = new Deno.Command(program!, {
    args: rest,
    cwd,
    clearEnv: true,
    env: environment(machine, { PATH: programs, ...env }),
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    await new Blob([typeof stdin === "string" ? stdin : new Uint8Array(stdin)])
      .stream().pipeTo(child.stdin);
  }
  const output = await child.output();
  const [stdout, stderr] = [output.stdout, output.stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  return {
    code: output.code,
    stdout: stdout!,
    stderr: stderr!,
    events: parseEvents(stdout!),
  };
}

/** Tests what the launcher does on a machine; it is a shell script, which Windows does not start. */
export function testOnMachine(
  name: string,
  body: (machine: Machine) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using machine = await Machine.make();
      await body(machine);
    },
  });
}

/** A folder with a program, before those of the system; it is not in the work folder. */
export async function withProgram(
  machine: Machine,
  name: string,
  script: string,
): Promise<string> {
  const folder = `${machine.folder}/fake ${name}`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${script}\n`, {
    mode: 0o755,
  });
  return `${folder}:/usr/bin:/bin`;
}

/** A Deno that prints its arguments, each with a NUL at its end, once it has been asked for its version. */
export function withPrintingDeno(
  machine: Machine,
  version = "2.9.6",
): Promise<string> {
  return withProgram(
    machine,
    "deno",
    `echo "$1" >>"$HOME/calls"
case $1 in
--version) echo "deno ${version} (stable, release, x86_64-unknown-linux-gnu)" ;;
cache) mkdir -p "\${DENO_DIR:-$HOME/.cache/deno}/npm" ;;
*) printf "%s\\0" "$@" ;;
esac`,
  );
}

/** A copy of what is installed of the plugin, in a folder of another name. */
export async function copyPlugin(
  machine: Machine,
  name: string,
): Promise<string> {
  const folder = machine.path(name);
  await Deno.mkdir(folder);
  const parts = ["bin", "lib", "relay", "scripts", "skills", "std"];
  const files = ["deno.json", "deno.lock"];
  const { success } = await new Deno.Command("cp", {
    args: [
      "-R",
      ...[...parts, ...files].map((part) => `${root}/${part}`),
      folder,
    ],
  }).output();
  if (!success) throw new Error(`Cannot copy the plugin to "${folder}"`);
  return folder;
}
