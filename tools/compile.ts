/**
 * Builds the one command (`scripts/claude_spread.ts`) for every platform, into `dist/`.
 *
 * Deno downloads its runtime for each platform from dl.deno.land and puts it in front of our
 * modules. A platform whose runtime cannot be downloaded is skipped and reported. `DENORT_BIN`
 * names a local runtime for this platform; it counts for no other. The program for this platform
 * is started once, because Deno takes any file for its runtime.
 *
 * Usage: `deno task compile [TARGET …]`. Exits 0 when every target was built, 1 when some could
 * not be, 2 for an unknown target or a `DENORT_BIN` that is not a file.
 *
 * @module
 */

import { COMMANDS } from "../scripts/cli/commands.ts";
import { envAndSysFlags } from "../scripts/cli/grants.ts";
import { removeIfThere } from "./paths.ts";

/** All target platforms, by Deno's names. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
];

/**
 * The permissions of all commands together; `bin/claude-spread` gives each its own.
 *
 * At build time it is not known which files the arguments will name and which computers the user
 * will share with. Nor is the path of the program, which a detached share starts again: hence
 * permission to run any program. Each command gives up what it does not need.
 */
export const PERMISSIONS = [
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-run",
  ...envAndSysFlags(Object.values(COMMANDS)),
];

/** Arguments with which Deno builds one target. */
export function compileArgs(target: string, output: string): string[] {
  return [
    "compile",
    "--frozen",
    "--no-prompt",
    // `deno task ok` does that, once instead of for each target.
    "--no-check",
    // The lock file also has the packages of tests and benchmarks.
    "--exclude-unused-npm",
    `--target=${target}`,
    `--output=${output}`,
    ...PERMISSIONS,
    "scripts/claude_spread.ts",
  ];
}

/** Output path of a target. */
export function outputPath(target: string): string {
  return `dist/claude-spread-${target}${
    target.includes("windows") ? ".exe" : ""
  }`;
}

/**
 * URL of a runtime that could not be downloaded; `null` when the build failed for another reason.
 *
 * @param stderr Error output of Deno.
 */
export function findMissingRuntime(stderr: string): string | null {
  if (!stderr.includes("Setting up base binary")) return null;
  return /https:\/\/dl\.deno\.land\/\S+\.zip/.exec(stderr)?.[0] ?? null;
}

/**
 * @returns The report on the target, and whether it was built.
 * @throws {Error} When every target would fail.
 */
async function build(target: string): Promise<[words: string, built: boolean]> {
  const output = outputPath(target);
  const isOurs = target === Deno.build.target;
  const { DENORT_BIN: runtime, ...env } = Deno.env.toObject();
  if (isOurs && runtime !== undefined) env.DENORT_BIN = runtime;
  // An earlier one is not to be taken for this one, should this fail.
  await removeIfThere(output);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArgs(target, output),
    clearEnv: true,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (!success) {
    const problem = new TextDecoder().decode(stderr);
    return [whyNot(problem, isOurs ? runtime : undefined), false];
  }
  if (!isOurs || await isProgram(output)) return [output, true];
  await Deno.remove(output);
  const doubt = runtime === undefined
    ? ""
    : `; DENORT_BIN names "${runtime}": is that Deno's runtime for programs?`;
  return [`not built: it does not start${doubt}`, false];
}

/** @throws {Error} When every target would fail. */
function whyNot(stderr: string, runtime: string | undefined): string {
  if (runtime !== undefined && /^error: Writing /m.test(stderr)) {
    const [causes = ""] = stderr.split("Caused by:").slice(1);
    const why = [...causes.matchAll(/^ +\d+: ([^<].*)$/gm)]
      .map(([, cause]) => cause).join(": ");
    return `not built: DENORT_BIN names "${runtime}", which Deno cannot use: ${why}`;
  }
  const url = findMissingRuntime(stderr);
  // Any other failure would affect every target.
  if (url === null) throw new Error(`Deno cannot build it: ${stderr}`);
  return `not built: cannot download Deno's runtime for it, ${url}`;
}

/** Whether a file is our program: it says so. */
async function isProgram(path: string): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command(`./${path}`, {
      args: ["--version"],
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout).startsWith("claude-spread ");
  } catch {
    return false;
  }
}

/** The problem with the command line or the environment; `null` for none. */
function findMisuse(targets: string[]): string | null {
  const unknown = targets.find((target) => !TARGETS.includes(target));
  if (unknown !== undefined) {
    return `Unknown target "${unknown}". The targets are:\n  ${
      TARGETS.join("\n  ")
    }`;
  }
  const runtime = Deno.env.get("DENORT_BIN");
  return runtime === undefined || isFile(runtime)
    ? null
    : `DENORT_BIN names "${runtime}", which is not a file: name Deno's runtime for ${Deno.build.target}, or unset it`;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function main(args: string[]): Promise<number> {
  const misuse = findMisuse(args);
  if (misuse !== null) {
    console.error(misuse);
    return 2;
  }
  const targets = args.length === 0 ? TARGETS : args;
  let count = 0;
  for (const target of targets) {
    const [words, isBuilt] = await build(target);
    console.log(`${target}: ${words}`);
    if (isBuilt) count++;
  }
  console.log(`${count} of ${targets.length} built`);
  return count === targets.length ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
