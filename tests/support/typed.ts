/**
 * Lines that a person has typed in Claude Code, as the plugin's hook keeps them.
 *
 * @module
 */

import type { Machine } from "./machine.ts";
import type { StartOptions } from "./running.ts";

/** The session that the lines belong to. */
export const SESSION_ID = "c396e4de-6401-4286-8d77-359475b3781d";

/** Makes a command run in that session. */
export const IN_SESSION: StartOptions = {
  env: { CLAUDE_CODE_SESSION_ID: SESSION_ID },
};

/** The folder of the plugin's data. */
export function dataOf(machine: Machine): string {
  return machine.path("plugin data");
}

/** Where the line of the session is kept. */
export function keptPath(machine: Machine): string {
  return `${dataOf(machine)}/typed/${SESSION_ID}.json`;
}

/** The event that Claude Code tells the hook of. */
export function eventOf(skill: string, line: string): Record<string, unknown> {
  return {
    session_id: SESSION_ID,
    hook_event_name: "UserPromptExpansion",
    expansion_type: "slash_command",
    command_name: `claude-spread:${skill}`,
    command_args: line,
    command_source: "plugin",
    prompt: `/claude-spread:${skill} ${line}`,
  };
}

/** Keeps a line, and returns the arguments that lead to it. */
export async function keep(
  machine: Machine,
  skill: string,
  line: string,
): Promise<string[]> {
  await keepText(machine, `${JSON.stringify(eventOf(skill, line))}\n`);
  return ["--typed", dataOf(machine)];
}

/** Keeps what is no event. */
export async function keepText(machine: Machine, text: string): Promise<void> {
  const folder = `${dataOf(machine)}/typed`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await Deno.remove(keptPath(machine)).catch(() => {});
  await Deno.writeTextFile(keptPath(machine), text, { mode: 0o600 });
}

/** Where Claude writes the line, when there is no hook. */
export function passedOnPath(machine: Machine): string {
  const folder = `${machine.folder}/home/.cache/claude-spread`;
  return `${folder}/typed-${SESSION_ID}.txt`;
}

/**
 * Writes a line as Claude does, readable by everybody who can reach it, and returns the
 * arguments that lead to it.
 */
export async function passOn(
  machine: Machine,
  line: string,
): Promise<string[]> {
  const path = passedOnPath(machine);
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.writeTextFile(path, line, { mode: 0o644 });
  return ["--typed", dataOf(machine)];
}
