/**
 * The means of a skill's command, and what several skills do with them.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import type { Kind } from "../../lib/payload.ts";
import { skillCommand } from "../../lib/plugin_name.ts";
import { type CommandName, type Skill, SKILL_NAMES } from "../cli/commands.ts";
import { type Flags, parseFlags } from "../cli/flags.ts";
import type { Running, TypedWords } from "../cli/run_command.ts";
import type { SkillSession } from "./session.ts";
import type { TypedInput } from "./typed/input.ts";

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
  await run(flags, { ...means, typed }).catch((error) => {
    throw keepCommits(means, error);
  });
  if (flags.has("preview")) return tellPreview(means);
  const isDrop = flags.has("leave") && !flags.has("keepOpen");
  means.terminal.say(
    `${skillCommand(SKILL_NAMES.status!)} shows who has received it; ${
      skillCommand(SKILL_NAMES.stop!)
    } ${isDrop ? "takes it back" : "ends it earlier"}`,
  );
}

/** Has Claude leave commits with secrets alone, which only the user may change or include. */
function keepCommits({ skill }: Means, error: unknown): unknown {
  if (!SpreadError.is(error, "SECRETS_FOUND")) return error;
  const { code, message, fields } = error;
  if (fields.commits === undefined) return error;
  const hint =
    `End here: only the user decides about commits. They can take the secrets out, or type ${
      skillCommand(skill)
    } --with-work --include FILE,FILE`;
  return new SpreadError(code, message, hint, { cause: error, fields });
}

/** Tells Claude that the user wanted to look, and nothing else. */
export function tellPreview({ terminal }: Means): void {
  terminal.tell(
    "to Claude: the user typed --preview, so nothing is shared; end here",
  );
}

/**
 * Shares a file of this session in a process of its own, which removes the file.
 *
 * @throws {SpreadError} `PAYLOAD_UNREADABLE` with a hint for Claude, when it has not written it.
 */
export async function shareFile(
  means: Means,
  kind: Kind,
  file: string,
  typed: TypedWords,
): Promise<void> {
  await Deno.lstat(file).catch((cause) => {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new SpreadError(
      "PAYLOAD_UNREADABLE",
      `Cannot share "${file}": Claude has not written it`,
      "Write the document there with the Write tool, then run the same command again",
      { cause },
    );
  });
  const args = [`--kind=${kind}`, "--remove-file", "--", file];
  await startShare(means, args, typed);
}

/** Receives, as the user would in a terminal. */
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
 * @param line The command that the user can type instead, after "!" in Claude Code or in a
 *   terminal.
 * @throws {SpreadError} `NOT_AGREED` where hooks are off.
 */
export function requireHooks({ session }: Means, line: string): void {
  if (session.hasHooks) return;
  throw new SpreadError(
    "NOT_AGREED",
    "Nothing was done: the plugin's hooks are off, so only Claude says that the user wants this",
    `Turn the plugin's hooks on, or have the user type this in Claude Code: ! ${line}`,
  );
}
