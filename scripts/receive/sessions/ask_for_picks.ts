/**
 * Asks a person which of the listed sessions to take.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import type { CatalogueEntry } from "../../../lib/session/catalogue.ts";
import { parsePicks } from "../../cli/sessions/options.ts";
import { sessionHistory } from "../../cli/surroundings.ts";
import { canAsk, type Terminal } from "../../cli/terminal.ts";
import type { ReceiveOptions } from "../options.ts";
import { resolvePicks } from "./list.ts";

/**
 * Whether there is a person to ask, and permission to install what they choose: the launcher
 * gives it with `--kind session` and `--pick` only.
 */
export async function canPick(
  { json, output }: ReceiveOptions,
): Promise<boolean> {
  if (json || output !== undefined) return false;
  if (!canAsk()) return false;
  const { state } = await Deno.permissions.query({
    name: "write",
    path: sessionHistory(),
  });
  return state === "granted";
}

/**
 * Asks until the answer makes sense.
 *
 * @returns The chosen sessions; empty for none of them, and at the end of input.
 * @throws The signal's reason.
 */
export async function askForPicks(
  entries: CatalogueEntry[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<CatalogueEntry[]> {
  const example = entries.length === 1 ? "1" : "1,2";
  for (;;) {
    const line = await terminal.ask(`Which? ${example} or none: `, signal);
    const answer = line.trim();
    if (/^(n|no|none)?$/i.test(answer)) return [];
    try {
      return resolvePicks(entries, parsePicks(answer));
    } catch (error) {
      if (!SpreadError.is(error, "USAGE", "NOT_OFFERED")) throw error;
      terminal.say(error.message);
    }
  }
}
