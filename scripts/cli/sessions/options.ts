/**
 * Options that name sessions: those to share and those to receive.
 *
 * @module
 */

import { usage } from "../../../lib/errors.ts";
import { type Command, COMMANDS } from "../commands.ts";
import { mayLack } from "../flags.ts";

/**
 * Names of all options whose value is not secret: whatever stands after another option may be a
 * passphrase. A value that may be missing needs no name, because it cannot be mistaken for one.
 */
export function openOptions(): string[] {
  const options = Object.values<Command>(COMMANDS)
    .flatMap((command) => Object.entries(command.options));
  const open = options.filter(([, { value }]) =>
    value !== undefined && !mayLack(value)
  );
  return [
    ...new Set(
      open.flatMap(([name, { short }]) => short ? [name, short] : name),
    ),
  ];
}

/** Sessions to share: all of a project, or these. */
export type SessionChoice = "all" | string[];

/** One session to receive: its number in the list, its id, or the beginning of its id. */
export type SessionPick = number | string;

/** Maximum number of sessions on one command line. */
const MAX_NAMED = 1000;

/** Most digits of a list number; longer digits are the beginning of an id. */
const MAX_DIGITS = 4;

/**
 * Reads `--session ID[,ID…]` or `--session all`; `this` stands for the session that the command
 * runs in.
 *
 * @param running Id of that session, if there is one.
 * @throws {SpreadError} `USAGE`.
 */
export function parseSessionChoice(
  text: string | undefined,
  running: string | undefined,
): SessionChoice {
  if (text === undefined) {
    throw usage(
      "The sessions to share are missing",
      "Add --session ID[,ID…], or --session all; find the IDs with claude-spread sessions list",
    );
  }
  if (text === "all") return "all";
  return splitList(text).map((id) => {
    if (id === "this") return running || throwNoSession();
    if (isId(id)) return id;
    throw usage(
      `"${id}" is not the ID of a session`,
      "Find the ID with claude-spread sessions list; it has at least 8 letters and digits",
    );
  });
}

/**
 * Reads `--pick N|ID[,N|ID…]`.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parsePicks(text: string): SessionPick[] {
  return splitList(text).map((pick) => {
    if (/^\d+$/.test(pick) && pick.length <= MAX_DIGITS) return Number(pick);
    if (isId(pick)) return pick;
    throw usage(
      `"${pick}" is neither a number in the list nor an ID`,
      "Write --pick 1, or --pick 1,3 for several",
    );
  });
}

/**
 * Reads the picks of a receiver; empty when the list is to be shown first.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function readPicks(
  { pick, output }: { pick?: string; output?: string },
): SessionPick[] {
  const picks = pick === undefined ? [] : parsePicks(pick);
  if (output === undefined || picks.length <= 1) return picks;
  throw usage(
    "--output writes one session, but --pick names several",
    "Pick one with --pick N, or leave --output out to install several at once",
  );
}

function throwNoSession(): never {
  throw usage(
    'Cannot tell which session "this" is: the command does not run in Claude Code',
    "Name the session by its ID; find it with claude-spread sessions list",
  );
}

function isId(text: string): boolean {
  return /^[A-Za-z0-9_-]{8,64}$/.test(text);
}

function splitList(text: string): string[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.length > MAX_NAMED) {
    throw usage(
      `More than ${MAX_NAMED} sessions are named`,
      "Name fewer, or --session all",
    );
  }
  return [...new Set(parts)];
}
