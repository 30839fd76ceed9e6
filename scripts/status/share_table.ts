/**
 * The table of a person's shares: what each is, how long it stays open, and who has taken it.
 *
 * Names come from other machines as well, and are cleaned.
 *
 * @module
 */

import type { ShareEntry } from "../../lib/shares/entries.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import {
  formatBytes,
  formatCount,
  formatLeft,
  formatPast,
  formatTime,
} from "../cli/screen/format.ts";
import { type Column, formatTable, type Screen } from "../cli/screen/table.ts";
import { describeCounts } from "../cli/secrets/report.ts";

/** State of a share: `lost` means that its process was killed. */
export type ShareState = "open" | "silent" | "ended" | "lost";

const COLUMNS: Column[] = [
  { title: "ID" },
  { title: "SHARE", min: 12 },
  { title: "STATE", min: 18 },
  { title: "TAKEN BY", min: 16 },
];

/** Addresses of wrong passphrases that are named. */
const MAX_GUESSERS = 2;

/**
 * Formats shares for a person; a share has a line for each receiver.
 *
 * @param drops Rows of drops.
 */
export function formatShares(
  shares: { entry: ShareEntry; state: ShareState }[],
  screen: Screen,
  now: Date,
  drops: string[][] = [],
): string {
  const rows = shares.flatMap(({ entry, state }) => {
    const [first, ...others] = receiversOf(entry, now);
    return [
      [entry.id, nameOf(entry), inWords(entry, state, now), first!],
      ...others.map((receiver) => ["", "", "", receiver]),
    ];
  });
  return formatTable(COLUMNS, [...rows, ...drops], screen);
}

function nameOf({ name, kind, size, work, to }: ShareEntry): string {
  const cleaned = cleanLine(name, 80);
  // For sessions, the size is that of their list; words for a pair have none.
  const own = kind === "session" || kind === "pair"
    ? cleaned
    : `${cleaned} (${formatBytes(size)})`;
  const share = work === undefined
    ? own
    : `${own}, work (${formatBytes(work)})`;
  return to === undefined
    ? share
    : `${share} for ${cleanLine(to.join(", "), 300)}`;
}

function inWords(entry: ShareEntry, state: ShareState, now: Date): string {
  const ends = new Date(entry.ends);
  const guesses = guessesInWords(entry);
  switch (state) {
    case "open":
      return [
        formatLeft(ends, now),
        roomInWords(entry),
        guesses,
      ].filter((part) => part !== null).join(", ");
    case "silent":
      return `does not answer; ends ${formatTime(ends, now)}`;
    case "ended":
      return endInWords(entry.ended!, guesses, now);
    case "lost":
      return "its process is gone";
  }
}

/** The room in words; `null` for a share without one. */
function roomInWords({ room, room_state: state }: ShareEntry): string | null {
  if (room === undefined) return null;
  switch (state) {
    case "new":
      return `new room ${room}`;
    case "lost":
      return `room ${room}, which the relay does not answer for now`;
    case "ended":
      return "only the local network is left";
    default:
      return `room ${room}`;
  }
}

/** Wrong passphrases in words, and the addresses that they came from; `null` for none. */
function guessesInWords({ guesses }: ShareEntry): string | null {
  if (guesses.length === 0) return null;
  const peers = [...new Set(guesses.map(({ peer }) => cleanLine(peer, 80)))];
  const shown = peers.slice(0, MAX_GUESSERS).join(", ");
  const more = peers.length > MAX_GUESSERS ? ", …" : "";
  return `${
    formatCount(guesses.length, "wrong passphrase")
  } (from ${shown}${more})`;
}

function endInWords(
  { at, why }: { at: string; why: string },
  guesses: string | null,
  now: Date,
): string {
  const when = formatPast(new Date(at), now);
  if (why === "TOO_MANY_GUESSES") {
    return `ended ${when}: ${guesses ?? "too many wrong passphrases"}`;
  }
  const end = why === "done"
    ? "ended"
    : ENDS[why] ?? `ended (${cleanLine(why, 40)})`;
  return `${end} ${when}${guesses === null ? "" : `; ${guesses}`}`;
}

/** Reasons for the end of a share, other than that it is done. */
const ENDS: Record<string, string> = {
  stopped: "stopped",
  INTERRUPTED: "stopped",
  NO_RECEIVER: "nobody received it; ended",
};

function tookInWords({ name, secrets = [] }: Took): string {
  const title = `"${cleanLine(name, 80)}"`;
  return secrets.length === 0
    ? title
    : `${title}, ${cleanLine(describeCounts(secrets, " taken out"), 200)}`;
}

/** A choice that a receiver has taken. */
type Took = NonNullable<ShareEntry["receivers"][number]["took"]>;

const WORK_TAKEN = { too: ", with the work", alone: ": the work" };

/** One line for each receiver; at least one. */
function receiversOf(entry: ShareEntry, now: Date): string[] {
  const { receivers, delivered } = entry;
  if (receivers.length === 0) return ["nobody yet"];
  const shown = receivers.map(({ peer, pair, at, took, work }) => {
    const who = cleanLine(pair ?? peer, 80);
    const what = took === undefined ? "" : `: ${tookInWords(took)}`;
    const more = work === undefined ? "" : WORK_TAKEN[work];
    return `${who} ${formatPast(new Date(at), now)}${what}${more}`;
  });
  const counted = receivers.filter(({ work }) => work !== "alone");
  const hidden = delivered - counted.length;
  if (hidden <= 0) return shown;
  return [...shown, `and ${formatCount(hidden, "other")}`];
}
