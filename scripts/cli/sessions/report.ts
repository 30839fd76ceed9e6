/**
 * Report of an installed or exported session, for a person and for a program.
 *
 * @module
 */

import type { InstallResult } from "../../../lib/session/install.ts";
import type {
  ChangedPart,
  LeftOutPart,
  SessionTally,
} from "../../../lib/session/tally.ts";
import {
  formatBytes,
  formatCount,
  formatPast,
  formatPath,
} from "../screen/format.ts";
import { describeCounts, sayTakenOut } from "../secrets/report.ts";
import type { Terminal } from "../terminal.ts";

const LEFT_OUT: Record<LeftOutPart, string> = {
  attachments: "attachment",
  settings: "setting",
  snapshots: "snapshot of files",
  thoughts: "thought",
  api_errors: "error of the service",
  blocks: "part of a message",
  orphans: "result without a call",
  subagent_lines: "line of a subagent",
  branches: "message on another branch",
  repeated_lines: "repeated line",
  broken_lines: "broken line",
  long_lines: "line longer than 16 MiB",
  companions: "output of a tool",
  workflows: "transcript of a workflow",
  other_lines: "other line",
};

const CHANGED: Record<ChangedPart, string> = {
  redacted: "passphrase removed by the sender",
  queued: "message typed while Claude worked",
  relinked: "break in the conversation repaired",
  paths: "path changed to this project's",
  calls: "call of a tool turned into text",
  unanswered: "call without a result",
  documents: "document turned into a file",
  cleaned: "hidden or misleading character removed",
};

/** Fields of the `--json` event for an installed session. */
export function installedFields(
  { id, path, project, title, tally, found, earlier }: InstallResult,
): Record<string, unknown> {
  return {
    id,
    title,
    project,
    path,
    messages: tally.messages,
    ...earlier !== null && {
      earlier_messages: tally.earlier,
      earlier_path: earlier,
    },
    changed: tally.changed,
    left_out: tally.leftOut,
    ...tally.secrets.length > 0 && { taken_out: tally.secrets },
    ...found.length > 0 && { secrets_found: found },
    resume: resumeCommand(id),
  };
}

/** Reports the session, the changes made to it on the way, and how to continue it. */
export function showInstalled(
  installed: InstallResult,
  terminal: Terminal,
): void {
  const { id, title, project, tally, found, earlier } = installed;
  terminal.say(
    `installed "${title}": ${formatCount(tally.messages, "message")}`,
  );
  if (earlier !== null) {
    terminal.say(
      `${
        formatCount(tally.earlier, "message")
      } before the compaction: in "${earlier}"`,
    );
  }
  if (tally.secrets.length > 0) sayTakenOut(tally.secrets, terminal);
  sayTally(tally, terminal);
  if (found.length > 0) {
    terminal.warn(`the conversation seems to hold ${describeCounts(found)}`);
  }
  terminal.say("the conversation is somebody else's; to continue it, type:");
  terminal.show(`\n    cd ${formatPath(project)} && ${resumeCommand(id)}\n`);
}

/** Tells what was changed in a session and left out of it. */
export function sayTally(tally: SessionTally, terminal: Terminal): void {
  const changed = inWords(tally.changed, CHANGED);
  if (changed !== "") terminal.say(`changed: ${changed}`);
  const leftOut = inWords(tally.leftOut, LEFT_OUT);
  if (leftOut !== "") terminal.say(`left out: ${leftOut}`);
}

function resumeCommand(id: string): string {
  return `claude --resume ${id}`;
}

function inWords<Name extends string>(
  counts: Partial<Record<Name, number>>,
  words: Record<Name, string>,
): string {
  return (Object.entries(counts) as [Name, number][]).map(([name, count]) =>
    plural(count, words[name])
  ).join(", ");
}

/** Puts the first noun into the plural: `2 parts of a message`. */
function plural(count: number, words: string): string {
  const [, noun, rest] =
    /^((?:repeated |broken |other )?\w+(?: or misleading character)?)(.*)$/
      .exec(words)!;
  return `${formatCount(count, noun!)}${rest}`;
}

/** Facts of a session that every list of sessions tells: when it was used, and how long it is. */
export function sessionFacts(
  session: { modified: string; messages: number; bytes: number },
): string[] {
  return [
    formatPast(new Date(session.modified), new Date()),
    formatCount(session.messages, "message"),
    formatBytes(session.bytes),
  ];
}
