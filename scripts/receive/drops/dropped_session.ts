/**
 * Receives a session from a drop. It is the only one there, but it is taken only if the person has
 * picked it, as from a list.
 *
 * @module
 */

import { FilePayload } from "../../../lib/files/payload/source.ts";
import {
  type CatalogueEntry,
  decodeCatalogue,
  encodeCatalogue,
} from "../../../lib/session/catalogue.ts";
import { summarizePacked } from "../../../lib/session/packed_summary.ts";
import { readPicks } from "../../cli/sessions/options.ts";
import { askForPicks, canPick } from "../sessions/ask_for_picks.ts";
import { sayHowToPick } from "../next_step.ts";
import type { ReceiveOptions } from "../options.ts";
import { PackedSession } from "../sessions/packed_session.ts";
import { resolvePicks, showList } from "../sessions/list.ts";
import { forWorktree, requireProject } from "../sessions/sessions.ts";
import type { DropMeans } from "./found_drop.ts";
import type { Waiting } from "./waiting.ts";

/**
 * Fetches a session, shows it, and takes it if the person wants it; otherwise it stays at the relay,
 * and what has arrived is kept for when it is picked.
 *
 * @returns The file that it was put in, if any; `null` when it was not taken.
 * @throws {SpreadError} Whatever ended the transfer; `SESSION_REFUSED`, `NOT_OFFERED`.
 */
export async function takeDroppedSession(
  drop: Waiting,
  asked: ReceiveOptions,
  means: DropMeans,
): Promise<string[] | null> {
  const { terminal, folder, signal } = means;
  const startMs = performance.now();
  const { offer } = drop;
  const options = await forWorktree(asked, offer.work);
  if (options.pick !== undefined && options.output === undefined) {
    await requireProject(options);
  }
  using packed = new PackedSession({
    folder,
    options,
    signal,
    from: offer.sender,
  });
  try {
    await drop.fetch(await packed.accept(offer));
    const payload = await FilePayload.open(await packed.verify(), { signal });
    const created = new Date(offer.created);
    const summary = await summarizePacked(payload, created, { signal });
    const entries = decodeCatalogue(encodeCatalogue([summary]));
    if (!await isWanted(entries, drop, options, means)) {
      const { pair } = drop;
      const again = pair === undefined ? "code" : { pair };
      sayHowToPick(1, asked, terminal, again);
      return null;
    }
    await packed.place();
  } catch (error) {
    return await packed.giveUp(error);
  }
  packed.tell(offer, startMs, terminal);
  return options.output === undefined ? [] : [options.output];
}

/** Whether the person has picked the only session of a list. */
async function isWanted(
  entries: CatalogueEntry[],
  { offer }: Waiting,
  options: ReceiveOptions,
  { terminal, signal }: DropMeans,
): Promise<boolean> {
  if (options.pick !== undefined) {
    return resolvePicks(entries, readPicks(options)).length > 0;
  }
  showList(entries, offer, terminal);
  // A file is not installed, and there is no other to choose.
  if (options.output !== undefined) return true;
  if (!await canPick(options)) return false;
  const picked = await askForPicks(entries, terminal, signal);
  if (picked.length > 0) await requireProject(options);
  return picked.length > 0;
}
