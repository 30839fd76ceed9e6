/**
 * The relay as people start it: a process with its settings in the environment.
 *
 * @module
 */

import { root } from "../../support/places.ts";

/** Ways to start a relay other than as a plain task. */
export interface ProgramOptions {
  args?: string[];
  /** Words of a command that runs the command line after it. */
  via?: string[];
  /** Deno's arguments before those of the relay. */
  deno?: string[];
  /** Words that start the relay without Deno's task. */
  words?: readonly string[];
}

/** A relay in a process of its own; disposing of it ends both. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly stderr: Promise<string>;
  stdout = "";

  constructor(env: Record<string, string>, options: ProgramOptions = {}) {
    const { args = [], via = [], deno = ["task", "--quiet", "relay"] } =
      options;
    const { words = [Deno.execPath(), ...deno] } = options;
    const [program, ...rest] = [...via, ...words, ...args];
    this.#child = new Deno.Command(program!, {
      args: rest,
      cwd: root,
      env: { RELAY_HOST: "127.0.0.1", RELAY_PORT: "0", NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    this.stderr = new Response(this.#child.stderr).text();
  }

  /** The port, once it listens. */
  async port(): Promise<number> {
    return Number((await this.until(/"event":"started","port":(\d+)/))[1]);
  }

  /** Waits until the log shows something. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match !== null) return match;
      const { done, value } = await this.#lines.read();
      if (done) throw new Error(`Ended: ${this.stdout}${await this.stderr}`);
      this.stdout += value;
    }
  }

  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  async ended(): Promise<number> {
    for (;;) {
      const { done, value } = await this.#lines.read();
      if (done) break;
      this.stdout += value;
    }
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // The task passes it on; SIGKILL would leave the relay behind.
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended.
    }
    await this.ended();
    await this.stderr;
  }
}
