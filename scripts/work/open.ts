/**
 * `work open`: received work in a work tree beside the checkout.
 *
 * @module
 */

import { resolve } from "@std/path";
import { usage } from "../../lib/errors.ts";
import { type KeptWork, writeKept } from "../../lib/work/open/kept.ts";
import { makeWorktree } from "../../lib/work/open/worktree.ts";
import { formatPath } from "../cli/screen/format.ts";
import { workFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { WorkAction } from "./options.ts";
import { findWork, openCheckout, startGit, unpack } from "./received_work.ts";
import { sayFacts } from "./show.ts";

/** Opens received work; work that is open already is only named. */
export async function openWork(
  { id, folder, project }: Extract<WorkAction, { action: "open" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const work = await findWork(id);
  if (work.opened !== undefined) return sayOpen(work, folder, terminal);
  using git = startGit(signal);
  const repository = await openCheckout(project, git);
  await using unpacked = await unpack(work, repository, git);
  const facts = await unpacked.facts();
  sayFacts(work.id, unpacked, facts, terminal);
  const made = await makeWorktree(repository, unpacked, {
    id: work.id,
    folder: folder === undefined ? null : resolve(folder),
    name: nameFor(work),
  });
  const opened = {
    checkout: repository.root,
    ...made,
    time: new Date().toISOString(),
  };
  await writeKept(workFolder(), { ...work, opened });
  const { root } = unpacked.header;
  terminal.say(
    `opened in ${formatPath(made.worktree)}, on branch ${made.branch}`,
    "opened",
    { id: work.id, ...opened, sender_root: root },
  );
  terminal.say(
    `what the sender calls ${formatPath(root)} is ${
      formatPath(made.worktree)
    } here`,
  );
  terminal.remark(
    `your checkout stays as it was; claude-spread work undo ${work.id} takes all of it away`,
  );
}

/** Names the place of work that is open already. */
export function sayOpen(
  { id, opened }: KeptWork,
  folder: string | undefined,
  terminal: Terminal,
): void {
  const { worktree, branch } = opened!;
  if (folder !== undefined && resolve(folder) !== worktree) {
    throw usage(
      `The work ${id} is open already, in "${worktree}"`,
      `Leave the folder out, or take it away first: claude-spread work undo ${id}`,
    );
  }
  terminal.say(
    `the work ${id} is open already, in ${
      formatPath(worktree)
    }, on branch ${branch}`,
    "opened",
    { id, ...opened },
  );
}

/** A name for folder and branch, after the sender: `from-alex`. */
function nameFor({ from }: KeptWork): string {
  const [user = ""] = (from ?? "").split("@");
  const plain = user.normalize("NFKD").toLowerCase()
    .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 32);
  return plain === "" ? "work" : `from-${plain}`;
}
