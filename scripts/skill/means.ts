/**
 * The means of a skill's command, and what several skills do with them.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import { skillCommand } from "../../lib/plugin_name.ts";
import { type CommandName, type Skill, SKILL_NAMES } from "../cli/commands.ts";
import { type Flags, parseFlags } from "../cli/flags.ts";
import type { Running, TypedWords } from "../cli/run_command.ts";
import type { SkillSession } from "./session.ts";
import type { TypedInput } from "./typed_input.ts";

/** The means of a skill's command. */
export interface Means extends Running {
  /** The choices that Claude passed on. */
  flags: Flags;
  skill: Skill;
  session: SkillSession;
  /** The line that the user typed. */
  input: TypedInput;
  /** The fields of the last event of each name. */
  events: Map<string, Record<string, unknown>>;
}

/** The work of a skill's command. */
export type SkillBody = (means: Means) => Promise<void>;

/** Flags of a command that a skill runs for the user's project, with what they typed. */
export function flagsFor(
  command: CommandName,
  { session }: Means,
  args: string[],
  typed?: TypedWords,
): Flags {
  const project = `--project=${session.project}`;
  return parseFlags(command, [...typed?.args ?? [], project, ...args]);
}

/** Starts a share in a process of its own. */
export async function startShare(
  means: Means,
  args: string[],
  typed: TypedWords,
): Promise<void> {
  const { run } = await import("../serve.ts");
  const flags = flagsFor("serve", means, ["--detach", ...args], typed);
  await run(flags, { ...means, typed });
  means.terminal.say(
    `${skillCommand(SKILL_NAMES.status!)} shows who has received it, ${
      skillCommand(SKILL_NAMES.stop!)
    } ends it before`,
  );
}

/** Receives, and says so to the terminal. */
export async function startReceiving(
  means: Means,
  args: string[],
  typed: TypedWords,
): Promise<void> {
  const { run } = await import("../receive.ts");
  const flags = flagsFor("receive", means, args, typed);
  await run(flags, { ...means, typed });
}

/**
 * Refuses to take Claude's word for a choice of the user.
 *
 * @param line The command that the user can type instead, in Claude Code or in a terminal.
 * @throws {SpreadError} `NOT_AGREED` where hooks are off.
 */
export function requireHooks({ session }: Means, line: string): void {
  if (session.hasHooks) return;
  throw new SpreadError(
    "NOT_AGREED",
    "Nothing was done: without the plugin's hooks only Claude says that the user wants this",
    `Allow the plugin's hooks, or have the user type it themselves: ! ${line}`,
  );
}
