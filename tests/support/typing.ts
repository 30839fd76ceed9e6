/**
 * Commands on a terminal, which the program `script` makes.
 *
 * @module
 */

import {
  engineFlags,
  permissions,
  type Script,
  scriptPath,
} from "./commands.ts";
import { environment } from "./environment.ts";
import type { Machine } from "./machine.ts";
import { root } from "./places.ts";

/** Why there can be no terminal, or `null`; the reason is printed. */
export async function whyNoTerminal(): Promise<string | null> {
  const reason = await findReason();
  if (reason !== null) console.log(`some tests are skipped: ${reason}`);
  return reason;
}

async function findReason(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "only script of Linux is known here";
  try {
    await new Deno.Command("script", { args: ["--version"] }).output();
    return null;
  } catch (error) {
    return `script cannot run: ${error}`;
  }
}

/** Ways to run a command on a terminal; all of it may be left out. */
export interface TypingOptions {
  /** What the command asks; by default a question with choices in brackets. */
  question?: RegExp;
  /** Whether it may install sessions. */
  ofSessions?: boolean;
  /** The only folder of the machine that it may write to; by default all of them. */
  mayWrite?: string;
}

/** Runs a command on a terminal where somebody types this, one part for each question. */
export async function type(
  machine: Machine,
  script: Script,
  args: string[],
  lines: string[],
  { question = /\? \[.*?\] /g, ofSessions = false, mayWrite }: TypingOptions =
    {},
): Promise<{ code: number; text: string }> {
  const command = [
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--cached-only",
    `--config=${root}/deno.json`,
    ...permissions(script, machine.folder, ofSessions).map((flag) =>
      mayWrite !== undefined && flag.startsWith("--allow-write=")
        ? `--allow-write=${machine.folder}/${mayWrite}`
        : flag
    ),
    ...engineFlags(script, ofSessions),
    ...script === "receive" ? [`--allow-read=${root}`] : [],
    `${root}/${scriptPath(script)}`,
    ...args,
  ].map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    cwd: machine.path("."),
    env: environment(machine.folder),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  let text = "";
  let typed = 0;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    const asked = text.match(question)?.length ?? 0;
    if (asked === typed || typed === lines.length) continue;
    await writer.write(new TextEncoder().encode(lines[typed++]));
  }
  await writer.close().catch(() => {});
  return { code: (await child.status).code, text };
}
