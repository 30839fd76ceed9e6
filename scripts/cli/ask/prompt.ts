/**
 * A prompt on a terminal in raw mode: shows a line and a remark below it, reads keys until
 * there is an answer, and always leaves the terminal as it was.
 *
 * `promptSecret` of `@std/cli` is not used: while it waits no signal is heard, so that Ctrl+C
 * does nothing; it writes to standard output, where a document goes; and Backspace leaves
 * half of a character that is not ASCII.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { unlessAborted } from "../../../lib/waiting.ts";
import { type Key, KeyReader } from "./keys.ts";
import { terminalColumns, write } from "../screen/streams.ts";
import { cut, widthOf } from "../screen/width.ts";
import { type EditedLine, fit, textOf } from "./line.ts";

/** Columns left for the line beside a label; with fewer the line gets one of its own. */
const MIN_LINE_COLUMNS = 34;

/** Fewest columns that are drawn for. */
const MIN_COLUMNS = 10;

/** A question, as a reducer over keys. */
export interface Prompt<S> {
  label: string;
  start: S;
  step: (state: S, key: Key) => S;
  /** The line and the remark to show. */
  show: (state: S) => { line: EditedLine; note: string };
  /** The answer; `null` while there is none. */
  answer: (state: S) => string | null;
}

/**
 * Asks a person.
 *
 * @throws {SpreadError} `INTERRUPTED` at Ctrl+C, or Ctrl+D on an empty line; the reason of
 * `signal`.
 */
export async function ask<S>(
  prompt: Prompt<S>,
  terminal: RawTerminal,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const { show, step, answer } = prompt;
  const lead = terminal.begin(prompt.label);
  for (let state = prompt.start;;) {
    const { line, note } = show(state);
    const given = answer(state);
    terminal.draw(lead, line, given === null ? note : "");
    if (given !== null) {
      terminal.end();
      return given;
    }
    const key = await terminal.readKey(signal);
    if (key === null || isStop(key, line)) {
      throw new SpreadError("INTERRUPTED", "Stopped");
    }
    state = step(state, key);
  }
}

function isStop(key: Key, line: EditedLine): boolean {
  if (key.kind !== "control") return false;
  return key.name === "stop" ||
    key.name === "end of input" && textOf(line) === "";
}

/** A terminal in raw mode: keys come one by one and nothing is echoed. */
export class RawTerminal implements Disposable {
  readonly #reader = new KeyReader();
  readonly #keys: Key[] = [];
  /** Whether the cursor is on a line that was not left yet. */
  #isDrawn = false;

  constructor() {
    // Ctrl+C and Ctrl+Z come as keys; pasted text comes between marks.
    Deno.stdin.setRaw(true);
    write(Deno.stderr, "\x1b[?2004h");
  }

  /** Shows a label; returns the text before the line, which is short on a narrow terminal. */
  begin(label: string): string {
    if (columns() >= widthOf(label) + MIN_LINE_COLUMNS) return label;
    write(Deno.stderr, `${label.trimEnd()}\r\n`);
    return "> ";
  }

  /** Draws a line, and a remark below it, over those drawn before. */
  draw(lead: string, line: EditedLine, note: string): void {
    const view = fit(line, columns() - lead.length);
    this.#isDrawn = true;
    const remark = cut(note, columns() - 1);
    write(
      Deno.stderr,
      `\r${lead}${view.text}\x1b[J` +
        (note === "" ? "" : `\r\n${remark}\x1b[A`) +
        `\r\x1b[${lead.length + view.cursor}C`,
    );
  }

  /** Leaves the line as it is and goes below it. */
  end(): void {
    this.#isDrawn = false;
    write(Deno.stderr, "\r\n\x1b[J");
  }

  /** Waits for a key; `null` when the terminal is gone. */
  async readKey(signal: AbortSignal): Promise<Key | null> {
    while (this.#keys.length === 0) {
      const bytes = await readBytes(signal);
      if (bytes === null) return null;
      this.#keys.push(...this.#reader.read(bytes));
    }
    return this.#keys.shift()!;
  }

  [Symbol.dispose](): void {
    if (this.#isDrawn) this.end();
    write(Deno.stderr, "\x1b[?2004l");
    Deno.stdin.setRaw(false);
  }
}

/** Waits for what the terminal sends; `null` at its end. */
async function readBytes(signal: AbortSignal): Promise<Uint8Array | null> {
  signal.throwIfAborted();
  const buffer = new Uint8Array(4096);
  const count = await unlessAborted(Deno.stdin.read(buffer), signal);
  return count === null ? null : buffer.subarray(0, count);
}

function columns(): number {
  return Math.max(terminalColumns(), MIN_COLUMNS);
}
