/**
 * The two commands as processes: each with a home of its own and no more permissions
 * than it needs, kept to loopback, and ended when the test is.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Bytes } from "../../lib/bytes.ts";
import { EXIT_CODES, type SpreadErrorCode } from "../../lib/errors.ts";

/** Longest that anything here may take, in milliseconds: a test that hangs says where. */
const DEADLINE_MS = 30_000;

/** A command line. */
export type Script = "serve" | "receive";

/**
 * What each command is permitted; with files it is kept to `folder`.
 *
 * `bin/claude-spread` passes the same, without a folder: it cannot know which of the
 * person's files an argument names.
 */
export function permissions(script: Script, folder: string): string[] {
  const variables = "HOME,LOCALAPPDATA,XDG_STATE_HOME,CLAUDE_SPREAD_PASSPHRASE";
  return [
    "--allow-net",
    `--allow-read=${folder}`,
    `--allow-write=${folder}`,
    "--allow-run=git",
    ...script === "serve"
      ? [
        `--allow-env=${variables},USER,USERNAME`,
        "--allow-sys=networkInterfaces,hostname",
      ]
      : [`--allow-env=${variables}`, "--allow-sys=networkInterfaces"],
  ];
}

/** Where the modules were downloaded to, for processes whose home is another. */
const denoFolder: string = JSON.parse(
  new TextDecoder().decode(
    (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] })
      .output()).stdout,
  ),
).denoDir;

const root = new URL("../../", import.meta.url).pathname;

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
}

/** One JSON line. */
export type Event = Record<string, unknown> & { event: string };

/** What is left of a process. */
export interface Ended {
  /** As a shell sees it; `signal` tells whether the process ended by itself. */
  code: number;
  /** What killed it, if anything did. */
  signal: Deno.Signal | null;
  stdout: Bytes;
  /** `stdout` as text. */
  text: string;
  stderr: string;
  /** The JSON lines of stdout. */
  events: Event[];
}

/** A person's machine: home, state and work folder, removed when it is disposed of. */
export class Machine implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(parent?: string): Promise<Machine> {
    const folder = await Deno.makeTempDir({ dir: parent, prefix: "cs-cli-" });
    const machine = new Machine(await Deno.realPath(folder));
    for (const name of ["home", "state", "work"]) {
      await Deno.mkdir(`${machine.folder}/${name}`);
    }
    return machine;
  }

  /** Where the commands keep their state. */
  get state(): string {
    return `${this.folder}/state/claude-spread`;
  }

  /** A path in the work folder. */
  path(name: string): string {
    return `${this.folder}/work/${name}`;
  }

  /** Writes a file in the work folder and returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = this.path(name);
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    return path;
  }

  /** Files in the state folder, as paths from there. */
  kept(): Promise<string[]> {
    return listFiles(this.state);
  }

  /** Files in the work folder, as paths from there. */
  works(): Promise<string[]> {
    return listFiles(`${this.folder}/work`);
  }

  /** Starts a command. */
  start(script: Script, args: string[], options: StartOptions = {}): Running {
    return new Running(this, script, args, options);
  }

  /** Runs a command to its end. */
  async run(
    script: Script,
    args: string[],
    options: StartOptions = {},
  ): Promise<Ended> {
    await using running = this.start(script, args, options);
    return await running.ended;
  }

  /** Starts `serve --json` and waits until receivers can come. */
  async share(args: string[], options: StartOptions = {}): Promise<Sharing> {
    const running = this.start("serve", ["--json", ...args], options);
    try {
      const ready = await running.event("ready");
      const [address] = ready.addresses as string[];
      return Object.assign(running, {
        ready,
        address: address!,
        port: Number(address!.split(":").at(-1)),
      });
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (!entry.isDirectory) names.push(entry.name);
      else {
        const inside = await listFiles(`${folder}/${entry.name}`);
        names.push(...inside.map((name) => `${entry.name}/${name}`));
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** A share that receivers can come to. */
export type Sharing = Running & {
  ready: Event;
  /** `127.0.0.1:port`. */
  address: string;
  port: number;
};

/** A command that runs; disposing of it kills it. */
export class Running implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #eventsTaken = 0;

  constructor(
    machine: Machine,
    script: Script,
    args: string[],
    options: StartOptions,
  ) {
    const [program, ...rest] = commandLine(machine, script, args, options);
    this.#child = new Deno.Command(program!, {
      args: rest,
      cwd: `${machine.folder}/work`,
      clearEnv: true,
      env: environment(machine, options.env ?? {}),
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdout = new Output(this.#child.stdout);
    this.#stderr = new Output(this.#child.stderr);
    this.#deadline = setTimeout(() => this.signal("SIGKILL"), DEADLINE_MS);
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

  /** Waits until it catches signals: one before that would simply kill it. Linux only. */
  async catchesSignals(): Promise<void> {
    await until("signal handlers", async () => {
      const status = await Deno.readTextFile(`/proc/${this.pid}/status`);
      const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
      // SIGHUP is the last of those that are listened for; by then the others are ready.
      return (BigInt(`0x${caught}`) & 1n) !== 0n;
    });
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

function commandLine(
  machine: Machine,
  script: Script,
  args: string[],
  options: StartOptions,
): string[] {
  const { via = [], interface: address = "127.0.0.1" } = options;
  return [
    ...via,
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--cached-only",
    `--config=${root}deno.json`,
    ...permissions(script, machine.folder),
    `${root}scripts/${script}.ts`,
    ...address === null ? [] : ["--interface", address],
    ...args,
  ];
}

function environment(
  machine: Machine,
  more: Record<string, string>,
): Record<string, string> {
  const all = {
    PATH: Deno.env.get("PATH") ?? "",
    DENO_DIR: denoFolder,
    NO_COLOR: "1",
    HOME: `${machine.folder}/home`,
    XDG_STATE_HOME: `${machine.folder}/state`,
    USER: "tester",
    ...more,
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== ""),
  );
}

/** Lines that are JSON; a command without `--json` prints none. */
function parseEvents(text: string): Event[] {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith('{"event":')) return [];
    return [JSON.parse(line)];
  });
}

/** What comes out of a process, and who waits for it. */
class Output {
  readonly whole: Promise<void>;
  readonly #pieces: Uint8Array[] = [];
  #hasEnded = false;
  #wake = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.whole = this.#collect(stream);
  }

  get bytes(): Bytes {
    const all = new Uint8Array(
      this.#pieces.reduce((sum, { length }) => sum + length, 0),
    );
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  /** Waits until `find` finds something in the text; `what` is named when it never does. */
  async until<T>(
    what: string,
    find: (text: string) => T | undefined,
    beside?: Output,
  ): Promise<T> {
    for (;;) {
      const found = find(this.text);
      if (found !== undefined) return found;
      if (this.#hasEnded) {
        await beside?.whole;
        throw new Error(
          `The command ended without ${what}: ${this.text}${
            beside?.text ?? ""
          }`,
        );
      }
      await this.#wake.promise;
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const piece of stream) {
      this.#pieces.push(piece);
      this.#notify();
    }
    this.#hasEnded = true;
    this.#notify();
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

/**
 * Checks that a command failed as it should: by itself, with its exit code, with the words
 * on stderr, without a stack, and with the same in its last event if there are events.
 */
export function assertFailure(
  ended: Ended,
  code: SpreadErrorCode,
  message: string,
  hint = "",
): void {
  const { stderr, events } = ended;
  assertStringIncludes(stderr, `spread: error: ${message}`);
  if (hint !== "") assertStringIncludes(hintOf(stderr), hint);
  assert(!/^\s+at |NotCapable|Uncaught/m.test(stderr), stderr);
  assertEquals([ended.code, ended.signal], [EXIT_CODES[code], null], stderr);
  if (events.length > 0) {
    const last = events.at(-1)!;
    assertEquals([last.event, last.error], ["failed", code]);
    assertStringIncludes(String(last.message), message);
    assertEquals(last.hint, hintOf(stderr));
  }
}

function hintOf(stderr: string): string {
  return /^spread: hint: (.*)$/m.exec(stderr)?.[1] ?? "";
}

/** Checks that a command did what it should and said nothing of an error. */
export function assertSuccess(ended: Ended): void {
  assertEquals(ended.code, 0, ended.stderr);
  assert(!ended.stderr.includes("error:"), ended.stderr);
}

/** Waits until `check` gives something; for what no event tells of. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + DEADLINE_MS;
  while (performance.now() < end) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Waited in vain for ${what}`);
}

/** Runs `action` on every item, two at a time: as many as a small machine has cores. */
export async function forEach<T>(
  items: T[],
  action: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const work = async () => {
    for (let item = waiting.shift(); item !== undefined;) {
      await action(item);
      item = waiting.shift();
    }
  };
  await Promise.all([work(), work()]);
}

/** A passphrase that no other test has. */
export function uniquePassphrase(): string {
  return `test ${crypto.randomUUID()}`;
}

/** Bytes that no other test sends, and that do not compress. */
export function randomBytes(length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  // Blank payloads are refused.
  bytes[0] = 0xff;
  return bytes;
}

/** SHA-256 in hex. */
export async function sha256(bytes: Bytes): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
