/**
 * Processes under measurement: their run time, output and memory.
 *
 * Peak memory is `VmHWM` of `/proc/PID/status`, read until the process ends: the same measure for
 * tools in every language, and `null` without `/proc`. Growth during the last {@linkcode POLL_MS}
 * is missed.
 *
 * @module
 */

/** Time between two reads of peak memory, in milliseconds: long enough to cost nothing. */
const POLL_MS = 50;

/** Longest run of one process, in milliseconds; then it is terminated and the run fails. */
const LONGEST_RUN_MS = 120_000;

/** Time for a process to end after SIGTERM, in milliseconds. */
const GRACE_MS = 3000;

/** Unit of times in `/proc`, the same on every Linux. */
const MS_PER_CLOCK_TICK = 10;

/** A command and its environment; nothing of our own environment is passed on. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Text for standard input; none by default. */
  readonly stdin?: string;
  /** Whether it may run as long as the whole benchmark, as a server does. */
  readonly longLived?: boolean;
}

/** Result of a process. */
export interface Outcome {
  /** Exit code; 128 and more when a signal ended it. */
  readonly code: number;
  /** Time from just before the start until the end was noticed, in milliseconds. */
  readonly wallMs: number;
  readonly peakBytes: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<MeasuredProcess>();
let stopped = false;

/** Ends every running process and waits for all of them; no other can start afterwards. */
export async function endAllProcesses(): Promise<void> {
  stopped = true;
  await Promise.all([...running].map((process) => process.end()));
}

/** A running process; disposing of it ends it. */
export class MeasuredProcess implements AsyncDisposable {
  /** Settles when the process has ended and all its output has been read; never rejects. */
  readonly outcome: Promise<Outcome>;
  readonly #child: Deno.ChildProcess;
  readonly #startMs: number;
  readonly #text = { stdout: "", stderr: "" };
  readonly #onText = new Set<() => void>();
  #peakBytes: number | null = null;
  #ended = false;

  /** @throws {Error} When the command is missing, or after {@linkcode endAllProcesses}. */
  constructor(line: CommandLine) {
    if (stopped) throw new Error("Cannot start a process: the run has ended");
    this.#startMs = performance.now();
    this.#child = new Deno.Command(line.command, {
      args: [...line.args],
      cwd: line.cwd,
      env: { ...line.env },
      clearEnv: true,
      stdin: line.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    running.add(this);
    this.outcome = this.#run(line);
  }

  /**
   * Waits until the output on either stream matches `pattern`.
   *
   * @throws {Error} When the process ends first; the message holds its output.
   */
  waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = this.#text.stdout.match(pattern) ??
          this.#text.stderr.match(pattern);
        if (match === null && !this.#ended) return;
        this.#onText.delete(look);
        if (match !== null) return resolve(match);
        const { stdout, stderr } = this.#text;
        reject(
          new Error(`Ended without printing ${pattern}: ${stdout}${stderr}`),
        );
      };
      this.#onText.add(look);
      look();
    });
  }

  /** Sends SIGTERM, later SIGKILL if necessary, and returns the outcome. */
  async end(): Promise<Outcome> {
    this.#signal("SIGTERM");
    const insist = setTimeout(() => this.#signal("SIGKILL"), GRACE_MS);
    try {
      return await this.outcome;
    } finally {
      clearTimeout(insist);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  /** Resident memory now, in bytes; NaN without `/proc`. */
  residentBytes(): number {
    return this.#statusKib("VmRSS") * 1024;
  }

  /** CPU time of its threads so far, in milliseconds; NaN without `/proc`. */
  cpuMs(): number {
    // The fields after the name, which may hold anything: proc(5), fields 14 and 15.
    const fields = this.#readProc("stat").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_CLOCK_TICK;
  }

  #signal(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // The process has ended meanwhile: its id may already belong to another.
      if (
        !(error instanceof TypeError || error instanceof Deno.errors.NotFound)
      ) {
        throw error;
      }
    }
  }

  async #run({ stdin, longLived }: CommandLine): Promise<Outcome> {
    const read = [
      this.#read("stdout", this.#child.stdout),
      this.#read("stderr", this.#child.stderr),
    ];
    const poll = setInterval(() => this.#readPeak(), POLL_MS);
    const limit = longLived
      ? undefined
      : setTimeout(() => this.#signal("SIGKILL"), LONGEST_RUN_MS);
    if (stdin !== undefined) await this.#type(stdin);
    const { code } = await this.#child.status;
    const wallMs = performance.now() - this.#startMs;
    clearInterval(poll);
    clearTimeout(limit);
    await Promise.all(read);
    this.#ended = true;
    running.delete(this);
    this.#textArrived();
    const { stdout, stderr } = this.#text;
    return {
      code,
      wallMs,
      peakBytes: this.#peakBytes,
      stdout,
      stderr,
    };
  }

  async #type(text: string): Promise<void> {
    try {
      const writer = this.#child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(text));
      await writer.close();
    } catch {
      // The process ended before reading: its outcome says more than a broken pipe.
    }
  }

  async #read(
    name: "stdout" | "stderr",
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text[name] += text;
      this.#textArrived();
    }
  }

  #textArrived(): void {
    for (const look of [...this.#onText]) look();
  }

  #readPeak(): void {
    const kib = this.#statusKib("VmHWM");
    if (!Number.isNaN(kib)) this.#peakBytes = kib * 1024;
  }

  #statusKib(field: "VmHWM" | "VmRSS"): number {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m");
    return Number(this.#readProc("status").match(line)?.[1]);
  }

  #readProc(name: string): string {
    try {
      return Deno.readTextFileSync(`/proc/${this.#child.pid}/${name}`);
    } catch {
      return ""; // There is no /proc, or the process has just ended.
    }
  }
}
