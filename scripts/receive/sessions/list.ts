/**
 * The list of sessions that a sender offers, for a person and for a program.
 *
 * All of it comes from another machine, and was cleaned when it was read.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import type { CatalogueEntry } from "../../../lib/session/catalogue.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { SessionPick } from "../../cli/sessions/options.ts";
import { sessionFacts } from "../../cli/sessions/report.ts";
import { formatCount } from "../../cli/screen/format.ts";
import type { Terminal } from "../../cli/terminal.ts";

/** Shows the sessions on offer. */
export function showList(
  entries: CatalogueEntry[],
  { sender, project }: Offer,
  terminal: Terminal,
): void {
  terminal.event("catalogue", {
    sender,
    project,
    sessions: entries.map((entry, i) => ({ number: i + 1, ...entry })),
  });
  terminal.printUnlessJson(formatList(entries));
  // Not at the beginning of a line: a name may pose as words to Claude.
  terminal.say(
    `${formatCount(entries.length, "session")} on offer from ${
      sender ?? "the sender"
    }`,
  );
}

/** Formats sessions for a person, each with its number. */
export function formatList(entries: CatalogueEntry[]): string {
  return entries.map((entry, i) => format(i + 1, entry)).join("\n\n");
}

function format(number: number, entry: CatalogueEntry): string {
  const { id, title, first_prompt } = entry;
  const facts = [
    ...sessionFacts(entry),
    entry.project && `project ${entry.project}`,
    entry.branch && `branch ${entry.branch}`,
  ].filter(Boolean).join(", ");
  const first = first_prompt === "" || first_prompt === title
    ? []
    : [`first: ${first_prompt}`];
  const lines = [title, facts, ...first, `ID ${id}`];
  return lines.map((line, i) =>
    i === 0 ? `${String(number).padStart(4)}. ${line}` : `      ${line}`
  ).join("\n");
}

/**
 * Returns the picked entries, each once, in order of the picks.
 *
 * @throws {SpreadError} `NOT_OFFERED`.
 */
export function resolvePicks(
  entries: CatalogueEntry[],
  picks: SessionPick[],
): CatalogueEntry[] {
  return [...new Set(picks.map((pick) => resolvePick(entries, pick)))];
}

function resolvePick(
  entries: CatalogueEntry[],
  pick: SessionPick,
): CatalogueEntry {
  const matches = typeof pick === "number"
    ? entries.slice(pick - 1, pick)
    : entries.filter(({ id }) => id.startsWith(pick));
  const exact = matches.find(({ id }) => id === pick);
  if (exact !== undefined) return exact;
  if (matches.length === 1 && pick !== 0) return matches[0]!;
  throw new SpreadError(
    "NOT_OFFERED",
    matches.length > 1
      ? `More than one session in the list has an ID that begins with "${pick}"`
      : `There is no session "${pick}" in the list`,
    `Look at the list without --pick; it has ${
      formatCount(entries.length, "session")
    }`,
  );
}
