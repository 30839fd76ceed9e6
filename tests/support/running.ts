/**
 * A command as a process, kept to loopback and ended when the test is. The launcher gives its
 * process to Deno, so that signals and what `/proc` says are Deno's.
 *
 * @module
 */

import { until } from "./checks.ts";
import { commandLine, type Script } from "./commands.ts";
import { environment, type Surroundings } from "./environment.ts";
import { type Ended, type Event, Output, parseEvents } from "./output.ts";

/** Longest that a command may take, in milliseconds: a test that hangs says where. */
const DEADLINE_MS = 90_000;

/** How a process is started; all of it may be left out. */
export interface StartOptions {
  /** Its whole standard input, or `open`: the test writes it. */
  stdin?: string | Uint8Array | "open";
  /** More variables; an empty one is taken away. */
  env?: Record<string, string>;
  /** A command line that runs the one that follows it. */
  via?: string[];
  /** The address it keeps to; `null` for none. */
  interface?: string | null;
  /** Longest that it may take, in milliseconds, where that is longer than for others. */
  deadlineMs?: number;
}

/** A command that runs; disposing of it kills it. */
export class Running implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #eventsTaken = 0;

  constructor(
    machine: Surroundings,
    script: Script,
    args: string[],
    options: StartOptions,
  ) {
    const line = commandLine(script, args, options.interface);
    const [program, ...rest] = [...options.via ?? [], ...line];
    this.#child = new Deno.Command(program!, {
      args: rest,
      cwd: machine.work,
      clearEnv: true,
      env: environment(machine, { USER: "tester", ...options.env }),
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdout = new Output(this.#child.stdout);
    this.#stderr = new Output(this.#child.stderr);
    this.#deadline = setTimeout(
      () => this.signal("SIGKILL"),
      options.deadlineMs ?? DEADLINE_MS,
    );
    this.ended = this.#end();
    this.ended.catch(() => {});
    const { stdin } = options;
    if (stdin !== undefined && stdin !== "open") this.#feed(stdin);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for the next event of this name; those before it are passed over. */
  async event(name: string): Promise<Event> {
    return await this.#stdout.until(`event "${name}"`, (text) => {
      const events = parseEvents(text.slice(0, text.lastIndexOf("\n") + 1));
      const index = events.findIndex((event, i) =>
        i >= this.#eventsTaken && event.event === name
      );
      if (index === -1) return undefined;
      this.#eventsTaken = index + 1;
      return events[index];
    }, this.#stderr);
  }

  /** Waits until stderr contains `words`. */
  async says(words: string): Promise<void> {
    await this.#stderr.until(
      `"${words}" on stderr`,
      (text) => text.includes(words) || undefined,
    );
  }

  /** Writes to standard input that was started `open`. */
  async type(input: string | Uint8Array): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    const bytes = typeof input === "string"
      ? new TextEncoder().encode(input)
      : new Uint8Array(input);
    await writer.write(bytes);
    writer.releaseLock();
  }

  /** Ends standard input that was started `open`. */
  async endInput(): Promise<void> {
    await this.#child.stdin.close();
  }

  /** Sends a signal, unless it has ended already. */
  signal(name: Deno.Signal): void {
    try {
      this.#child.kill(name);
    } catch {
      // It has ended.
    }
  }

  /** Waits until it has opened a file. Linux only. */
  async hasOpened(path: string): Promise<void> {
    const folder = `/proc/${this.pid}/fd`;
    await until(
      `"${path}" to be opened`,
      () =>
        [...Deno.readDirSync(folder)].some(({ name }) => {
          try {
            return Deno.readLinkSync(`${folder}/${name}`) === path;
          } catch {
            return false;
          }
        }),
    );
  }

  /** Sends a signal and waits for the end. */
  async stop(name: Deno.Signal = "SIGINT"): Promise<Ended> {
    this.signal(name);
    return await this.ended;
  }

  async #feed(input: string | Uint8Array): Promise<void> {
    try {
      await this.type(input);
      await this.endInput();
    } catch {
      // It did not want all of it.
    }
  }

  async #end(): Promise<Ended> {
    const [{ code, signal }] = await Promise.all([
      this.#child.status,
      this.#stdout.whole,
      this.#stderr.whole,
    ]);
    clearTimeout(this.#deadline);
    const text = this.#stdout.text;
    return {
      code,
      signal,
      stdout: this.#stdout.bytes,
      text,
      stderr: this.#stderr.text,
      events: parseEvents(text),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
    // Not piped, closed, or broken by the end.
    try {
      await this.#child.stdin.abort();
    } catch {
      // Nothing to close.
    }
  }
}
