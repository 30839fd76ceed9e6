/**
 * Commands on a terminal, which the program `script` makes. Linux only; elsewhere there is a
 * reason to skip.
 *
 * @module
 */

import { environment } from "./environment.ts";
import type { Machine } from "./machine.ts";
import { Output } from "./output.ts";

/** Longest that a command may take, in milliseconds: a test that hangs says where. */
const DEADLINE_MS = 30_000;

/** Why there can be no terminal, or `null`; the reason is printed. */
export const noTerminal: string | null = await whyNot();
if (noTerminal !== null) console.log(`some tests are skipped: ${noTerminal}`);

async function whyNot(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "only script of Linux is known here";
  try {
    await new Deno.Command("script", { args: ["--version"] }).output();
    return null;
  } catch (error) {
    return `script cannot run: ${error}`;
  }
}

/** How a command is started; all of it may be left out. */
export interface TerminalOptions {
  columns?: number;
  /** More variables; an empty one is taken away. */
  env?: Record<string, string>;
  /** Appended to the command line as the shell's, such as `>FILE`. */
  redirection?: string;
}

/** A command on a terminal; disposing of it takes the terminal away. */
export class OnTerminal implements AsyncDisposable {
  /** The exit code. */
  readonly ended: Promise<number>;
  readonly #child: Deno.ChildProcess;
  readonly #output: Output;
  readonly #deadline: ReturnType<typeof setTimeout>;

  constructor(
    machine: Machine,
    line: string[],
    { columns = 80, env = {}, redirection = "" }: TerminalOptions = {},
  ) {
    const words = line.map(quoted).join(" ");
    const command =
      `stty cols ${columns} rows 24; exec ${words} ${redirection}`;
    this.#child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", command, "/dev/null"],
      cwd: machine.work,
      clearEnv: true,
      env: environment(machine, {
        TERM: "xterm-256color",
        NO_COLOR: "",
        SHELL: "/bin/sh",
        ...env,
      }),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#output = new Output(this.#child.stdout);
    this.#deadline = setTimeout(() => this.#child.kill("SIGKILL"), DEADLINE_MS);
    this.ended = this.#end();
  }

  /** What the terminal has been sent so far. */
  get text(): string {
    return this.#output.text;
  }

  /** Presses keys. */
  async type(keys: string): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(keys));
    writer.releaseLock();
  }

  /** Waits until the text matches, perhaps only what follows its first `from` characters. */
  async until(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return await this.#output.until(
      `${pattern}`,
      (text) => pattern.exec(text.slice(from)) ?? undefined,
    );
  }

  async #end(): Promise<number> {
    const [{ code }] = await Promise.all([
      this.#child.status,
      this.#output.whole,
    ]);
    clearTimeout(this.#deadline);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.ended;
    await this.#child.stdin.abort().catch(() => {});
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
