/**
 * Merges received memory into the memory of a project, or undoes that.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import {
  cleanText,
  countRemoved,
  markPosingLines,
} from "../../lib/text/clean_text.ts";
import {
  decodeBundle,
  looksLikeBundle,
  type MemoryBundle,
} from "../../lib/memory/bundle.ts";
import { cannotRemove } from "../../lib/files/cannot_store.ts";
import { installMemory } from "../../lib/memory/install/install.ts";
import {
  localTexts,
  type SetAside,
  settleMemory,
} from "../../lib/memory/install/held_memory.ts";
import { undoInstall, type Undone } from "../../lib/memory/install/undo.ts";
import type { MergePlan } from "../../lib/memory/merge.ts";
import { isChanging } from "../../lib/memory/change/held_folder.ts";
import { readMemory } from "../../lib/memory/folder.ts";
import { reviewMemories } from "../../lib/memory/review.ts";
import { findInMemory } from "../../lib/memory/secrets.ts";
import { linesOf } from "../../lib/secrets/places.ts";
import { openScanner } from "../../lib/secrets/scanner.ts";
import { decide, type Decision, type Job, mayInstall } from "./decide.ts";
import { readInput } from "./input.ts";
import { type InstallOptions, parseInstallArgs } from "./options.ts";
import { findProjectMemory, type ProjectMemory } from "./find_memory.ts";
import { KINDS } from "../cli/kinds.ts";
import { formatCount, formatPast } from "../cli/screen/format.ts";
import { warnOfReceived } from "../cli/secrets/report.ts";
import type { Flags } from "../cli/flags.ts";
import { runCommand, type Running } from "../cli/run_command.ts";
import type { Terminal } from "../cli/terminal.ts";

async function install(
  options: InstallOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (options.action === "discard") return await discard(options, terminal);
  const memory = await findProjectMemory(options, terminal);
  if (options.action === "undo") return await undo(memory, terminal);
  const bytes = await readInput(options.file);
  if (!looksLikeBundle(bytes)) {
    return await showDocument(bytes, options, terminal);
  }
  const job = openJob(memory, decodeBundle(bytes));
  await warnOfSecrets(job, options, terminal);
  if (mayInstall(options)) await settleMemory(memory);
  else await warnOfChange(memory, terminal);
  const local = await readLocal(memory);
  const decision = await decide(job, local, options, { terminal, signal });
  if (decision === null) return;
  await apply(job, decision, options, terminal);
  if (options.removeFile && options.file !== "-") await remove(options.file);
}

function openJob(memory: ProjectMemory, bundle: MemoryBundle): Job {
  return {
    memory,
    bundle,
    received: reviewMemories(bundle.files),
    provenance: {
      sender: bundle.sender,
      project: bundle.project,
      day: memory.now().toISOString().slice(0, 10),
    },
  };
}

/** Warns of secrets, unless a skill does what the user agreed to, who has seen the warning. */
async function warnOfSecrets(
  { received }: Job,
  { isTyped, action }: InstallOptions,
  terminal: Terminal,
): Promise<void> {
  if (isTyped && action === "install") return;
  const texts = Array.from(
    received,
    ([name, { text }]): [string, string] => [name, text],
  );
  warnOfReceived(await findInMemory(texts, openScanner()), terminal);
}

/** Warns that a preview shows a memory that another command may have left half changed. */
async function warnOfChange(
  { folder }: ProjectMemory,
  terminal: Terminal,
): Promise<void> {
  if (!await isChanging(folder)) return;
  terminal.warn(
    "an installation in this memory is running or was interrupted: this shows the memory as it stands, and the next installation finishes that one first",
  );
}

async function readLocal(memory: ProjectMemory): Promise<Map<string, string>> {
  const read = await readMemory(memory.folder);
  return localTexts(read?.files ?? new Map());
}

async function apply(
  { memory, bundle, received, provenance }: Job,
  { choose, ...agreed }: Decision,
  { isTyped }: InstallOptions,
  terminal: Terminal,
): Promise<void> {
  const input = { received, provenance, choose };
  const { plan, backup, setAside } = await installMemory(memory, input, agreed);
  terminal.event("installed", {
    folder: memory.folder,
    project: bundle.project,
    sender: bundle.sender,
    files: plan.outcomes,
    index_gains: plan.indexGains.length,
    backup,
  });
  warnOfSetAside(setAside, terminal);
  if (backup === null) {
    terminal.say("nothing was installed: this memory has all of it already");
    return;
  }
  terminal.say(`installed in ${memory.folder}: ${countsOf(plan)}`);
  for (const { name, as, kind } of plan.outcomes) {
    if (kind === "kept_both") {
      terminal.say(`  ${name} differed: the received one is ${as}`);
    }
  }
  terminal.say(`the earlier memory is in ${backup}`);
  terminal.say(
    `${
      isTyped ? `${KINDS.memory.receive} --undo` : "--undo"
    } brings it back; Claude reads the new memory from its next session on`,
  );
}

/** Warns of files that a running session wrote during the installation. */
function warnOfSetAside(setAside: SetAside, terminal: Terminal): void {
  for (const [name, as] of setAside) {
    terminal.warn(
      `"${name}" was edited at the same moment; the edited text is in "${as}"`,
    );
  }
}

/** Summarizes a plan: `2 new, 1 the same, index`. */
function countsOf({ outcomes, indexGains }: MergePlan): string {
  const words = {
    added: "new",
    kept_both: "kept beside yours",
    replaced: "replaced",
    skipped: "left as yours",
    same: "the same",
  };
  const parts = Object.entries(words).flatMap(([kind, word]) => {
    const count = outcomes.filter((outcome) => outcome.kind === kind).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  if (indexGains.length > 0) parts.push("the index has the new entries");
  return parts.join(", ");
}

async function undo(memory: ProjectMemory, terminal: Terminal): Promise<void> {
  const undone = await undoInstall(memory);
  const { installation, restored, kept, index } = undone;
  terminal.event("undone", {
    folder: memory.folder,
    at: installation.at,
    sender: installation.sender,
    restored,
    kept,
    index_edited: index !== null,
    index_missing: index?.missing ?? 0,
    index_left: index?.left ?? 0,
  });
  terminal.say(
    `undid what ${installation.sender ?? "somebody"} sent, installed ${
      formatPast(new Date(installation.at), new Date())
    }: ${formatCount(restored.length, "file")} as before`,
  );
  warnOfSetAside(undone.setAside, terminal);
  for (const name of kept) {
    terminal.warn(`"${name}" has been edited since, so it stays`);
  }
  if (index !== null) warnOfIndex(installation.indexName, index, terminal);
}

/** Warns of an index that was edited since, and of lines in it that are nobody's alone. */
function warnOfIndex(
  name: string,
  { missing, left }: NonNullable<Undone["index"]>,
  terminal: Terminal,
): void {
  terminal.warn(
    `${name} has been edited since: only the received lines were removed`,
  );
  if (missing === 0) return;
  terminal.warn(
    `${formatCount(missing, "received line")} in ${name} ${
      missing === 1 ? "is" : "are"
    } not as received any more; ${
      left === 0
        ? "nothing of the section is left"
        : `${formatCount(left, "line")} in its quote ${
          left === 1 ? "stays" : "stay"
        } with its heading: check ${left === 1 ? "it" : "them"}`
    }`,
  );
}

async function discard(
  { file }: InstallOptions,
  terminal: Terminal,
): Promise<void> {
  await remove(file);
  const text = `removed "${file}"; nothing was installed`;
  terminal.say(text, "discarded", { path: file });
}

/** @throws {SpreadError} `CANNOT_STORE`. */
async function remove(file: string): Promise<void> {
  await Deno.remove(file).catch((cause) => {
    throw cannotRemove(file, cause);
  });
}

/** Shows a distilled memory, which is for reading; Claude and the user decide where it goes. */
async function showDocument(
  bytes: Uint8Array,
  { action, file }: InstallOptions,
  terminal: Terminal,
): Promise<void> {
  if (action === "install") {
    throw new SpreadError(
      "BUNDLE_REFUSED",
      "Cannot install this with --yes: it is a document, not a memory bundle",
      "Read it without --yes, and ask Claude to file the parts worth keeping",
    );
  }
  const { text, removed } = cleanText(decode(bytes));
  const cleaned = countRemoved(removed);
  terminal.event("document", {
    path: file,
    bytes: bytes.length,
    cleaned,
    text,
  });
  const shown = markPosingLines(text);
  terminal.printUnlessJson(shown.text);
  if (shown.warning !== null) terminal.warn(shown.warning);
  if (cleaned > 0) {
    terminal.warn(
      `${
        formatCount(cleaned, "hidden or steering character sequence")
      } removed`,
    );
  }
  const findings = await openScanner().scan([text]);
  warnOfReceived(linesOf(text, findings), terminal);
  terminal.say(
    "nothing was installed: this is a document, not a bundle; ask Claude to file it",
  );
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SpreadError(
      "BUNDLE_REFUSED",
      "Cannot use this as memory: it is not UTF-8 text",
      "Ask the sender to share it again; nothing was written",
      { cause },
    );
  }
}

/** Runs `install` with parsed flags, for a person or for a skill. */
export async function run(
  flags: Flags,
  { terminal, signal, typed }: Running,
): Promise<void> {
  const options = parseInstallArgs(flags, typed !== undefined);
  await install(options, terminal, signal);
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("install", args, run);
}
