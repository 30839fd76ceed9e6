/**
 * A command as a process: with no more permissions than it needs, kept to loopback, and
 * ended when the test is.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { until } from "./checks.ts";

/** Longest that a command may take, in milliseconds: a test that hangs says where. */
const DEADLINE_MS = 30_000;

/** A command line. */
export type Script =
  | "serve"
  | "receive"
  | "status"
  | "stop"
  | "bundle"
  | "install"
  | "sessions"
  | "relay_check";

/** Where a command is, from the root. */
export function scriptPath(script: Script): string {
  if (script === "bundle") return "skills/memory-share/scripts/bundle.ts";
  if (script === "install") return "skills/memory-receive/scripts/install.ts";
  return `scripts/${script}.ts`;
}

/** Commands that take no `--interface`. */
const WITHOUT_NETWORK: Script[] = [
  "status",
  "stop",
  "bundle",
  "install",
  "sessions",
  "relay_check",
];

/**
 * What each command is permitted; with files it is kept to `folder`.
 *
 * `bin/claude-spread` passes the same, but for files: those that the arguments name.
 *
 * @param ofSessions Whether it serves or receives sessions of Claude Code.
 */
export function permissions(
  script: Script,
  folder: string,
  ofSessions = false,
): string[] {
  if (script === "relay_check") {
    return ["--allow-net", "--allow-env=CLAUDE_SPREAD_RELAY"];
  }
  const files = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  const state = "HOME,LOCALAPPDATA,XDG_STATE_HOME";
  const session = "CLAUDE_CODE_SESSION_ID";
  if (script === "status") {
    return [...files, "--allow-net=127.0.0.1", `--allow-env=${state}`];
  }
  if (script === "stop") {
    return [
      ...files,
      "--allow-net=127.0.0.1",
      "--allow-sys=uid",
      `--allow-env=${state},${session}`,
    ];
  }
  const claude =
    "USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME," +
    "CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE," +
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE";
  if (script === "sessions") {
    return [
      ...files,
      "--allow-sys=uid",
      `--allow-env=${state},${claude},${session}`,
    ];
  }
  if (script === "install") {
    return [...files, `--allow-env=${state},${claude}`];
  }
  if (script === "bundle") {
    return [
      ...files,
      "--allow-sys=uid,hostname",
      `--allow-env=${state},${claude},USER,USERNAME,${session}`,
    ];
  }
  const variables =
    `${state},CLAUDE_SPREAD_PASSPHRASE,CLAUDE_SPREAD_RELAY,${session}` +
    (ofSessions ? `,${claude}` : "");
  return [
    ...files,
    "--allow-net",
    "--allow-run=git",
    ...script === "serve"
      ? [
        `--allow-env=${variables},USER,USERNAME`,
        "--allow-sys=networkInterfaces,uid,hostname",
      ]
      : [`--allow-env=${variables}`, "--allow-sys=networkInterfaces,uid"],
  ];
}

/** Where the modules were downloaded to, for processes whose home is another. */
export const denoFolder: string = JSON.parse(
  new TextDecoder().decode(
    (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] })
      .output()).stdout,
  ),
).denoDir;

const root = `${import.meta.dirname}/../..`;

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

/** A command that runs; disposing of it kills it. */
export class Running implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #deadline: ReturnType<typeof setTimeout>;
  #eventsTaken = 0;

  constructor(
    /** The folder of the machine: home, state and work folder are in it. */
    folder: string,
    script: Script,
    args: string[],
    options: StartOptions,
  ) {
    const [program, ...rest] = commandLine(folder, script, args, options);
    this.#child = new Deno.Command(program!, {
      args: rest,
      cwd: `${folder}/work`,
      clearEnv: true,
      env: environment(folder, options.env ?? {}),
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

/** How `bin/claude-spread` has modules loaded and compiled. */
export function engineFlags(script: Script, ofSessions: boolean): string[] {
  return [
    ...script === "sessions" || ofSessions
      ? []
      : ["--v8-flags=--single-threaded"],
    ...script === "receive" ? ["--unstable-lazy-dynamic-imports"] : [],
  ];
}

function commandLine(
  folder: string,
  script: Script,
  args: string[],
  options: StartOptions,
): string[] {
  const { via = [], interface: address = "127.0.0.1" } = options;
  const ofSessions = args.includes("session");
  return [
    ...via,
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--cached-only",
    `--config=${root}/deno.json`,
    ...permissions(script, folder, ofSessions),
    ...engineFlags(script, ofSessions),
    // Modules that are loaded later are read by the command itself.
    ...script === "receive" ? [`--allow-read=${root}`] : [],
    `${root}/${scriptPath(script)}`,
    ...address === null || WITHOUT_NETWORK.includes(script)
      ? []
      : ["--interface", address],
    ...args,
  ];
}

function environment(
  folder: string,
  more: Record<string, string>,
): Record<string, string> {
  const all = {
    PATH: Deno.env.get("PATH") ?? "",
    DENO_DIR: denoFolder,
    // As the launcher has it: Deno would ask for newer versions, through a proxy too.
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
    HOME: `${folder}/home`,
    XDG_STATE_HOME: `${folder}/state`,
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
