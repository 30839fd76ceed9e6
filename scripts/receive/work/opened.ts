/**
 * Work that was opened before the rest of its share arrives: what comes then is for its work tree.
 *
 * @module
 */

import { findKept, payloadPath } from "../../../lib/work/open/kept.ts";
import { readHeader } from "../../../lib/work/work_file.ts";
import {
  MAX_GROWTH,
  type Move,
  PathRewriter,
} from "../../../lib/session/rebuild/path_rewriter.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import { formatCount, formatPath } from "../../cli/screen/format.ts";
import { workFolder } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { OfferedWork } from "./take_work.ts";

/**
 * The sender's checkout, and the work tree that stands for it here; `null` when the work of a share
 * is not open.
 *
 * @throws {SpreadError} `WORK_REFUSED`, `CANNOT_STORE`.
 */
export async function findOpened(
  work: OfferedWork | undefined,
): Promise<Move | null> {
  if (work === undefined) return null;
  const kept = await findKept(workFolder(), work.sha256, new Date());
  if (kept?.opened === undefined) return null;
  const { header } = await readHeader(payloadPath(workFolder(), kept));
  return { from: header.root, to: kept.opened.worktree };
}

/** Rewrites the sender's paths in a text to those of the opened work tree, and says how many. */
export async function withLocalPaths(
  text: string,
  work: OfferedWork,
  terminal: Terminal,
): Promise<string> {
  const move = await findOpened(work);
  return move === null ? text : rewritePaths(text, move, terminal);
}

/** Rewrites the paths of a move, and says how many; none if the text would grow too much. */
export function rewritePaths(
  text: string,
  move: Move,
  terminal: Terminal,
): string {
  const rewriter = new PathRewriter([move]);
  const local = rewriter.rewrite(text, MAX_GROWTH);
  if (local === null) {
    terminal.warn(
      `the paths in this text are still the sender's: with those of ${
        formatPath(move.to)
      } it would be too large`,
    );
    return text;
  }
  if (rewriter.count > 0) {
    terminal.say(
      `${formatCount(rewriter.count, "path")} rewritten: ${
        formatPath(cleanLine(move.from, 200))
      } is ${formatPath(move.to)} here`,
    );
  }
  return local;
}
