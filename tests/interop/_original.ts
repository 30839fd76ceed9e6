/**
 * The Python original as a process, which is not part of this repository.
 *
 * `CLAUDE_SPREAD_ORIGINAL` names a checkout of its version 1.3, `CLAUDE_SPREAD_PYTHON` an
 * interpreter that has what it needs (default `python3`). Without them the tests are skipped
 * and say so. The original runs with an empty PATH, so that it announces nothing.
 *
 * @module
 */

import type { Machine } from "../support/machine.ts";

const original = Deno.env.get("CLAUDE_SPREAD_ORIGINAL");

/**
 * Registers tests that need the original, with these Python packages beside it.
 *
 * @returns `test()`, and what runs the original.
 */
export async function withOriginal(packages: string[]): Promise<{
  test: (name: string, fn: () => Promise<void>) => void;
  run: (machine: Machine, script: string, args: string[]) => Promise<Result>;
  /** Runs a script of a skill, which asks git for the project. */
  runSkill: (
    machine: Machine,
    script: string,
    args: string[],
  ) => Promise<Result>;
  share: (
    machine: Machine,
    document: string,
    args: string[],
    ready: RegExp,
  ) => Promise<OriginalShare>;
}> {
  const name = Deno.env.get("CLAUDE_SPREAD_PYTHON") ?? "python3";
  const python = await findPython(name, packages);
  const reason = original === undefined
    ? "CLAUDE_SPREAD_ORIGINAL names no checkout of the Python original"
    : python === null
    ? `no Python has ${packages.join(" and ")}`
    : null;
  if (reason !== null) console.log(`interop tests are skipped: ${reason}`);
  return {
    test: (name, fn) => Deno.test({ name, ignore: reason !== null, fn }),
    run: (machine, script, args) =>
      run(python!, machine, `scripts/${script}`, args),
    runSkill: (machine, script, args) =>
      run(python!, machine, `skills/${script}`, args, {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: `${machine.folder}/home`,
      }),
    share: (machine, document, args, ready) =>
      share(python!, machine, document, args, ready),
  };
}

/** The remains of a run. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** An original that shares; disposing ends it. */
export interface OriginalShare extends AsyncDisposable {
  /** The part of its output that matched. */
  ready: RegExpExecArray;
}

/** The interpreter's own path, or `null` when it lacks what the original needs. */
async function findPython(
  name: string,
  packages: string[],
): Promise<string | null> {
  const args = ["-c", `import ${packages.join()}, sys; print(sys.executable)`];
  try {
    const { success, stdout } = await new Deno.Command(name, {
      args,
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

function spawn(
  python: string,
  machine: Machine,
  script: string,
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(python, {
    args: ["-u", "-B", `${original}/${script}`, ...args],
    cwd: machine.path("."),
    clearEnv: true,
    env: {
      PATH: machine.path("."),
      HOME: machine.folder,
      PYTHONIOENCODING: "utf-8",
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function run(
  python: string,
  machine: Machine,
  script: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Result> {
  const { code, stdout, stderr } = await spawn(
    python,
    machine,
    script,
    args,
    env,
  ).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

async function share(
  python: string,
  machine: Machine,
  document: string,
  args: string[],
  ready: RegExp,
): Promise<OriginalShare> {
  const file = await machine.write("theirs.md", document);
  const process = spawn(python, machine, "scripts/serve.py", [...args, file]);
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let match: RegExpExecArray | null = null;
  while ((match = ready.exec(text)) === null) {
    const { done, value } = await lines.read();
    if (done) throw new Error(`The original ended: ${text}`);
    text += value;
  }
  return {
    ready: match,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      while (!(await lines.read()).done);
      await process.stderr.cancel();
      await process.status;
    },
  };
}
