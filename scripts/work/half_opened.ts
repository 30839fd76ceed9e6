/**
 * Openings that were cut short: by an error, by the user, or by the end of the process.
 *
 * @module
 */

import type { GitProgram } from "../../lib/git/git.ts";
import { atRoot, openRepository } from "../../lib/git/repository.ts";
import { type KeptWork, writeKept } from "../../lib/work/open/kept.ts";
import { takeBack } from "../../lib/work/open/take_away.ts";
import { workFolder } from "../cli/surroundings.ts";
import { headerOf } from "./received_work.ts";

/**
 * Takes back what an opening has made before it was cut short; returns the work without it.
 *
 * @throws {SpreadError} `WORK_UNUSABLE`, `CANNOT_STORE`; the work then stays half opened.
 */
export async function takeBackOpening(
  work: KeptWork,
  git: GitProgram,
): Promise<KeptWork> {
  const { opening, ...closed } = work;
  if (opening === undefined) return work;
  const { checkout, branch } = opening;
  const repository = await openRepository(checkout, git.start);
  if (repository !== null) {
    const head = (await headerOf(work))?.head ?? null;
    await takeBack(atRoot(repository), { id: work.id, branch, head });
  }
  await writeKept(workFolder(), closed);
  return closed;
}
