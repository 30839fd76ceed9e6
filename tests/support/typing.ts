/**
 * A person at a terminal, who answers what a command asks.
 *
 * @module
 */

import { commandLine, type Script } from "./commands.ts";
import type { Machine } from "./machine.ts";
import { type OnTerminal, runOnTerminal } from "./pseudo_terminal.ts";

/** Ways to run a command on a terminal; all of it may be left out. */
export interface TypingOptions {
  /** The question of the command; by default a question with choices in brackets. */
  question?: RegExp;
}

/** Runs a command on a terminal where somebody types this, one part for each question. */
export async function type(
  machine: Machine,
  script: Script,
  args: string[],
  lines: string[],
  { question = /\? \[.*?\] / }: TypingOptions = {},
): Promise<OnTerminal> {
  const typed = lines.map((line, i): [RegExp, string] => {
    const times = `(?:(?:${question.source})[^]*?){${i + 1}}`;
    return [new RegExp(times), line];
  });
  const env = { NO_COLOR: "1" };
  const line = commandLine(script, args);
  return await runOnTerminal(machine, line, { typed, env });
}
