/**
 * A person at a terminal, who answers what a command asks.
 *
 * @module
 */

import { commandLine, type Script } from "./commands.ts";
import type { Machine } from "./machine.ts";
import { OnTerminal } from "./on_terminal.ts";

/** Ways to run a command on a terminal; all of it may be left out. */
export interface TypingOptions {
  /** What the command asks; by default a question with choices in brackets. */
  question?: RegExp;
}

/** Runs a command on a terminal where somebody types this, one part for each question. */
export async function type(
  machine: Machine,
  script: Script,
  args: string[],
  lines: string[],
  { question = /\? \[.*?\] /g }: TypingOptions = {},
): Promise<{ code: number; text: string }> {
  await using terminal = new OnTerminal(machine, commandLine(script, args));
  for (const [i, line] of lines.entries()) {
    const times = `(?:(?:${question.source})[^]*?){${i + 1}}`;
    await terminal.until(new RegExp(times));
    await terminal.type(line);
  }
  return { code: await terminal.ended, text: terminal.text };
}
