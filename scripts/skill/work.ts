/**
 * The skill `work`: shows the unfinished work that was received last, and opens it when the user
 * agrees. The skills that receive have Claude run it, too.
 *
 * @module
 */

import {
  type KeptWork,
  lockKept,
  payloadPath,
  writeKept,
} from "../../lib/work/open/kept.ts";
import { readHeader } from "../../lib/work/work_file.ts";
import { formatPath } from "../cli/screen/format.ts";
import { workFolder } from "../cli/surroundings.ts";
import { describeObeyed } from "../cli/work/report.ts";
import { run } from "../work/command.ts";
import { sayOpen } from "../work/open.ts";
import { findWork } from "../work/received_work.ts";
import type { Means } from "./means.ts";
import { ask, close, quotedName, readAnswer } from "./question.ts";

/** Shows the work received last, and asks; with `--yes`, does what the user answered. */
export async function work(means: Means): Promise<void> {
  if (means.flags.has("yes")) return await carryOut(means);
  const { session: { project }, terminal, signal } = means;
  const work = await findWork(undefined);
  if (await isOpen(work)) {
    sayOpen(work, undefined, terminal);
    return tellWhere(means);
  }
  const { id } = work;
  // Even if it cannot be shown: sessions must not wait for it for ever.
  await noteAsked(id, signal);
  await run({ action: "show", id, summary: true, project }, terminal, signal);
  await askWhether(means, work);
}

/** Notes that the user is asked; what another command has noted meanwhile stays. */
async function noteAsked(id: string, signal: AbortSignal): Promise<void> {
  using _lock = await lockKept(workFolder(), signal);
  await writeKept(workFolder(), { ...await findWork(id), asked: true });
}

/** Whether work is open; one whose folder was removed by hand is opened again only if agreed. */
async function isOpen({ opened }: KeptWork): Promise<boolean> {
  if (opened === undefined) return false;
  return await Deno.lstat(opened.worktree).then(() => true, () => false);
}

/** Says which files Claude Code follows when it is started there. */
function sayObeyed({ events }: Means): string {
  const { acting } = events.get("work") as { acting: string[] };
  const obeyed = describeObeyed(acting);
  return obeyed === null
    ? ""
    : ` Claude Code obeys these files without asking when it is started there: ${obeyed}.`;
}

async function askWhether(means: Means, kept: KeptWork): Promise<void> {
  const { id } = kept;
  const from = kept.from === undefined ? "the sender" : quotedName(kept.from);
  const { header } = await readHeader(payloadPath(workFolder(), kept));
  await ask(
    {
      text: `Open the unfinished work on ${
        quotedName(header.project)
      } from ${from} here? It opens in a folder of its own; your checkout stays as it is.${
        sayObeyed(means)
      }`,
      header: "Work",
      isMultiple: false,
      choices: [{
        value: id,
        label: "Open it",
        description: "Its commits and changes, in a git work tree",
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
  const { session, terminal, signal } = means;
  const [id] = await readAnswer(means);
  if (id === undefined) terminal.say("nothing is opened, as the user chose");
  else {
    const { project } = session;
    // The question has named what acts by itself.
    const open = { action: "open", id, yes: true, project } as const;
    await run(open, terminal, signal);
    tellWhere(means);
  }
  await close(session);
}

/** Tells Claude where it goes on. */
function tellWhere({ terminal, events }: Means): void {
  const { worktree } = events.get("opened") as { worktree: string };
  terminal.tell(
    `to Claude: where texts name the sender's folder, use ${
      formatPath(worktree)
    } instead; write there with absolute paths, and change nothing for this work in the user's own checkout`,
  );
}
