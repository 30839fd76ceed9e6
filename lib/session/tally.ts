/**
 * Numbers about a session that was packed or rebuilt: what was left out, what was changed.
 *
 * @module
 */

/** What can be left out. */
export const LEFT_OUT = [
  /** What the client had attached: listings, reminders, permissions. */
  "attachments",
  /** Modes, agents, work trees. */
  "settings",
  /** Backups of files, which rewinding would restore or delete. */
  "snapshots",
  /** Claude's thinking, which is signed for one conversation. */
  "thoughts",
  /** Parts of messages that are not known, or not as they should be. */
  "blocks",
  /** Results of tools that nobody had called. */
  "orphans",
  /** Lines of subagents in the middle of the conversation. */
  "subagent_lines",
  /** Lines whose UUID had been there before. */
  "repeated_lines",
  /** Lines that are no JSON, or no message although they say so. */
  "broken_lines",
  /** Lines longer than allowed. */
  "long_lines",
  /** Outputs of tools and transcripts of subagents that are missing or not allowed. */
  "companions",
  /** Everything else that a transcript holds. */
  "other_lines",
] as const;

/** What can be changed. */
export const CHANGED = [
  /** Passphrases of ours, taken out by the sender. */
  "redacted",
  /** Messages whose predecessor was missing; now they follow the one before them. */
  "relinked",
  /** Paths into the sender's project, now into this one. */
  "paths",
  /** Calls of tools that are told as text. */
  "calls",
  /** Escapes, control and invisible characters taken out, tags defused. */
  "cleaned",
] as const;

export type LeftOut = typeof LEFT_OUT[number];
export type Changed = typeof CHANGED[number];

/** Counts by name; those that are 0 are not there. */
export type Counts<Name extends string> = Partial<Record<Name, number>>;

/** Counts while a session is gone through. */
export class SessionTally {
  messages = 0;
  readonly leftOut: Counts<LeftOut> = {};
  readonly changed: Counts<Changed> = {};

  leaveOut(what: LeftOut, count = 1): void {
    add(this.leftOut, what, count);
  }

  change(what: Changed, count = 1): void {
    add(this.changed, what, count);
  }
}

function add<Name extends string>(
  counts: Counts<Name>,
  name: Name,
  count: number,
): void {
  if (count > 0) counts[name] = (counts[name] ?? 0) + count;
}
