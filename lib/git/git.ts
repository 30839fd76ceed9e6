/**
 * Git as a program: started, asked at once or later, and ended in every case.
 *
 * A process that has given up the permission to run programs can still ask a git that it has
 * started before. Which arguments are safe is up to `repository.ts`.
 *
 * @module
 */

import { utf8 } from "../bytes.ts";

/** A git that has started, or failed to. */
export interface StartedGit {
  /**
   * Gives git its whole input, once, and returns its output; `null` when it fails or is missing.
   *
   * @throws {Deno.errors.TimedOut} When git does not answer in time.
   */
  answer(input?: string): Promise<string | null>;
}

/** Starts `git` with these arguments. */
export type StartGit = (args: string[]) => StartedGit;

/** Options of {@linkcode GitProgram}. */
export interface GitOptions {
  /** Time for each answer, in milliseconds, from when git gets its input. */
  timeoutMs: number;
  /** Ends the wait for an answer, which then throws the signal's reason. */
  signal: AbortSignal;
  /** The user's home folder, where git has the user's settings. */
  home: string | undefined;
}

/** The git of this machine; disposing of it ends whatever still runs. */
export class GitProgram implements Disposable {
  readonly #options: GitOptions;
  readonly #running = new Set<Deno.ChildProcess>();
  #isOver = false;

  constructor(options: GitOptions) {
    this.#options = options;
  }

  readonly start: StartGit = (args) => {
    const child = this.#isOver ? null : spawnGit(args, this.#options.home);
    if (child === null) return { answer: () => Promise.resolve(null) };
    this.#running.add(child);
    return { answer: (input = "") => this.#answer(child, input) };
  };

  async #answer(
    child: Deno.ChildProcess,
    input: string,
  ): Promise<string | null> {
    const { timeoutMs, signal } = this.#options;
    const { promise: cut, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const timer = setTimeout(() => reject(silent(timeoutMs)), timeoutMs);
    try {
      const answer = await Promise.race([converse(child, input), cut]);
      this.#running.delete(child);
      return answer;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      this.#end(child);
    }
  }

  #end(child: Deno.ChildProcess): void {
    if (!this.#running.delete(child)) return;
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  /** Does not wait for their end: a program in the kernel's hands may take its time. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const child of this.#running) this.#end(child);
  }
}

function silent(timeoutMs: number): Error {
  return new Deno.errors.TimedOut(`git did not answer in ${timeoutMs} ms`);
}

/** Starts git; `null` when it is missing or not permitted. */
function spawnGit(
  args: string[],
  home: string | undefined,
): Deno.ChildProcess | null {
  // Git must not contact other machines: to fetch a missing commit it would run a program that
  // the repository's settings name.
  const env = { GIT_ALLOW_PROTOCOL: "none" };
  // When LD_LIBRARY_PATH or the like is set, Deno only runs programs that do not inherit it.
  const apart = { ...env, ...home && { HOME: home } };
  for (const how of [{ env }, { env: apart, clearEnv: true }]) {
    try {
      return new Deno.Command("git", {
        args,
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
        ...how,
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) return null;
    }
  }
  return null;
}

async function converse(
  child: Deno.ChildProcess,
  input: string,
): Promise<string | null> {
  const output = child.output();
  await give(child.stdin, input);
  const { success, stdout } = await output;
  return success ? new TextDecoder().decode(stdout) : null;
}

async function give(
  stdin: WritableStream<Uint8Array>,
  input: string,
): Promise<void> {
  try {
    const writer = stdin.getWriter();
    if (input !== "") await writer.write(utf8(input));
    await writer.close();
  } catch {
    // Git has ended without reading it; its exit code says how.
  }
}
