/**
 * The skill `sessions-share`: lists the sessions of the project, and shares those that the user has
 * named or chosen.
 *
 * @module
 */

import { skillCommand } from "../../lib/plugin_name.ts";
import { listSessions } from "../../lib/session/local/list.ts";
import type { LocalSession } from "../../lib/session/local/list.ts";
import { claudeSurroundings } from "../cli/claude.ts";
import { formatCount } from "../cli/screen/format.ts";
import { openOptions } from "../cli/sessions/options.ts";
import { sessionFacts } from "../cli/sessions/report.ts";
import { formatList } from "../receive/sessions/list.ts";
import { type Means, startShare } from "./means.ts";
import { ask, close, readAnswer } from "./question.ts";
import type { TypedLine } from "./typed/line.ts";
import { wordsFor } from "./typed/input.ts";

/** Most sessions listed: those used last. */
const MAX_LISTED = 50;

/** Lists sessions and has the user choose, unless they have; with `--yes`, shares the chosen. */
export async function share(means: Means): Promise<void> {
  const { flags, input, session, terminal } = means;
  if (flags.has("yes")) {
    const ids = await readAnswer(means);
    if (ids.length > 0) {
      await start(means, await input.take(), [`--session=${ids.join(",")}`]);
    } else terminal.say("nothing is shared, as the user chose");
    return await close(session);
  }
  const line = await input.peek();
  const isNamed = line.args.some(({ arg }) => arg.startsWith("--session="));
  if (!isNamed) return await list(means, line);
  await start(means, await input.take(), []);
}

async function start(
  means: Means,
  line: TypedLine,
  args: string[],
): Promise<void> {
  const isAll = line.args.some(({ arg }) => arg === "--all");
  const everywhere = isAll ? ["--all"] : [];
  await startShare(
    means,
    ["--kind=session", ...everywhere, ...args],
    wordsFor(line, "serve"),
  );
}

async function list(means: Means, line: TypedLine): Promise<void> {
  const { session, terminal, signal } = means;
  const has = (option: string) => line.args.some(({ arg }) => arg === option);
  const all = has("--all");
  const { sessions, omitted } = await listSessions(
    claudeSurroundings(session.project),
    { all, limit: MAX_LISTED, openOptions: openOptions(), signal },
  );
  if (sessions.length === 0) {
    terminal.say(
      all
        ? "this machine has no sessions"
        : "this project has no sessions; --all lists those of other projects",
    );
    return;
  }
  terminal.show(
    formatList(
      sessions.map(({ firstPrompt, project, ...summary }) => ({
        ...summary,
        first_prompt: firstPrompt,
        project: all ? project : "",
      })),
    ),
  );
  if (omitted > 0) {
    terminal.say(`${formatCount(omitted, "older session")} not shown`);
  }
  await ask(
    {
      text: questionFor(has),
      header: "Share",
      isMultiple: true,
      choices: sessions.map((listed) => choiceOf(listed, session.id)),
      none: { label: "Share nothing", description: "Nothing leaves" },
    },
    {
      skills: [`${skillCommand("sessions-share")} --session ID,ID`],
      shell: "claude-spread serve --detach --session ID",
    },
    means,
  );
}

/** The question, which says what becomes of secrets. */
function questionFor(has: (option: string) => boolean): string {
  if (has("--preview")) {
    return "Which conversations do you want to look at? With --preview, which you typed, none of them leaves this machine.";
  }
  const secrets = has("--keep-secrets")
    ? "secrets too, as you typed --keep-secrets"
    : "except secrets that are recognized";
  const work = has("--with-work")
    ? " The unfinished work of this checkout goes along."
    : "";
  return `Which conversations may leave this machine? Each goes with every file and output in it, ${secrets}.${work}`;
}

function choiceOf(listed: LocalSession, running: string) {
  const { id, title } = listed;
  const here = id === running ? ["this session"] : [];
  return {
    value: id,
    label: title,
    description: [...here, ...sessionFacts(listed)].join(", "),
  };
}
