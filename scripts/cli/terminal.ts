/**
 * The only file that prints.
 *
 * Output: a received payload goes to stdout; everything else, such as progress, errors and hints,
 * goes to stderr. With `--json`, stdout carries one JSON object per line instead
 * (`{"event": "ready" | "addresses" | "peer" | "catalogue" | "offers" | "looked" | "chosen" | "packed" | "progress" | "delivered" | "refused" | "relay" | "left" | "drop" | "failed" | "ended" | "share" | "session" | "listed" | "stopped" | "paired" | "pair" | "forgot" | "memory" | "document" | "secrets" | "work" | "preview" | "warning" | "bundled" | "installed" | "exported" | "opened" | "saved" | "undone" | "discarded" | "check" | "checked" | "leftover", …}`),
 * and stderr only warnings and errors. Text from another machine is cleaned before it is shown. A
 * passphrase is shown only if this program generated it.
 *
 * @module
 */

import { EXIT_CODES, forPeople, SpreadError } from "../../lib/errors.ts";
import type { OutputListener } from "./listener.ts";
import {
  harmless,
  hasColors,
  isDumb,
  readLine,
  type Style,
  styled,
  terminalColumns,
  write,
} from "./screen/streams.ts";
import type { Screen } from "./screen/table.ts";
import { TransferProgress } from "./screen/transfer_progress.ts";

/** Whether a person can be asked: both the keyboard and the screen are a terminal's. */
export function canAsk(): boolean {
  return Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
}

/** The output and questions of one command. */
export class Terminal {
  /** Receives all output after {@linkcode leave}. */
  #log: { writeSync(bytes: Uint8Array): number } | null = null;
  #warnsInEvents = false;
  readonly #json: boolean;
  readonly #listener: OutputListener | undefined;
  readonly #hasColors = {
    out: hasColors(Deno.stdout),
    error: hasColors(Deno.stderr),
  };
  readonly #progress: TransferProgress;
  #isBarShown = false;

  constructor(
    { json, listener }: { json: boolean; listener?: OutputListener },
  ) {
    this.#json = json;
    this.#listener = listener;
    this.#progress = new TransferProgress(
      json ? (fields) => this.event("progress", fields) : null,
      {
        draw: (line) => this.#draw(line),
        say: (text) => this.tell(text),
        hasScreen: () => this.hasScreen,
      },
    );
  }

  /** Whether messages go to a terminal that understands control sequences. */
  get hasScreen(): boolean {
    return this.#log === null && Deno.stderr.isTerminal() && !isDumb();
  }

  /** The screen that tables go to. */
  get tableScreen(): Screen {
    const { out } = this.#hasColors;
    return {
      columns: Deno.stdout.isTerminal() ? terminalColumns() : null,
      dim: (text) => out ? styled(text, "side") : text,
    };
  }

  /** Counts of the last transfer that has moved, in bytes. */
  get moved(): { bytes: number; size: number } | null {
    return this.#progress.moved;
  }

  /** Hands warnings to the process that started this one, until {@linkcode leave}. */
  warnInEvents(): void {
    this.#warnsInEvents = true;
  }

  /** Detaches from the terminal: all further output goes to a log. */
  leave(log: { writeSync(bytes: Uint8Array): number }): void {
    this.#warnsInEvents = false;
    this.#log = log;
  }

  /** Tells a person what happens, and a program the same as an event, if there is one. */
  say(
    text: string,
    event?: string,
    fields?: Record<string, unknown>,
  ): void {
    if (!this.#json) this.#message(text);
    if (event !== undefined) this.event(event, fields);
  }

  /** Tells a person a side fact. */
  remark(text: string): void {
    if (!this.#json) this.#write(this.style(harmless(text), "side"));
  }

  /** Says something to whoever runs the command, such as Claude, and not to a listener. */
  tell(text: string): void {
    if (!this.#json) this.#write(harmless(text), false);
  }

  /** Shows text to a person unchanged, such as a command to copy; silent with `--json`. */
  show(text: string): void {
    if (!this.#json) this.#error(text);
  }

  /** Makes part of a message stand out or recede, where there are colors. */
  style(text: string, style: Style): string {
    return this.#hasColors.error ? styled(text, style) : text;
  }

  /** Sends a control sequence to the terminal. */
  control(sequence: string): void {
    write(Deno.stderr, sequence);
  }

  /** Warns a person, even with `--json`. */
  warn(text: string): void {
    if (this.#warnsInEvents) this.event("warning", { message: text });
    else this.#message(text, "warning");
  }

  /** Reports an event to a program; silent without `--json`. */
  event(event: string, fields: Record<string, unknown> = {}): void {
    this.#listener?.event(event, fields);
    if (this.#json) this.#out(`${harmlessJson({ event, ...fields })}\n`);
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
    if (this.#json || text === "") return;
    this.#listener?.hear(`${text}\n`);
    this.print(text);
  }

  /**
   * Asks a question and returns the line that the user types; empty at the end of input.
   *
   * @throws The signal's reason.
   */
  async ask(question: string, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    this.#clearBar();
    write(Deno.stderr, question);
    return await readLine(signal);
  }

  /**
   * Asks a question whose answer is yes or no; only yes is yes.
   *
   * @throws The signal's reason.
   */
  async agrees(question: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.ask(`${question} [y/N] `, signal);
    return /^y(es)?$/i.test(answer.trim());
  }

  /**
   * Shows the progress of a transfer, at limited intervals; counts are in bytes.
   *
   * @param transfer Key of the transfer, when several may be under way with one peer.
   */
  progress(
    peer: string,
    bytes: number,
    size: number,
    transfer: unknown = peer,
  ): void {
    this.#progress.update(transfer, peer, { bytes, size });
  }

  /** Ends the progress of a transfer. */
  endProgress(transfer: unknown): void {
    this.#progress.end(transfer);
    this.#clearBar();
  }

  /** Shows an error and returns its exit code. A stop that the user wanted is not an error. */
  fail(error: unknown): number {
    const known = forPeople(error);
    if (known === null) return this.#failUnforeseen(error);
    const { code, message, hint, fields } = known;
    this.#failedEvent({ error: code, message, hint, ...fields });
    this.#message(message, code === "INTERRUPTED" ? undefined : "error");
    if (hint !== "") this.#message(hint, "side", "hint");
    return EXIT_CODES[code];
  }

  #failUnforeseen(error: unknown): number {
    const message = String(error);
    const hint =
      "Please report this with the lines above; it should not happen";
    this.#failedEvent({ error: "UNFORESEEN", message, hint: "" });
    this.#message(error instanceof Error ? `${error.stack}` : message, "error");
    this.#message(hint, "side", "hint");
    return 1;
  }

  #failedEvent(
    fields: { error: string; message: string; hint: string },
  ): void {
    try {
      this.event("failed", fields);
    } catch {
      // The reader of events is gone; the exit code still reports the failure.
    }
  }

  /** Writes a message after its label, if it has a style; the label is the style's name. */
  #message(
    text: string,
    style?: Style,
    label: string | undefined = style,
  ): void {
    const labels = style ? `${this.style(`${label}:`, style)} ` : "";
    this.#write(`${labels}${harmless(text)}`);
  }

  #write(message: string, isHeard?: boolean): void {
    this.#error(`${this.style("spread:", "side")} ${message}`, isHeard);
  }

  #draw(line: string): void {
    write(Deno.stderr, `\r${line}\x1b[K`);
    this.#isBarShown = true;
  }

  #clearBar(): void {
    if (this.#isBarShown) write(Deno.stderr, "\r\x1b[K");
    this.#isBarShown = false;
  }

  #error(text: string, isHeard = true): void {
    this.#clearBar();
    if (isHeard) this.#listener?.hear(`${text}\n`);
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
      throw cannotPrint(cause);
    }
  }
}

/** `CANNOT_STORE` for standard output. */
export function cannotPrint(cause: unknown): SpreadError {
  return new SpreadError(
    "CANNOT_STORE",
    "Cannot write to standard output",
    "Check that the program that reads the output still runs, and that the disk has space, then try again",
    { cause },
  );
}

/** Writes JSON in which nothing steers a terminal: `stringify()` escapes only the first 32 characters. */
function harmlessJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu,
    (text) =>
      text.split("")
        .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}
