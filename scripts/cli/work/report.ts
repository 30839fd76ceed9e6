/**
 * Words about work: what it is, what stays behind, and where a checkout stands.
 *
 * @module
 */

import { cleanLine, quoteName } from "../../../lib/text/clean_text.ts";
import { actsOnClaude } from "../../../lib/work/acting_files.ts";
import type {
  LeftOut,
  LeftOutReason,
  WorkHeader,
} from "../../../lib/work/work_file.ts";
import type { SecretPlace } from "../../../lib/secrets/places.ts";
import { formatBytes, formatCount, formatPath } from "../screen/format.ts";
import { describePlaces } from "../secrets/report.ts";
import type { Terminal } from "../terminal.ts";

/** Most files that are named as left out, by the sender and by the receiver. */
export const MAX_NAMED = 10;

/** Most files that are named as followed by Claude Code. */
const MAX_OBEYED = 3;

/** Longest path of a file of work that is shown, in UTF-16 units. */
const MAX_PATH_LENGTH = 80;

const REASONS: Record<LeftOutReason, string> = {
  secret: "it holds a secret",
  large: "it is larger than 1 MiB",
  total: "new files take more than 20 MiB together",
  submodule: "it is a submodule",
  repository: "it is a repository of its own",
  filter: "it goes through a git filter, such as LFS",
  link: "it is a link out of the checkout",
  name: "its name does not work on every system",
  overlooked: "git is set to overlook its changes",
  unreadable: "it cannot be read",
};

/** Names the amount of work: `2 commits and 12 uncommitted files, on main`. */
export function describeWork(
  { commits, files, branch }: Pick<WorkHeader, "commits" | "files" | "branch">,
): string {
  const parts = [
    commits > 0 && formatCount(commits, "commit"),
    files > 0 && formatCount(files, "uncommitted file"),
  ].filter(Boolean);
  const where = branch === undefined ? "" : `, on ${cleanLine(branch, 80)}`;
  // A sender may claim that there are none.
  return (parts.join(" and ") || "no changes") + where;
}

/** All that a person should know of work before it leaves, as events have it. */
export interface WorkReport {
  /** Size in bytes; absent when nothing comes along. */
  bytes?: number;
  branch?: string;
  /** Numbers of commits, and of files that no commit has. */
  commits: number;
  files: number;
  /** The first of these files, in a preview. */
  named?: string[];
  /** Whether it is the whole history, because no remote branch has any of it. */
  whole_history?: boolean;
  /** Operations of git under way, which stay behind. */
  under_way: string[];
  /** Files that stay behind, with the secrets in them; `left_out_more` counts the others. */
  left_out: (LeftOut & { places?: SecretPlace[] })[];
  left_out_more: number;
  /** Pairs of files that some disks cannot hold together. */
  twins?: [string, string][];
  /** Whether only a part was searched for secrets. */
  unsearched?: boolean;
  /** Whether commits name their authors although the user asked for `--anonymous`. */
  names_authors?: boolean;
}

/** Says what comes along and what stays behind. */
export function sayWorkReport(report: WorkReport, terminal: Terminal): void {
  if (report.bytes === undefined) {
    const why = report.left_out.length === 0
      ? "nothing has changed, and everything is pushed"
      : "everything that has changed stays behind";
    terminal.warn(`there is no work to send: ${why}`);
  } else sayComing({ ...report, bytes: report.bytes }, terminal);
  for (const { path, reason, places = [] } of report.left_out) {
    const where = places.length === 0 ? "" : ` (${describeInside(places)})`;
    terminal.warn(
      `"${cleanLine(path, 80)}" stays behind: ${REASONS[reason]}${where}`,
    );
  }
  if (report.left_out_more > 0) {
    const stay = report.left_out_more === 1 ? "stays" : "stay";
    terminal.warn(
      `${formatCount(report.left_out_more, "more file")} ${stay} behind`,
    );
  }
  const secret = report.left_out.find(({ reason }) => reason === "secret");
  if (secret !== undefined) {
    terminal.remark(
      `to send it as it is, add: --include ${
        formatPath(cleanLine(secret.path, 200))
      }`,
    );
  }
}

/** Names the secrets in a file or a commit that is named already. */
export function describeInside(places: SecretPlace[]): string {
  return describePlaces(places.map(({ file: _, ...place }) => place));
}

function sayComing(
  report: WorkReport & { bytes: number },
  terminal: Terminal,
): void {
  const size = formatBytes(report.bytes);
  const all = report.whole_history
    ? ", the whole history: no remote branch has any of it"
    : "";
  terminal.say(`with the work: ${describeWork(report)} (${size}${all})`);
  const { named = [], files } = report;
  for (const path of named) terminal.say(`  ${cleanLine(path, 120)}`);
  const more = files - named.length;
  if (named.length > 0 && more > 0) {
    terminal.say(`  and ${formatCount(more, "more file")}`);
  }
  for (const operation of report.under_way) {
    terminal.warn(
      operation === "sparse checkout"
        ? "the checkout is sparse: the other side gets all files"
        : `a ${operation} is under way: its changes come along, the ${operation} itself does not`,
    );
  }
  for (const [one, other] of report.twins ?? []) {
    terminal.warn(
      `some disks cannot hold both "${cleanLine(one, 80)}" and "${
        cleanLine(other, 80)
      }"`,
    );
  }
  if (report.unsearched) {
    terminal.warn(
      "not all of the work was searched for secrets: it is too large",
    );
  }
  if (report.names_authors) {
    terminal.warn(
      "the commits keep the names and email addresses of their authors",
    );
  }
}

/** Fields of an event about received work. */
export function workFields(header: WorkHeader): Record<string, unknown> {
  const { base, head, branch, commits, files, left_out } = header;
  const { left_out_more, under_way, project } = header;
  return {
    project,
    branch,
    base,
    head,
    commits,
    files,
    left_out,
    left_out_more,
    under_way,
  };
}

/** Names the files that Claude Code follows without a question, in quotes; `null` when there are none. */
export function describeObeyed(acting: string[]): string | null {
  const obeyed = acting.filter(actsOnClaude);
  if (obeyed.length === 0) return null;
  const named = obeyed.slice(0, MAX_OBEYED)
    .map((path) => quoteName(path, MAX_PATH_LENGTH));
  const more = obeyed.length - named.length;
  if (more > 0) named.push(`${more} more`);
  return named.join(", ");
}

/** Names files that stayed behind at the sender: `"big.bin" (it is larger than 1 MiB), …`. */
export function describeLeftOut(
  { left_out, left_out_more }: Pick<WorkHeader, "left_out" | "left_out_more">,
): string {
  const named = left_out.slice(0, MAX_NAMED).map(({ path, reason }) =>
    `${quoteName(path, MAX_PATH_LENGTH)} (${REASONS[reason]})`
  );
  const more = left_out.length - named.length + left_out_more;
  if (more > 0) named.push(`${more} more`);
  return named.join(", ");
}
