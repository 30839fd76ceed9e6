/**
 * The commands of the skills, `claude-spread skill NAME [choices]`: Claude may run these, and
 * nothing else of ours.
 *
 * Their arguments name no path, project, words, host or session. All of that comes from what the
 * user typed and answered, which the hooks have kept (`skill/session.ts`), so that no sentence that
 * Claude reads can choose it.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import { type CommandName, COMMANDS, type Skill } from "./cli/commands.ts";
import { refuseMore } from "./cli/flags.ts";
import { runCommand } from "./cli/run_command.ts";
import type { OutputListener } from "./cli/listener.ts";
import type { Means, SkillBody } from "./skill/means.ts";
import { Notice } from "./skill/notice.ts";
import { closeWrittenFolder, SkillSession } from "./skill/session.ts";
import { TypedInput } from "./skill/typed/input.ts";

/** The work of each skill. `deno compile` follows only literal imports. */
const BODIES: Record<Skill, () => Promise<SkillBody>> = {
  "distill-share": async () => (await import("./skill/distill.ts")).share,
  "distill-receive": async () => (await import("./skill/distill.ts")).receive,
  "memory-share": async () => (await import("./skill/memory_share.ts")).share,
  "memory-receive": async () =>
    (await import("./skill/memory_receive.ts")).receive,
  "sessions-share": async () =>
    (await import("./skill/sessions_share.ts")).share,
  "sessions-receive": async () =>
    (await import("./skill/sessions_receive.ts")).receive,
  "work": async () => (await import("./skill/work.ts")).work,
  "pair": async () => (await import("./skill/pair.ts")).pair,
  "status": async () => (await import("./skill/shares.ts")).status,
  "stop": async () => (await import("./skill/shares.ts")).stop,
};

/** Options and commands that no skill has. */
const OF_A_TERMINAL =
  /(?:^|\s)--(?:project|memory|output)\b|claude-spread work /;

/** Says of a hint that Claude cannot do what it asks for. */
function forSkill(error: unknown): unknown {
  if (!(error instanceof SpreadError)) return error;
  const { code, message, hint, cause, fields } = error;
  if (!OF_A_TERMINAL.test(hint)) return error;
  const said = `${hint} (in a terminal; the user does that, not Claude)`;
  return new SpreadError(code, message, said, { cause, fields });
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const [name = "", ...rest] = args;
  if (!Object.hasOwn(COMMANDS, `skill ${name}`)) {
    const { main: explain } = await import("./help.ts");
    return await explain(["skill", ...args]);
  }
  const skill = name as Skill;
  const loading = BODIES[skill]();
  const notice = new Notice();
  const events: Means["events"] = new Map();
  const listener: OutputListener = {
    hear: (text) => notice.hear(text),
    event: (event, fields) => events.set(event, fields),
  };
  const command: CommandName = `skill ${skill}`;
  const means: Partial<Means> = { events, skill };
  const code = await runCommand(command, rest, async (flags, running) => {
    refuseMore(flags.operands);
    const session = await SkillSession.open();
    const input = new TypedInput(session, skill);
    Object.assign(means, { ...running, flags, session, input });
    if (!session.hasHooks) {
      await closeWrittenFolder();
      running.terminal.say(
        `the plugin's hooks are off: this is for the project in ${session.project}${
          skill.endsWith("-receive")
            ? ""
            : ", and what was typed after the command is ignored"
        }`,
      );
    }
    const body = await loading;
    await body(means as Means).catch(async (error) => {
      await input.failed(error);
      throw forSkill(error);
    });
  }, listener);
  const { session, terminal } = means;
  if (session !== undefined) await notice.deliver(session, terminal!);
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
