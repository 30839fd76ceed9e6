/**
 * Commands that run to their end on a terminal, and what they drew there.
 *
 * @module
 */

import { LAUNCHER } from "./commands.ts";
import type { Machine } from "./machine.ts";
import { OnTerminal, type TerminalOptions } from "./on_terminal.ts";

export { noTerminal } from "./on_terminal.ts";

/** How a command is started, and what is typed meanwhile; all of it may be left out. */
export interface TypingOptions extends TerminalOptions {
  /** Keys to press once a text is on the screen, in order. */
  typed?: [after: string | RegExp, keys: string][];
}

/** How a command ended, and all that came to its terminal. */
export interface Shown {
  code: number;
  text: string;
}

/** Runs `bin/claude-spread` on a terminal in the machine's work folder, to its end. */
export function launchOnTerminal(
  machine: Machine,
  args: string[],
  options: TypingOptions = {},
): Promise<Shown> {
  return runOnTerminal(machine, [...LAUNCHER, ...args], options);
}

/** Runs a program on a terminal in the machine's work folder, to its end. */
export async function runOnTerminal(
  machine: Machine,
  command: string[],
  { typed = [], ...how }: TypingOptions = {},
): Promise<Shown> {
  await using terminal = new OnTerminal(machine, command, how);
  let from = 0;
  for (const [after, keys] of typed) {
    const found = await terminal.until(
      after instanceof RegExp ? after : new RegExp(RegExp.escape(after)),
      from,
    );
    from += found.index + found[0].length;
    await terminal.type(keys);
  }
  const code = await terminal.ended;
  return { code, text: terminal.text.replaceAll("\r\n", "\n") };
}

/** Begins a control sequence. */
export const ESC = "\x1b";

/** Takes colors out of a text. */
export function withoutColors(text: string): string {
  return text.replace(new RegExp(`${ESC}\\[[\\d;]*m`, "g"), "");
}

/** Splits a text into all that was drawn on one line, again and again, and the rest. */
export function splitDrawn(text: string): { drawn: string[]; rest: string } {
  const pattern = new RegExp(`\r([^\r\n${ESC}]*)${ESC}\\[K`, "g");
  const drawn = [...text.matchAll(pattern)].map(([, line]) => line!);
  return {
    drawn: drawn.filter((line) => line !== ""),
    rest: text.replace(pattern, ""),
  };
}
