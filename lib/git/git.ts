/**
 * Git as a program: started, asked at once or later, and ended in every case.
 *
 * A process that has given up the permission to run programs can still ask a git that it has
 * started before. Which arguments are safe is up to `repository.ts`.
 *
 * @module
 */

import { type Bytes, concatBytes, utf8 } from "../bytes.ts";

/** Input of git: a text, or bytes. */
export type GitInput = string | AsyncIterable<Bytes>;

/** A git that has started, or failed to. */
export interface StartedGit {
  /**
   * Gives git its whole input, once, and returns its output; `null` when it fails or is missing.
   *
   * @throws {Deno.errors.TimedOut} When git does not answer in time.
   */
  answer(input?: string): Promise<string | null>;
}

/** A git whose output may be large. It is asked once, by `answer()` or by this. */
export interface StreamedGit extends StartedGit {
  /**
   * Gives git its input and yields its output as it comes. Git ends when the caller stops reading.
   *
   * @throws {GitFailed} When git is missing or fails.
   * @throws {Deno.errors.TimedOut} When all of it takes too long.
   */
  output(input?: GitInput): AsyncGenerator<Bytes>;
}

/** Starts `git` with these arguments, and variables besides those of the environment. */
export type StartGit<Git extends StartedGit = StartedGit> = (
  args: string[],
  env?: Record<string, string>,
) => Git;

/** Most that is read of what git says about a failure, in bytes. */
const MAX_SAID_BYTES = 4096;

/** A failure of git. */
export class GitFailed extends Error {
  override name = "GitFailed";

  /** @param said Git's own words: not cleaned, and empty when there is no git. */
  constructor(readonly said: string) {
    super(`git failed: ${said}`);
  }
}

/** Options of {@linkcode GitProgram}. */
export interface GitOptions {
  /** Time for each answer, in milliseconds, from when git gets its input. */
  timeoutMs: number;
  /** Ends the wait for an answer, which then throws the signal's reason. */
  signal: AbortSignal;
}

/** The git of this machine; disposing of it ends whatever still runs. */
export class GitProgram implements Disposable {
  readonly #options: GitOptions;
  readonly #running = new Set<Deno.ChildProcess>();
  #isOver = false;

  constructor(options: GitOptions) {
    this.#options = options;
  }

  readonly start: StartGit<StreamedGit> = (args, env) => {
    const child = this.#isOver ? null : spawnGit(args, env);
    if (child === null) return NO_GIT;
    this.#running.add(child);
    return {
      answer: (input = "") => this.#answer(child, input),
      output: (input = "") => this.#output(child, input),
    };
  };

  async #answer(
    child: Deno.ChildProcess,
    input: string,
  ): Promise<string | null> {
    using cut = this.#cutAfter(child);
    const said = read(child.stderr);
    const output = read(child.stdout);
    const ended = async () => {
      await give(child.stdin.getWriter(), input);
      const [{ success }, stdout] = await Promise.all([
        child.status,
        output,
        said,
      ]);
      return success ? new TextDecoder().decode(stdout) : null;
    };
    return await Promise.race([ended(), cut.promise]);
  }

  async *#output(
    child: Deno.ChildProcess,
    input: GitInput,
  ): AsyncGenerator<Bytes> {
    using cut = this.#cutAfter(child);
    const said = read(child.stderr, MAX_SAID_BYTES);
    const failures: unknown[] = [];
    const writer = child.stdin.getWriter();
    const given = give(writer, input).catch((error) => {
      failures.push(error);
      this.#end(child);
    });
    const reader = child.stdout.getReader();
    try {
      for (;;) {
        const { value } = await Promise.race([reader.read(), cut.promise]);
        if (value === undefined) break;
        yield value;
      }
      const { success } = await Promise.race([child.status, cut.promise]);
      // Git that has failed does not wait for the rest of its input.
      if (success) await Promise.race([given, cut.promise]);
      if (failures.length > 0) throw failures[0];
      if (success) return;
      const words = await Promise.race([said, cut.promise]);
      throw new GitFailed(new TextDecoder().decode(words));
    } finally {
      // Not awaited: both may wait for a program that git has started.
      writer.abort().catch(() => {});
      reader.cancel().catch(() => {});
    }
  }

  /** Ends a program after the time for an answer, or by the signal; disposed of, at once. */
  #cutAfter(
    child: Deno.ChildProcess,
  ): Disposable & { promise: Promise<never> } {
    const { timeoutMs, signal } = this.#options;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const timer = setTimeout(() => reject(silent(timeoutMs)), timeoutMs);
    return {
      promise,
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        this.#end(child);
      },
    };
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

/** A git that is missing, or over. */
const NO_GIT: StreamedGit = {
  answer: () => Promise.resolve(null),
  // deno-lint-ignore require-yield
  async *output() {
    throw new GitFailed("");
  },
};

/** Starts git; `null` when it is missing or not permitted. */
function spawnGit(
  args: string[],
  more: Record<string, string> = {},
): Deno.ChildProcess | null {
  const env = {
    // Git must not contact other machines: to fetch a missing commit it would run a program that
    // the repository's settings name.
    GIT_ALLOW_PROTOCOL: "none",
    GIT_TERMINAL_PROMPT: "0",
    // Its words are read where they tell one failure from another.
    LC_ALL: "C",
    ...more,
  };
  try {
    return spawn(args, env);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) return null;
    try {
      return spawn(args, { ...env, ...withoutLibraries(error) });
    } catch {
      return null;
    }
  }
}

function spawn(
  args: string[],
  env: Record<string, string>,
): Deno.ChildProcess {
  const stdio = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  return new Deno.Command("git", { args, env, ...stdio }).spawn();
}

/**
 * Variables, emptied, that lead programs to other libraries: Deno starts none that inherits them.
 * All others stay, such as those that tell git where the user lists what to ignore.
 */
function withoutLibraries({ message }: Error): Record<string, string> {
  const names = message.match(/\b(?:DY)?LD_\w+/g) ?? [];
  return Object.fromEntries(names.map((name) => [name, ""]));
}

/** Reads all of a stream; keeps its beginning where that is enough. */
async function read(
  stream: ReadableStream<Bytes>,
  maxBytes = Infinity,
): Promise<Bytes> {
  const pieces: Bytes[] = [];
  let length = 0;
  try {
    for await (const piece of stream) {
      if (length < maxBytes) pieces.push(piece);
      length += piece.length;
    }
  } catch {
    // Git was ended.
  }
  return concatBytes(...pieces).subarray(0, maxBytes);
}

/** Gives git its input. @throws What the input throws; never because git has ended. */
async function give(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  input: GitInput,
): Promise<void> {
  const write = (bytes: Bytes) =>
    writer.write(bytes).then(() => true, () => false);
  if (typeof input === "string") {
    if (input !== "") await write(utf8(input));
  } else {
    for await (const piece of input) {
      // Git has ended without reading it; its exit code says how.
      if (!await write(piece.slice())) break;
    }
  }
  await writer.close().catch(() => {});
}
