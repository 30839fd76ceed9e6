/**
 * Commands on a terminal, which the program `script` makes.
 *
 * @module
 */

import { environment } from "./environment.ts";
import type { Machine } from "./machine.ts";
import { LAUNCHER } from "./commands.ts";

/** Longest that a command may take, in milliseconds: a test that hangs says where. */
const DEADLINE_MS = 60_000;

/** Why there can be no terminal, or `null`; the reason is printed. */
export const noTerminal: string | null = await whyNoTerminal();
if (noTerminal !== null) console.log(`some tests are skipped: ${noTerminal}`);

async function whyNoTerminal(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "only script of Linux is known here";
  try {
    await new Deno.Command("script", { args: ["--version"] }).output();
    return null;
  } catch (error) {
    return `script cannot run: ${error}`;
  }
}

/** How a command is started; all of it may be left out. */
export interface TerminalOptions {
  /** Width of the terminal. */
  columns?: number;
  /** More variables; an empty one is taken away. */
  env?: Record<string, string>;
  /** Keys that are typed once a text is on the screen, in order. */
  typed?: [after: string | RegExp, keys: string][];
  /** Appended to the command line as the shell's, such as `>FILE`. */
  redirection?: string;
}

/** How a command ended, and all that came to its terminal. */
export interface OnTerminal {
  code: number;
  text: string;
}

/** Runs `bin/claude-spread` on a terminal in the machine's work folder, to its end. */
export function launchOnTerminal(
  machine: Machine,
  args: string[],
  options: TerminalOptions = {},
): Promise<OnTerminal> {
  const command = [...LAUNCHER, ...args];
  return runOnTerminal(machine, command, options);
}

/** Runs a program on a terminal in the machine's work folder, to its end. */
export async function runOnTerminal(
  machine: Machine,
  command: string[],
  { columns = 80, env = {}, typed = [], redirection = "" }: TerminalOptions =
    {},
): Promise<OnTerminal> {
  const line = command.map(quoted).join(" ");
  const inTerminal =
    `stty cols ${columns} rows 24; exec ${line} ${redirection}`;
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", inTerminal, "/dev/null"],
    cwd: machine.work,
    clearEnv: true,
    env: environment(machine, {
      TERM: "xterm",
      NO_COLOR: "",
      SHELL: "/bin/sh",
      ...env,
    }),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const keys = new TextEncoder();
  const writer = child.stdin.getWriter();
  const waiting = [...typed];
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    while (waiting.length > 0 && isIn(text, waiting[0]![0])) {
      await writer.write(keys.encode(waiting.shift()![1]));
    }
  }
  await writer.close().catch(() => {});
  const { code } = await child.status;
  clearTimeout(deadline);
  return { code, text: text.replaceAll("\r\n", "\n") };
}

function isIn(text: string, after: string | RegExp): boolean {
  return typeof after === "string" ? text.includes(after) : after.test(text);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
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
