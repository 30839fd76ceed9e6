/**
 * The skill `work`: shows the unfinished work that came along, and opens it when the user agrees.
 * The skills that receive have Claude run it, too.
 *
 * @module
 */

import { readKept, writeKept } from "../../lib/work/open/kept.ts";
import { workFolder } from "../cli/surroundings.ts";
import { run } from "../work/command.ts";
import type { Means } from "./means.ts";
import { ask, close, readAnswer } from "./question.ts";

/** Shows the work received last, and asks; with `--yes`, does what the user answered. */
export async function work(means: Means): Promise<void> {
  const { flags, session, terminal, signal } = means;
  const { project } = session;
  if (flags.has("yes")) {
    const [id] = await readAnswer(means);
    if (id === undefined) terminal.say("nothing is opened, as the user chose");
    else await run({ action: "open", id, project }, terminal, signal);
    return await close(session);
  }
  const folder = workFolder();
  const [newest] = await readKept(folder, new Date());
  if (newest === undefined || newest.opened !== undefined) {
    // Names where it is, or that there is none.
    return await run({ action: "open", project }, terminal, signal);
  }
  const { id } = newest;
  await writeKept(folder, { ...newest, asked: true });
  await run({ action: "show", id, summary: true, project }, terminal, signal);
  await ask(
    {
      text:
        "Open this work here? It gets a folder of its own beside the checkout, which stays as it is.",
      header: "Work",
      isMultiple: false,
      choices: [{
        value: id,
        label: "Open it",
        description: "A work tree with its commits and changes",
      }],
      none: {
        label: "Not now",
        description: "It stays for a week: claude-spread work open",
      },
    },
    {
      skills: ["! claude-spread work open"],
      shell: `claude-spread work open --id ${id}`,
    },
    means,
  );
}
