/**
 * The person's word for work with files that act by themselves.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { actsOnClaude } from "../../lib/work/acting_files.ts";
import { formatCount } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";

/** Most files that a warning names. */
const MAX_NAMED = 3;

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
  warnOfClaude(acting, terminal);
  if (Deno.stdin.isTerminal() && Deno.stderr.isTerminal()) {
    const answer = await terminal.ask("Open it all the same? [y/N] ", signal);
    if (/^y(es)?$/i.test(answer.trim())) return;
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

/** Claude Code trusts the work tree of a checkout that it trusts, and asks nothing there. */
function warnOfClaude(acting: string[], terminal: Terminal): void {
  const obeyed = acting.filter(actsOnClaude);
  if (obeyed.length === 0) return;
  const named = obeyed.slice(0, MAX_NAMED).map((path) => cleanLine(path, 120));
  const more = obeyed.length - named.length;
  if (more > 0) named.push(`${more} more`);
  terminal.warn(
    `Claude Code, started there, does without asking what these say: ${
      named.join(", ")
    }`,
  );
}
