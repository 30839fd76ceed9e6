/**
 * Drops in the table of a person's shares.
 *
 * @module
 */

import type { OwnDrop } from "../../lib/drops/own_drops.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { nameRelay } from "../../lib/transports/relay/errors.ts";
import {
  formatBytes,
  formatLeft,
  formatPast,
  formatTime,
} from "../cli/screen/format.ts";

/** The cells of a drop: ID, name, state, and who has taken it. */
export function dropRow(drop: OwnDrop, now: Date): string[] {
  const { entry: { id, name, size, work, to } } = drop;
  const pair = to && cleanLine(to, 80);
  const whom = pair === undefined ? "" : ` for ${pair}`;
  const beside = work === undefined ? "" : ` with work (${formatBytes(work)})`;
  const what = `${cleanLine(name, 80)} (${formatBytes(size)})${beside}${whom}`;
  return [
    id,
    what,
    inWords(drop, now),
    drop.state === "taken" ? pair ?? "whoever had the code" : "nobody yet",
  ];
}

function inWords({ state, entry, why }: OwnDrop, now: Date): string {
  const expires = new Date(entry.expires);
  const at = formatPast(new Date(entry.over?.at ?? entry.begun), now);
  const relay = nameRelay(entry.relay);
  switch (state) {
    case "waiting":
      // The time first: it is what a narrow screen should show.
      return `a drop, ${formatLeft(expires, now)}, at ${relay}`;
    case "filling":
      return `a drop, begun ${at}, of which ${relay} has only a part`;
    case "taken":
      return `a drop, taken ${at}`;
    case "expired":
      return `a drop, expired ${at}`;
    case "back":
      return `a drop, taken back ${at}`;
    case "lost":
      return entry.left === undefined
        ? "a drop that never reached its relay: its command was stopped"
        : `a drop that ${relay} no longer has`;
    case "unknown":
      return `a drop that may wait until ${formatTime(expires, now)}: ${
        cleanLine(why ?? "", 200)
      }`;
  }
}
