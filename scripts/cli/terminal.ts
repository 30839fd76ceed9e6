/**
 * The only file that prints.
 *
 * Output: a received payload goes to stdout; everything else, such as progress, errors and hints,
 * goes to stderr. With `--json`, stdout carries one JSON object per line instead
 * (`{"event": "ready" | "peer" | "catalogue" | "chosen" | "progress" | "delivered" | "refused" | "relay" | "failed" | "ended" | "share" | "stopped" | "memory" | "document" | "bundled" | "installed" | "exported" | "undone" | "discarded" | "check" | "checked", …}`),
 * and stderr only warnings and errors. Text from another machine is cleaned before it is shown. A
 * passphrase is shown only if this program generated it.
 *
 * Exit codes: 0 done · 1 unforeseen (prints its stack) · 2 usage · 3 nobody found · 4 passphrase
 * refused · 5 network · 6 payload refused · 130 interrupted.
 *
 * @module
 */

import { EXIT_CODES, forPeople, SpreadError } from "../../lib/errors.ts";

/** Time between two progress lines, in milliseconds: on a terminal, and elsewhere. */
const BAR_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 3_000;

/** Width of the progress bar, in characters. */
const BAR_WIDTH = 30;

/** The output and questions of one command. */
export class Terminal {
  /** Receives all output after {@linkcode leave}. */
  #log: Deno.FsFile | null = null;
  readonly #json: boolean;
  readonly #isInteractive = Deno.stderr.isTerminal();
  #lastProgressMs = 0;
  #isBarShown = false;

  constructor(options: { json: boolean }) {
    this.#json = options.json;
  }

  /**
   * Detaches from the terminal: all further output goes to a file that only its owner can read.
   *
   * @throws {SpreadError} `CANNOT_STORE`.
   */
  leave(path: string): void {
    try {
      this.#log = Deno.openSync(path, {
        append: true,
        create: true,
        mode: 0o600,
      });
    } catch (cause) {
      throw new SpreadError(
        "CANNOT_STORE",
        `Cannot write to "${path}"`,
        undefined,
        { cause },
      );
    }
  }

  /** Tells a person about progress; silent with `--json`. */
  say(text: string): void {
    if (!this.#json) this.#error(`spread: ${text}`);
  }

  /** Shows text to a person unchanged, such as a command to copy; silent with `--json`. */
  show(text: string): void {
    if (!this.#json) this.#error(text);
  }

  /** Warns a person, even with `--json`. */
  warn(text: string): void {
    this.#error(`spread: warning: ${text}`);
  }

  /** Reports an event to a program; silent without `--json`. */
  event(event: string, fields: Record<string, unknown> = {}): void {
    if (this.#json) this.#out(`${JSON.stringify({ event, ...fields })}\n`);
  }

  /**
   * Prints text to stdout.
   *
   * @throws {SpreadError} `CANNOT_STORE` when the reader has closed it.
   */
  print(text: string): void {
    this.#clearBar();
    this.#out(text.endsWith("\n") ? text : `${text}\n`);
  }

  /** Standard output for bytes, such as those of a packed session. */
  get output(): WritableStream<Uint8Array> {
    return Deno.stdout.writable;
  }

  /** Prints text for a person to stdout; silent with `--json`. */
  printUnlessJson(text: string): void {
    if (!this.#json && text !== "") this.print(text);
  }

  /**
   * Asks a question and returns the line that the user types; empty at the end of input.
   *
   * @throws The signal's reason.
   */
  async ask(question: string, signal: AbortSignal): Promise<string> {
    write(Deno.stderr, question);
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([readLine(), aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Shows the progress of a transfer, at limited intervals; counts are in bytes. */
  progress(peer: string, bytes: number, size: number): void {
    const now = performance.now();
    const interval = this.#isInteractive ? BAR_INTERVAL_MS : LINE_INTERVAL_MS;
    if (now - this.#lastProgressMs < interval) return;
    this.#lastProgressMs = now;
    this.event("progress", { peer, bytes, size });
    const text = `${formatBytes(bytes)} of ${formatBytes(size)}`;
    if (this.#isInteractive && !this.#json) this.#drawBar(bytes / size, text);
    else this.say(`${peer}: ${text}`);
  }

  /** Shows an error and returns its exit code. */
  fail(error: unknown): number {
    const known = forPeople(error);
    if (known === null) return this.#failUnforeseen(error);
    const { code, message, hint } = known;
    this.#failedEvent({ error: code, message, hint });
    this.#error(`spread: error: ${message}`);
    if (hint !== "") this.#error(`spread: hint: ${hint}`);
    return EXIT_CODES[code];
  }

  #failUnforeseen(error: unknown): number {
    this.#failedEvent({
      error: "UNFORESEEN",
      message: String(error),
      hint: "",
    });
    this.#error(
      `spread: error: ${error instanceof Error ? error.stack : String(error)}`,
    );
    this.#error(
      "spread: hint: This should not happen; please report it with the lines above",
    );
    return 1;
  }

  #failedEvent(fields: { error: string; message: string; hint: string }): void {
    try {
      this.event("failed", fields);
    } catch {
      // The reader of events is gone; the exit code still reports the failure.
    }
  }

  #drawBar(part: number, text: string): void {
    const filled = Math.round(part * BAR_WIDTH);
    const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
    write(Deno.stderr, `\r${bar} ${text}\x1b[K`);
    this.#isBarShown = true;
  }

  #clearBar(): void {
    if (this.#isBarShown) write(Deno.stderr, "\r\x1b[K");
    this.#isBarShown = false;
  }

  #error(text: string): void {
    this.#clearBar();
    try {
      write(this.#log ?? Deno.stderr, `${text}\n`);
    } catch {
      // The reader of stderr is gone; the work continues anyway.
    }
  }

  #out(text: string): void {
    try {
      write(this.#log ?? Deno.stdout, text);
    } catch (cause) {
      throw new SpreadError(
        "CANNOT_STORE",
        "Cannot write to standard output",
        "Whatever reads it has ended; try again without it",
        { cause },
      );
    }
  }
}

/** Reads one byte at a time: bytes after the line belong to the next question. */
async function readLine(): Promise<string> {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (await Deno.stdin.read(byte) === 1 && byte[0] !== 0x0a) {
    bytes.push(byte[0]!);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

function write(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(writeSome(stream, rest));
}

/** Writes to a stream that other processes may have made non-blocking, and that may be full. */
function writeSome(
  stream: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): number {
  try {
    return stream.writeSync(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return 0;
  }
}

/** Formats a count for people: `1 minute`, `30 minutes`. */
export function formatCount(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** Formats a size for people: `10 bytes`, `1.2 KB`, `3.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return formatCount(bytes, "byte");
  const units = ["KB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** Formats a path as one word of a shell, quoted where that is necessary. */
export function formatPath(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
