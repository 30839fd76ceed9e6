/**
 * Merges received memory into the memory of a project, or takes that back.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { cleanText } from "../../../lib/payload/clean_text.ts";
import { requireFreeWay } from "../../../lib/payload/folder_change.ts";
import {
  decodeBundle,
  looksLikeBundle,
  type MemoryBundle,
} from "../../../lib/payload/memory_bundle.ts";
import {
  installMemory,
  localTexts,
  type SetAside,
  settleMemory,
  undoInstall,
} from "../../../lib/payload/memory_install.ts";
import {
  type ConflictChoice,
  type MergeInput,
  type MergePlan,
  planMerge,
} from "../../../lib/payload/memory_merge.ts";
import { readMemory } from "../../../lib/payload/memory_reader.ts";
import {
  type ReviewedMemory,
  reviewMemories,
} from "../../../lib/payload/memory_review.ts";
import { INDEX_NAME } from "../../../lib/payload/memory_text.ts";
import { nameKey } from "../../../lib/payload/safe_name.ts";
import {
  type InstallOptions,
  parseInstallArgs,
} from "../../../scripts/_memory_options.ts";
import {
  findProjectMemory,
  type ProjectMemory,
} from "../../../scripts/_memory_place.ts";
import { readInput, unreadable } from "../../../scripts/_memory_input.ts";
import { showPreview } from "../../../scripts/_memory_preview.ts";
import { wantsJson } from "../../../scripts/_options.ts";
import { formatCount, Terminal } from "../../../scripts/_terminal.ts";
import { Interruption } from "../../../scripts/_world.ts";

const USAGE = `Merges received memory into the memory of a project.

Usage: install.ts [options] [FILE | -]
       install.ts --undo [options]

Shows what FILE (or standard input) would bring and, on a terminal, asks whether to
install it. Without a terminal nothing is installed unless --yes or --on-conflict is
given. New files are added, identical ones left alone, the index is added to. A copy
of the memory is kept first.

  --yes               install without asking
  --dry-run           show it and install nothing (also: --preview)
  --on-conflict HOW   what to do with a file that is there and differs: ask,
                      keep-both (the default without a terminal), theirs, ours
  --undo              take the last installation back
  --discard           remove FILE and install nothing
  --remove-file       remove FILE once it is installed
  --full              show all of it, however long
  --project DIR       the folder of the project; by default this one
  --memory DIR        the memory folder itself
  --json              print events as JSON lines
  --help              print this
`;

/** What is to be installed, and into what. */
interface Job {
  memory: ProjectMemory;
  bundle: MemoryBundle;
  received: Map<string, ReviewedMemory>;
  provenance: MergeInput["provenance"];
}

/** Somebody to ask, until they interrupt. */
interface Asking {
  terminal: Terminal;
  signal: AbortSignal;
}

async function install(
  options: InstallOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (options.action === "discard") return await discard(options, terminal);
  const memory = await findProjectMemory(options, terminal);
  if (options.action === "undo") return await undo(memory, terminal);
  const bytes = await readInput(options.file);
  if (!looksLikeBundle(bytes)) return showDocument(bytes, options, terminal);
  const job = openJob(memory, decodeBundle(bytes));
  const local = await readLocal(memory);
  const choices = isDecided(options)
    ? new Map<string, ConflictChoice>()
    : await preview(job, local, options, { terminal, signal });
  if (choices === null) return;
  await apply(job, choices, options, terminal);
  if (options.removeFile && options.file !== "-") {
    await Deno.remove(options.file);
  }
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

/** Without somebody to ask, naming what to do with conflicts is a decision too. */
function isDecided({ action, onConflict, file }: InstallOptions): boolean {
  if (action !== "ask") return action === "install";
  return onConflict !== "ask" && !(canAsk() && file !== "-");
}

function canAsk(): boolean {
  return Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
}

async function readLocal(memory: ProjectMemory): Promise<Map<string, string>> {
  await settleMemory(memory);
  const read = await readMemory(memory.folder);
  return localTexts(read?.files ?? new Map());
}

/**
 * Shows it and asks.
 *
 * @returns What to do with differing files, or `null` when nothing is to be installed.
 */
async function preview(
  { bundle, memory, received, provenance }: Job,
  local: Map<string, string>,
  options: InstallOptions,
  asking: Asking,
): Promise<Map<string, ConflictChoice> | null> {
  const { terminal, signal } = asking;
  const choice = fixedChoice(options);
  const plan = planMerge({ local, received, provenance, choose: () => choice });
  for (const name of plan.writes.keys()) {
    await requireFreeWay(memory.folder, name);
  }
  const indexName = [...local.keys()].find(isIndex) ?? INDEX_NAME;
  const { files: _files, ...facts } = bundle;
  showPreview({
    bundle: facts,
    folder: memory.folder,
    received,
    local,
    plan,
    indexName,
    isFull: options.full,
  }, terminal);
  if (plan.writes.size === 0) {
    terminal.say("there is nothing to install: all of it is here already");
    return null;
  }
  const isAsking = options.action === "ask" && !options.json &&
    options.file !== "-" && canAsk();
  if (!isAsking) {
    terminal.say("nothing was installed; --yes installs it");
    return null;
  }
  const differing = plan.outcomes.filter(({ kind }) => kind === "kept_both");
  const choices = options.onConflict === "ask"
    ? await askEach(differing.map(({ name }) => name), asking)
    : new Map<string, ConflictChoice>();
  const answer = await terminal.ask("Install it? [y/N] ", signal);
  if (/^y(es)?$/i.test(answer.trim())) return choices;
  terminal.say("nothing was installed");
  return null;
}

function isIndex(name: string): boolean {
  return nameKey(name) === nameKey(INDEX_NAME);
}

/** Both are kept where nobody can be asked: that loses nothing. */
function fixedChoice({ onConflict }: InstallOptions): ConflictChoice {
  return onConflict === "ask" ? "keep-both" : onConflict;
}

async function askEach(
  names: string[],
  { terminal, signal }: Asking,
): Promise<Map<string, ConflictChoice>> {
  const choices = new Map<string, ConflictChoice>();
  for (const name of names) {
    const answer = await terminal.ask(
      `"${name}" differs: keep [b]oth, take [t]heirs, keep [o]urs? [b] `,
      signal,
    );
    const letter = answer.trim().toLowerCase().slice(0, 1);
    choices.set(
      nameKey(name),
      letter === "t" ? "theirs" : letter === "o" ? "ours" : "keep-both",
    );
  }
  return choices;
}

async function apply(
  { memory, bundle, received, provenance }: Job,
  choices: Map<string, ConflictChoice>,
  options: InstallOptions,
  terminal: Terminal,
): Promise<void> {
  const { plan, backup, setAside } = await installMemory(memory, {
    received,
    provenance,
    choose: (name) => choices.get(nameKey(name)) ?? fixedChoice(options),
  });
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
    terminal.say("nothing was installed: all of it is here already");
    return;
  }
  terminal.say(`installed in ${memory.folder}: ${countsOf(plan)}`);
  for (const { name, as, kind } of plan.outcomes) {
    if (kind === "kept_both") terminal.say(`  ${name} differed: it is ${as}`);
  }
  terminal.say(`the memory of before is in ${backup}`);
  terminal.say(
    "--undo takes it back; Claude reads it from its next session on",
  );
}

/** What a running session wrote while the files were put in place. */
function warnOfSetAside(setAside: SetAside, terminal: Terminal): void {
  for (const [name, as] of setAside) {
    terminal.warn(
      `"${name}" was written to at the same moment; what it said is in "${as}"`,
    );
  }
}

/** `2 new, 1 the same, index`. */
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
  if (indexGains.length > 0) parts.push("the index has what is new");
  return parts.join(", ");
}

async function undo(memory: ProjectMemory, terminal: Terminal): Promise<void> {
  const undone = await undoInstall(memory);
  const { record, restored, kept, isIndexEdited } = undone;
  terminal.event("undone", {
    folder: memory.folder,
    at: record.at,
    sender: record.sender,
    restored,
    kept,
    index_edited: isIndexEdited,
  });
  terminal.say(
    `took back what ${
      record.sender ?? "somebody"
    } sent, installed ${record.at}: ${
      formatCount(restored.length, "file")
    } as before`,
  );
  warnOfSetAside(undone.setAside, terminal);
  for (const name of kept) {
    terminal.warn(`"${name}" was edited since, so it stays`);
  }
  if (isIndexEdited) {
    terminal.warn(
      `${record.indexName} was edited since: only what had been added was taken out`,
    );
  }
}

async function discard(
  { file }: InstallOptions,
  terminal: Terminal,
): Promise<void> {
  await Deno.remove(file).catch((cause) => {
    throw unreadable(file, cause);
  });
  terminal.say(`removed "${file}"; nothing was installed`);
  terminal.event("discarded", { path: file });
}

/** A distilled memory is for reading; filing it is up to Claude and the person. */
function showDocument(
  bytes: Uint8Array,
  { action, file }: InstallOptions,
  terminal: Terminal,
): void {
  if (action === "install") {
    throw new SpreadError(
      "BUNDLE_REFUSED",
      "Cannot install this by itself: it is a document, not a memory bundle",
      "Read it without --yes, and have Claude file what is worth keeping",
    );
  }
  const { text, removed } = cleanText(decode(bytes));
  const cleaned = Object.values(removed).reduce((sum, count) => sum + count, 0);
  terminal.event("document", {
    path: file,
    bytes: bytes.length,
    cleaned,
    text,
  });
  terminal.printUnlessJson(text);
  if (cleaned > 0) {
    terminal.warn(
      `${cleaned} hidden or steering character sequences were taken out`,
    );
  }
  terminal.say(
    "this is a document, not a bundle: nothing was installed; Claude can file it",
  );
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SpreadError(
      "BUNDLE_REFUSED",
      "Cannot take this for memory: it is not UTF-8 text",
      "Nothing was written; ask the sender to share it again",
      { cause },
    );
  }
}

/** Runs the command and returns its exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  try {
    const options = parseInstallArgs(args);
    if (options.help) terminal.print(USAGE);
    else await install(options, terminal, interruption.signal);
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
