/**
 * The question whether to open work with files that act by themselves.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import { formatCount } from "../cli/screen/format.ts";
import { canAsk, type Terminal } from "../cli/terminal.ts";
import { describeObeyed } from "../cli/work/report.ts";

/**
 * Asks whether work may be opened, if files in it act by themselves; they have been named.
 *
 * @param acting Paths of these files.
 * @param again Arguments with which the user opens the same again.
 * @throws {SpreadError} `NOT_AGREED` when the person does not agree, or cannot be asked.
 */
export async function agreeToActing(
  acting: string[],
  { id, again }: { id: string; again: string },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (acting.length === 0) return;
  const obeyed = describeObeyed(acting);
  if (obeyed !== null) {
    terminal.warn(
      `Claude Code obeys these files without asking when it is started there: ${obeyed}`,
    );
  }
  if (canAsk() && await terminal.agrees("Open it all the same?", signal)) {
    return;
  }
  const one = acting.length === 1;
  throw new SpreadError(
    "NOT_AGREED",
    `Nothing was opened: ${formatCount(acting.length, "file")} in it ${
      one ? "acts by itself" : "act by themselves"
    }`,
    `Look at ${
      one ? "it" : "them"
    } (claude-spread work show ${id}), then add --yes: claude-spread work open --yes ${again}`,
  );
}
