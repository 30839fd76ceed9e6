/**
 * Shows received memory to the user before it is installed: the planned changes, warnings and the
 * text.
 *
 * The text is cleaned, and a mark at the beginning of each line keeps it from passing as output
 * of the command.
 *
 * @module
 */

import { structuredPatch } from "diff";
import { cleanText } from "../../lib/text/clean_text.ts";
import { findInstructions } from "../../lib/text/instructions.ts";
import type { MemoryBundle } from "../../lib/memory/bundle.ts";
import {
  MAX_LOADED_BYTES,
  MAX_LOADED_LINES,
  overflowOf,
} from "../../lib/memory/index/blocks.ts";
import type { FileOutcome, MergePlan } from "../../lib/memory/merge.ts";
import type { ReviewedMemory } from "../../lib/memory/review.ts";
import { frontmatterValue, withoutOrigin } from "../../lib/memory/text.ts";
import { formatBytes, formatCount, formatPast } from "../cli/screen/format.ts";
import { sayTakenOut } from "../cli/secrets/report.ts";
import type { Terminal } from "../cli/terminal.ts";

/** The content of a preview. */
export interface Preview {
  bundle: Omit<MemoryBundle, "files">;
  /** The destination. */
  folder: string;
  received: Map<string, ReviewedMemory>;
  local: Map<string, string>;
  plan: MergePlan;
  /** Name of the local index. */
  indexName: string;
  isFull: boolean;
}

/** Characters of memory shown by default: as many as Claude gets in one piece. */
const MAX_SHOWN_LENGTH = 20_000;

/** Warnings shown one by one: a flood of them would hide the others. */
const MAX_WARNINGS = 40;

/** Changed lines above which a diff is no longer useful. */
const MAX_EDITS = 2_000;

const WORDS: Record<FileOutcome["kind"], string> = {
  added: "new",
  same: "the same",
  kept_both: "differs, both are kept",
  replaced: "differs, replaces yours",
  skipped: "differs, yours stays",
};

/** Shows the effect of an installation and the text that it would add. */
export function showPreview(preview: Preview, terminal: Terminal): void {
  terminal.event("memory", factsOf(preview));
  sayOutcomes(preview, terminal);
  sayWarnings(preview, terminal);
  const shown = textOf(preview);
  const isCut = !preview.isFull && shown.length > MAX_SHOWN_LENGTH;
  terminal.printUnlessJson(isCut ? cut(shown) : shown);
  if (isCut) {
    terminal.warn(
      "this is not all of it; read the rest with --full before you install it",
    );
  }
}

function cut(text: string): string {
  return text.slice(0, text.lastIndexOf("\n", MAX_SHOWN_LENGTH) + 1);
}

/** The facts of a preview, for programs. */
function factsOf(preview: Preview): Record<string, unknown> {
  const { bundle, folder, received, plan } = preview;
  const files = plan.outcomes.map(({ name, as, kind }) => {
    const { type, bytes, cleaned, flags, flagged } = received.get(name)!;
    return { name, as, outcome: kind, type, bytes, cleaned, flags, flagged };
  });
  return {
    ...bundle,
    folder,
    files,
    index_gains: plan.indexGains,
    overflow: overflowAfter(preview),
  };
}

/** The index as it will be. */
type PlannedIndex = Pick<Preview, "plan" | "local" | "indexName">;

function overflowAfter(
  { plan, local, indexName }: PlannedIndex,
): ReturnType<typeof overflowOf> {
  return overflowOf(plan.writes.get(indexName) ?? local.get(indexName) ?? "");
}

/** Warns of an index that Claude will not load as a whole. */
export function warnOfOverflow(index: PlannedIndex, terminal: Terminal): void {
  const overflow = overflowAfter(index);
  if (overflow === null) return;
  terminal.warn(overflowWords(index.indexName, overflow));
}

function sayOutcomes(preview: Preview, terminal: Terminal): void {
  const { bundle, folder, received, plan, indexName } = preview;
  const made = bundle.created === undefined
    ? ""
    : `, made ${formatPast(new Date(bundle.created), new Date())}`;
  terminal.say(
    `memory of "${bundle.project}" from ${bundle.sender ?? "somebody"}${made}`,
  );
  if (bundle.secrets !== undefined) sayTakenOut(bundle.secrets, terminal);
  terminal.say(`for ${folder}`);
  for (const { name, as, kind } of plan.outcomes) {
    const { type, bytes } = received.get(name)!;
    const other = name === as ? "" : ` as ${as}`;
    terminal.say(
      `  ${type.padEnd(9)}  ${formatBytes(bytes).padStart(9)}  ${name}: ${
        WORDS[kind]
      }${other}${type === "user" ? "  ← about a person" : ""}`,
    );
  }
  const gains = plan.indexGains.length;
  terminal.say(
    gains === 0
      ? `  index      ${indexName}: nothing new`
      : `  index      ${indexName}: ${
        formatCount(gains, "part")
      } added at its end`,
  );
}

function sayWarnings(preview: Preview, terminal: Terminal): void {
  const warnings = [
    ...warningsOfNames(preview),
    ...[...preview.received].flatMap(([name, memory]) =>
      warningsOf(name, memory)
    ),
  ];
  for (const warning of warnings.slice(0, MAX_WARNINGS)) terminal.warn(warning);
  const total = warnings.length + untold(preview.received);
  if (total > MAX_WARNINGS) {
    terminal.warn(
      `these are ${MAX_WARNINGS} of ${total} warnings; a memory with so many is better not installed`,
    );
  }
  warnOfOverflow(preview, terminal);
}

/** Number of lines that look like instructions and have no warning of their own. */
function untold(received: Preview["received"]): number {
  return received.values().reduce(
    (sum, { flags, flagged }) => sum + flagged - flags.length,
    0,
  );
}

/** Checks what would go into the index from elsewhere than a text that is shown. */
function warningsOfNames({ bundle, received }: Preview): string[] {
  const names = [bundle.sender ?? "", bundle.project, ...received.keys()];
  const said = [
    ...names.map((name) => ({ what: `the name "${name}"`, text: name })),
    ...[...received].flatMap(([name, { text }]) => hiddenValues(name, text)),
  ];
  return said.flatMap(({ what, text }) =>
    findInstructions(text).flags.map(({ why }) => `${what} ${why}`)
  );
}

/** Values for an index entry that the text of a file writes in another way, such as escaped. */
function hiddenValues(
  name: string,
  text: string,
): { what: string; text: string }[] {
  return ["name", "description"].flatMap((key) => {
    const value = frontmatterValue(text, key);
    if (value === null || text.includes(value)) return [];
    return [{ what: `the ${key} in "${name}", "${value}",`, text: value }];
  });
}

function warningsOf(
  name: string,
  { cleaned, flags }: ReviewedMemory,
): string[] {
  const found = flags.map(({ line, why, text }) =>
    `"${name}", line ${line} ${why}: ${text.trim()}`
  );
  if (cleaned === 0) return found;
  const hidden = formatCount(cleaned, "hidden or steering character sequence");
  return [`"${name}": ${hidden} removed`, ...found];
}

/** Advice about an index that is too long. */
function overflowWords(
  name: string,
  { lines, bytes }: { lines: number; bytes: number },
): string {
  return `${name} will have ${lines} lines and ${
    formatBytes(bytes)
  }; Claude loads the first ${MAX_LOADED_LINES} lines or ${
    formatBytes(MAX_LOADED_BYTES)
  } of it. The received entries are at the end: ask Claude to shorten the index, ` +
    "one line for each file, and to move details into the files";
}

/** The texts that would be new, and how the others differ. */
function textOf({ plan, received, local, indexName }: Preview): string {
  const parts = plan.outcomes.filter(({ kind }) => kind !== "same")
    .map(({ name, as, beside = as, kind }) => {
      const text = received.get(name)!.text;
      if (kind === "added") return section(name, marked("| ", text));
      const here = local.get(beside)!;
      return section(`${name}, compared with yours`, diff(here, text));
    });
  const index = plan.writes.get(indexName);
  if (index !== undefined) {
    const before = local.get(indexName) ?? "";
    const added = index.slice(before.length).replaceAll("\r\n", "\n");
    parts.unshift(section("new in the index", marked("| ", added.trimStart())));
  }
  return parts.join("");
}

function section(title: string, body: string): string {
  return `--- ${title}\n${body}\n`;
}

function marked(mark: string, text: string): string {
  return text.trimEnd().split("\n").map((line) => mark + line).join("\n");
}

function diff(ours: string, theirs: string): string {
  // Ours too: whatever wrote it, it goes to a terminal.
  const [a, b] = [ours, theirs].map((text) =>
    withoutOrigin(cleanText(text).text)
  );
  const patch = structuredPatch("", "", a!, b!, undefined, undefined, {
    context: 2,
    maxEditLength: MAX_EDITS,
  });
  if (patch === undefined) {
    return `${
      marked("+ ", theirs)
    }\n(too different from yours to compare line by line)`;
  }
  return patch.hunks.flatMap(({ oldStart, lines }) => [
    `@@ line ${oldStart}`,
    ...lines.map((line) => `${line.slice(0, 1)} ${line.slice(1)}`),
  ]).join("\n");
}
