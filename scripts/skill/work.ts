/**
 * The skill `work`: shows the unfinished work that was received last, and opens it when the user
 * agrees. The skills that receive have Claude run it, too.
 *
 * @module
 */

import {
  type KeptWork,
  payloadPath,
  readKept,
  writeKept,
} from "../../lib/work/open/kept.ts";
import { readHeader } from "../../lib/work/work_file.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { formatPath } from "../cli/screen/format.ts";
import { workFolder } from "../cli/surroundings.ts";
import { run } from "../work/command.ts";
import type { WorkAction } from "../work/options.ts";
import type { Means } from "./means.ts";
import { ask, close, readAnswer } from "./question.ts";

/** Shows the work received last, and asks; with `--yes`, does what the user answered. */
export async function work(means: Means): Promise<void> {
  if (means.flags.has("yes")) return await carryOut(means);
  const { project } = means.session;
  const [newest] = await readKept(workFolder(), new Date());
  if (newest === undefined || newest.opened !== undefined) {
    // Names where it is, or that there is none.
    return await open(means, { action: "open", id: newest?.id, project });
  }
  const { id } = newest;
  // Even if it cannot be shown: sessions must not wait for it for ever.
  await writeKept(workFolder(), { ...newest, asked: true });
  const { terminal, signal } = means;
  await run({ action: "show", id, summary: true, project }, terminal, signal);
  await askWhether(means, newest);
}

/** Most files that the question names. */
const MAX_NAMED = 3;

/** Files that Claude Code follows from its start on, in a folder that it takes for trusted. */
const OBEYED = /(?:^|\/)(?:\.claude\/.*|\.mcp\.json|claude(?:\.local)?\.md)$/i;

/**
 * Says which files Claude Code would follow: it trusts the work tree of a checkout that it trusts,
 * and asks nothing when it starts there.
 */
function sayObeyed({ events }: Means): string {
  const { acting } = events.get("work") as { acting: string[] };
  const obeyed = acting.filter((path) => OBEYED.test(path));
  if (obeyed.length === 0) return "";
  const named = obeyed.slice(0, MAX_NAMED).map((path) => cleanLine(path, 40));
  const more = obeyed.length - named.length;
  if (more > 0) named.push(`${more} more`);
  return ` Claude Code, started there, would do without asking what these say: ${
    named.join(", ")
  }.`;
}

async function askWhether(means: Means, kept: KeptWork): Promise<void> {
  const { id, from = "the sender" } = kept;
  const { header } = await readHeader(payloadPath(workFolder(), kept));
  await ask(
    {
      text: `Open the unfinished work on "${
        cleanLine(header.project, 80)
      }" from ${from} here? It gets a folder of its own beside your checkout, which stays as it is.${
        sayObeyed(means)
      }`,
      header: "Work",
      isMultiple: false,
      choices: [{
        value: id,
        label: "Open it",
        description: "Its commits and changes, in a work tree of git",
      }],
      none: {
        label: "Not now",
        description: "It waits here for a week",
      },
    },
    {
      skills: ["! claude-spread work open"],
      shell: `claude-spread work open --id ${id}`,
    },
    means,
  );
}

/** Opens the work that the user was asked about, unless they chose not to. */
async function carryOut(means: Means): Promise<void> {
  const { session, terminal } = means;
  const [id] = await readAnswer(means);
  if (id === undefined) terminal.say("nothing is opened, as the user chose");
  else {
    const { project } = session;
    await open(means, { action: "open", id, project, isShown: true });
  }
  await close(session);
}

/** Opens work, and tells Claude where it goes on. */
async function open(means: Means, action: WorkAction): Promise<void> {
  const { terminal, signal, events } = means;
  await run(action, terminal, signal);
  const { worktree } = events.get("opened") as { worktree: string };
  terminal.tell(
    `to Claude: what a text calls by the sender's folder is in ${
      formatPath(worktree)
    }; write there with absolute paths, and change nothing for this work in the user's own checkout`,
  );
}
