/**
 * Tries the newest Claude Code that npm has: runs the tests in the real client on it, and says
 * which of them fail there and not in the newest that is pinned.
 *
 * Usage: `deno task client [--pinned]`. Exits 1 when a test fails, or none could run. With
 * `--pinned` it only installs the versions that the tests are written against.
 *
 * @module
 */

import { installClient, PACKAGE, runNpm, VERSIONS } from "./pinned_clients.ts";

/** Names of tests by how they ended, without the version at their end. */
export interface Results {
  passed: string[];
  failed: string[];
}

/** Reads what a test run has printed in the Test Anything Protocol. */
export function readResults(printed: string): Results {
  const results: Results = { passed: [], failed: [] };
  for (const line of printed.split("\n")) {
    const [, not, name] =
      /^(not )?ok \d+ - (.*?)(?: \[[\d.]+\])?$/.exec(line) ??
        [];
    if (name === undefined || /# SKIP\b/.test(name)) continue;
    (not ? results.failed : results.passed).push(name);
  }
  return results;
}

/** Returns the difference between two versions, in words for people. */
export function describe(
  version: string,
  { passed, failed }: Results,
  /** Those of `failed` that fail in the pinned version too. */
  failedBefore: string[],
): string[] {
  const total = passed.length + failed.length;
  const differing = failed.filter((name) => !failedBefore.includes(name));
  return [
    `Claude Code ${version} passes ${passed.length} of ${total} tests`,
    ...differing.map((name) => `differs from ${VERSIONS.newest}: ${name}`),
    ...failedBefore.map((name) => `fails in ${VERSIONS.newest} too: ${name}`),
  ];
}

/** Runs tests in one version, and shows how each ends. @param names All, by default. */
async function run(version: string, names?: string[]): Promise<Results> {
  const checks = ["--trace-leaks", "--sanitize-ops", "--sanitize-resources"];
  const filter = names?.map((name) => RegExp.escape(name)).join("|");
  const test = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "--parallel", "--allow-all", "--reporter=tap", ...checks],
      ...filter === undefined ? [] : [`--filter=/^(${filter}) \\[/`],
      "tests/claude_code/",
    ],
    // With `CI` nothing is skipped that lacks something.
    env: { CLAUDE_BIN: await installClient(version), CI: "true" },
    stdout: "piped",
  }).spawn();
  let printed = "";
  for await (const text of test.stdout.pipeThrough(new TextDecoderStream())) {
    await Deno.stdout.write(new TextEncoder().encode(text));
    printed += text;
  }
  await test.status;
  return readResults(printed);
}

async function main(): Promise<number> {
  if (Deno.args.includes("--pinned")) {
    const paths = Object.values(VERSIONS).map(installClient);
    console.log((await Promise.all(paths)).join("\n"));
    return 0;
  }
  const version = (await runNpm(["view", PACKAGE, "version"])).trim();
  if (version === VERSIONS.newest) {
    console.log(`Claude Code ${version} is the newest, and is pinned`);
    return 0;
  }
  const results = await run(version);
  const { passed, failed } = results;
  const before = failed.length > 0 ? await run(VERSIONS.newest, failed) : null;
  const lines = describe(version, results, before?.failed ?? []);
  console.log(["", ...lines].join("\n"));
  return failed.length === 0 && passed.length > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
