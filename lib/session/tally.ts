/**
 * Counts for a session that was packed or rebuilt: parts left out, parts changed, and secrets.
 *
 * @module
 */

import type { SecretCount } from "../secrets/places.ts";

/** Sorts of parts left out. */
export const LEFT_OUT = [
  /** Attachments by Claude Code: listings, reminders, permissions. */
  "attachments",
  /** Modes, agents, worktrees. */
  "settings",
  /** Backups of files, which rewinding would restore or delete. */
  "snapshots",
  /** Claude's thinking, which is signed for one conversation. */
  "thoughts",
  /** Errors of the model's service, which Claude Code shows in Claude's name. */
  "api_errors",
  /** Parts of messages that are unknown or malformed. */
  "blocks",
  /** Results of tools without a call. */
  "orphans",
  /** Lines of subagents in the middle of the conversation. */
  "subagent_lines",
  /** Messages that the conversation has gone back from, or that nothing leads to. */
  "branches",
  /** Lines whose UUID appears again later. */
  "repeated_lines",
  /** Lines that are not JSON, or that claim to be a message but are not. */
  "broken_lines",
  /** Lines longer than allowed; a message leaves a note in its place. */
  "long_lines",
  /** Outputs of tools and transcripts of subagents that are missing or not allowed. */
  "companions",
  /** Transcripts of workflows. */
  "workflows",
  /** Everything else that a transcript holds. */
  "other_lines",
] as const;

/** Sorts of changes. */
export const CHANGED = [
  /** Passphrases of ours, removed by the sender. */
  "redacted",
  /** Messages that the user typed while Claude worked, now messages like any other. */
  "queued",
  /** Messages whose predecessor was missing; they now follow the previous message. */
  "relinked",
  /** Paths into the sender's project, now into this one. */
  "paths",
  /** Tool calls turned into text. */
  "calls",
  /** Tool calls whose result is missing. */
  "unanswered",
  /** PDFs turned into a line of text, and into files. */
  "documents",
  /** Escapes, control and invisible characters removed, tags disarmed. */
  "cleaned",
] as const;

export type LeftOutPart = typeof LEFT_OUT[number];
export type ChangedPart = typeof CHANGED[number];

/** Counts by name; zero counts are absent. */
export type Counts<Name extends string> = Partial<Record<Name, number>>;

/** Counts parts while a session is read. */
export class SessionTally {
  messages = 0;
  /** Messages before the last compaction, which are in a file of their own. */
  earlier = 0;
  readonly leftOut: Counts<LeftOutPart> = {};
  readonly changed: Counts<ChangedPart> = {};
  /** Secrets that the sender has taken out. */
  secrets: SecretCount[] = [];

  leaveOut(what: LeftOutPart, count = 1): void {
    add(this.leftOut, what, count);
  }

  change(what: ChangedPart, count = 1): void {
    add(this.changed, what, count);
  }

  /** Adds other counts of parts. */
  add(
    { leftOut = {}, changed = {} }: {
      leftOut?: Counts<LeftOutPart>;
      changed?: Counts<ChangedPart>;
    },
  ): void {
    for (const [what, count] of Object.entries(leftOut)) {
      this.leaveOut(what as LeftOutPart, count);
    }
    for (const [what, count] of Object.entries(changed)) {
      this.change(what as ChangedPart, count);
    }
  }
}

function add<Name extends string>(
  counts: Counts<Name>,
  name: Name,
  count: number,
): void {
  if (count > 0) counts[name] = (counts[name] ?? 0) + count;
}
