/**
 * `work show`: commits, files and changes of received work, before anything of it is opened.
 *
 * @module
 */

import { cleanLine, cleanText } from "../../lib/text/clean_text.ts";
import type {
  UnpackedWork,
  WorkFacts,
  WorkFile,
} from "../../lib/work/open/unpacked_work.ts";
import { formatCount } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";
import { describeLeftOut, workFields } from "../cli/work/report.ts";
import type { WorkAction } from "./options.ts";
import { findWork, openCheckout, startGit, unpack } from "./received_work.ts";

/** Most commits and files that are listed. */
const MAX_LISTED = 20;

/** Most files that are named as acting by themselves. */
const MAX_ACTING = 100;

/** Most files in an event. */
const MAX_IN_EVENT = 1000;

/** Most bytes of changes that are printed. */
const MAX_PATCH_BYTES = 16 * 1024 * 1024;

/** Shows received work; changes nothing. */
export async function showWork(
  { id, summary, project }: Extract<WorkAction, { action: "show" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const work = await findWork(id);
  using git = startGit(signal);
  const repository = await openCheckout(project, git);
  await using unpacked = await unpack(work, repository, git);
  const facts = await unpacked.facts();
  sayFacts(work.id, unpacked, facts, { terminal, isShort: false });
  if (!summary) await printPatch(unpacked, terminal);
}

/**
 * Says what work is: first every file by name that acts by itself.
 *
 * @param isShort Leaves out commits and other files.
 */
export function sayFacts(
  id: string,
  { header }: UnpackedWork,
  facts: WorkFacts,
  { terminal, isShort }: { terminal: Terminal; isShort: boolean },
): void {
  const { commits, subjects, files, acting } = facts;
  const base = header.base[0]?.slice(0, 12);
  const on = base === undefined ? "the whole history" : `on commit ${base}`;
  terminal.say(
    `${formatCount(commits, "commit")}, ${
      formatCount(files.length, "file")
    } changed (${linesOf(files)}), ${on}`,
    "work",
    {
      id,
      ...workFields(header),
      subjects,
      changed: files.slice(0, MAX_IN_EVENT),
      changed_more: Math.max(0, files.length - MAX_IN_EVENT),
      acting: acting.slice(0, MAX_IN_EVENT),
      acting_more: Math.max(0, acting.length - MAX_IN_EVENT),
    },
  );
  if (acting.length > 0) warnOfActing(facts, terminal);
  if (!isShort) sayCommitsAndFiles(facts, terminal);
  const behind = describeLeftOut(header);
  if (behind !== "") terminal.say(`stayed behind: ${behind}`);
  for (const operation of header.under_way) {
    terminal.say(
      operation === "sparse checkout"
        ? "the sender's checkout is sparse; all files came along"
        : `a ${operation} was under way at the sender`,
    );
  }
}

function sayCommitsAndFiles(
  { commits, subjects, files }: WorkFacts,
  terminal: Terminal,
): void {
  for (const { hash, subject } of subjects.slice(0, MAX_LISTED)) {
    terminal.say(`  commit ${hash.slice(0, 12)} ${subject}`);
  }
  sayMore(commits - MAX_LISTED, "commit", terminal);
  for (const file of files.slice(0, MAX_LISTED)) {
    terminal.say(`  ${describe(file)}`);
  }
  sayMore(files.length - MAX_LISTED, "file", terminal);
}

/** One a line, so that none hides among others. */
function warnOfActing({ acting, files }: WorkFacts, terminal: Terminal): void {
  const changed = new Set(files.map(({ path }) => path));
  const one = acting.length === 1;
  terminal.warn(
    `${formatCount(acting.length, "file")} in it ${
      one ? "acts by itself" : "act by themselves"
    }, once a program reads ${one ? "it" : "them"}:`,
  );
  for (const path of acting.slice(0, MAX_ACTING)) {
    const why = changed.has(path)
      ? ""
      : " (the work does not change it, but your checkout has it otherwise, or not at all)";
    terminal.warn(`  ${cleanLine(path, 120)}${why}`);
  }
  const more = acting.length - MAX_ACTING;
  if (more > 0) terminal.warn(`  and ${more} more`);
}

function sayMore(more: number, noun: string, terminal: Terminal): void {
  if (more > 0) terminal.say(`  and ${formatCount(more, `more ${noun}`)}`);
}

const STATUS: Record<WorkFile["status"], string> = {
  A: "new",
  D: "deleted",
  M: "changed",
  T: "changed",
};

function describe({ path, status, added, removed }: WorkFile): string {
  const lines = added === null ? "not text" : `+${added} −${removed}`;
  return `${STATUS[status]} ${cleanLine(path, 120)} (${lines})`;
}

function linesOf(files: WorkFile[]): string {
  const sum = (of: "added" | "removed") =>
    files.reduce((total, file) => total + (file[of] ?? 0), 0);
  return `+${sum("added")} −${sum("removed")}`;
}

async function printPatch(
  unpacked: UnpackedWork,
  terminal: Terminal,
): Promise<void> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of unpacked.patch()) {
    bytes += piece.length;
    text += decoder.decode(piece, { stream: true });
    if (bytes > MAX_PATCH_BYTES) break;
  }
  terminal.printUnlessJson(cleanText(text).text);
  if (bytes > MAX_PATCH_BYTES) {
    terminal.warn("only the first 16 MiB of the changes are shown");
  }
}
