/**
 * Builds the one command (`scripts/claude_spread.ts`) for every platform, into `dist/`.
 *
 * Deno downloads its runtime for each platform from dl.deno.land and puts it in front of our
 * modules. A platform whose runtime cannot be downloaded is skipped and reported. `DENORT_BIN`
 * names a local runtime for this platform.
 *
 * Usage: `deno task compile [TARGET …]`. Exits 0 when every target was built, 1 when some could
 * not be, 2 for an unknown target.
 *
 * @module
 */

import { COMMANDS } from "../scripts/cli/commands.ts";
import { envAndSysFlags } from "../scripts/cli/grants.ts";

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
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArgs(target, output),
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (success) return [output, true];
  const problem = new TextDecoder().decode(stderr);
  const url = findMissingRuntime(problem);
  // Any other failure would affect every target.
  if (url === null) throw new Error(`Deno cannot build it: ${problem}`);
  return [`not built: cannot download Deno's runtime for it, ${url}`, false];
}

async function main(args: string[]): Promise<number> {
  const unknown = args.find((arg) => !TARGETS.includes(arg));
  if (unknown !== undefined) {
    console.error(`There is no target ${unknown}; there are:`);
    for (const target of TARGETS) console.error(`  ${target}`);
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
