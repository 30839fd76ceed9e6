/**
 * The user's decision about received memory, made through options or answers.
 *
 * @module
 */

import { requireFreeWay } from "../../lib/memory/change/file_state.ts";
import type { MemoryBundle } from "../../lib/memory/bundle.ts";
import {
  type ConflictChoice,
  type MergeInput,
  type MergePlan,
  planMerge,
} from "../../lib/memory/merge.ts";
import type { Agreed } from "../../lib/memory/install/install.ts";
import type { ReviewedMemory } from "../../lib/memory/review.ts";
import { INDEX_NAME, isIndex } from "../../lib/memory/text.ts";
import { nameKey } from "../../lib/files/safe_name.ts";
import type { InstallOptions } from "./options.ts";
import type { ProjectMemory } from "./find_memory.ts";
import { showPreview, warnOfOverflow } from "./preview.ts";
import { canAsk, type Terminal } from "../cli/terminal.ts";

/** The memory to install and its destination. */
export interface Job {
  memory: ProjectMemory;
  bundle: MemoryBundle;
  received: Map<string, ReviewedMemory>;
  provenance: MergeInput["provenance"];
}

/** A decision to install: a plan, the local texts that it was made for, and the choices in it. */
export interface Decision {
  plan: MergePlan;
  local: Map<string, string>;
  choose: MergeInput["choose"];
}

/** The terminal to ask on, until a signal interrupts. */
export interface TerminalToAsk {
  terminal: Terminal;
  signal: AbortSignal;
}

/**
 * Decides whether to install and what to do with files that differ: from the options, or by
 * showing a preview and asking.
 *
 * @param local The local texts by name.
 * @returns The decision, or `null` when nothing is to be installed.
 * @throws {SpreadError} `MEMORY_UNUSABLE` when something is in the way; the signal's reason.
 */
export async function decide(
  job: Job,
  local: Map<string, string>,
  options: InstallOptions,
  asking: TerminalToAsk,
): Promise<Decision | null> {
  const { received, provenance } = job;
  const usual = fixedChoice(options);
  const plan = planMerge({ local, received, provenance, choose: () => usual });
  const choices = isDecided(options)
    ? withoutPreview({ local, plan }, options, asking.terminal)
    : await preview(job, { local, plan }, options, asking);
  if (choices === null) return null;
  const choose = (name: string) => choices.get(nameKey(name)) ?? usual;
  const isUsual = [...choices.values()].every((choice) => choice === usual);
  return {
    local,
    choose,
    plan: isUsual ? plan : planMerge({ local, received, provenance, choose }),
  };
}

/** Whether the options decide, or the user can be asked; otherwise there is only a preview. */
export function mayInstall(options: InstallOptions): boolean {
  return isDecided(options) || isAsked(options);
}

function isAsked({ action, json, file }: InstallOptions): boolean {
  return action === "ask" && !json && file !== "-" && canAsk();
}

/** Whether the options decide. Without a person to ask, `--on-conflict` is a decision too. */
function isDecided({ action, onConflict, file }: InstallOptions): boolean {
  if (action !== "ask") return action === "install";
  return onConflict !== "ask" && !(canAsk() && file !== "-");
}

/** Warns as a preview would of what the installation brings about, unless a skill has shown one. */
function withoutPreview(
  { local, plan }: Agreed,
  { isTyped }: InstallOptions,
  terminal: Terminal,
): Map<string, ConflictChoice> {
  if (!isTyped && plan.writes.size > 0) {
    warnOfOverflow({ local, plan, indexName: indexNameOf(local) }, terminal);
  }
  return new Map();
}

function indexNameOf(local: Map<string, string>): string {
  return [...local.keys()].find(isIndex) ?? INDEX_NAME;
}

/** @returns The choices by {@linkcode nameKey}, or `null`. */
async function preview(
  job: Job,
  agreed: Agreed,
  options: InstallOptions,
  asking: TerminalToAsk,
): Promise<Map<string, ConflictChoice> | null> {
  const { plan } = agreed;
  await showPlan(job, agreed, options, asking.terminal);
  if (plan.writes.size === 0) {
    asking.terminal.say(
      "there is nothing to install: this memory has all of it already",
    );
    return null;
  }
  if (isAsked(options)) return await ask(plan, options, asking);
  asking.terminal.say(
    options.isTyped
      ? "nothing is installed yet"
      : "nothing was installed; --yes installs it",
  );
  return null;
}

/** Shows the merge, with conflicts resolved by the options or by keeping both. */
async function showPlan(
  { bundle, memory, received }: Job,
  { local, plan }: Agreed,
  options: InstallOptions,
  terminal: Terminal,
): Promise<void> {
  const { folder } = memory;
  for (const name of plan.writes.keys()) await requireFreeWay(folder, name);
  const indexName = indexNameOf(local);
  const { files: _files, ...facts } = bundle;
  const isFull = options.full;
  showPreview(
    { bundle: facts, folder, received, local, plan, indexName, isFull },
    terminal,
  );
}

async function ask(
  { outcomes }: MergePlan,
  { onConflict }: InstallOptions,
  asking: TerminalToAsk,
): Promise<Map<string, ConflictChoice> | null> {
  const differing = outcomes.filter(({ kind }) => kind === "kept_both");
  const names = onConflict === "ask" ? differing.map(({ name }) => name) : [];
  const choices = await askEach(names, asking);
  const { terminal, signal } = asking;
  if (await terminal.agrees("Install it?", signal)) return choices;
  terminal.say("nothing was installed");
  return null;
}

/** Keeps both when nobody can be asked: that loses nothing. */
function fixedChoice({ onConflict }: InstallOptions): ConflictChoice {
  return onConflict === "ask" ? "keep-both" : onConflict;
}

async function askEach(
  names: string[],
  { terminal, signal }: TerminalToAsk,
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
