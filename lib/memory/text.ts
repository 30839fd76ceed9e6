/**
 * The text of one memory: its frontmatter, and its origin.
 *
 * Does not parse YAML: reads only the relevant lines of a frontmatter, and keeps every
 * other byte. Claude Code writes `name`, `description` and `type`, the last of them under
 * `metadata`.
 *
 * @module
 */

import { cleanLine } from "../text/clean_text.ts";
import { nameKey } from "../files/safe_name.ts";

/** Types of a memory, as Claude Code sorts them; `untyped` when the frontmatter does not name one. */
export const MEMORY_TYPES = [
  "user",
  "feedback",
  "project",
  "reference",
  "untyped",
] as const;

/** One of {@linkcode MEMORY_TYPES}. */
export type MemoryType = typeof MEMORY_TYPES[number];

/** The file that Claude Code loads in every session. */
export const INDEX_NAME = "MEMORY.md";

/** Whether a file is the index, on systems that ignore case too. */
export function isIndex(name: string): boolean {
  return nameKey(name) === nameKey(INDEX_NAME);
}

/** Origin of a memory, as the sender states it. */
export interface Provenance {
  /** `user@host`, or absent. */
  sender?: string;
  project?: string;
  /** Day of the installation, `2026-11-24`. */
  day: string;
}

/** Longest value of a key shown, in UTF-16 units. */
const MAX_VALUE_LENGTH = 200;

/** The block between the first line, `---`, and the next one. */
const FRONTMATTER =
  /^(?:\ufeff)?---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m;

/** In block or flow style; the first one counts, wherever it is nested. */
const TYPE =
  /(?:^|[{,])[ \t]*["']?type["']?[ \t]*:[ \t]*["']?(user|feedback|project|reference)\b/im;

/** The line that states the origin of a memory. */
const RECEIVED = /^received: "from [^\n]*"\r?\n/m;

/** The type in the frontmatter of a memory. */
export function memoryType(text: string): MemoryType {
  const type = TYPE.exec(frontmatterOf(text) ?? "")?.[1];
  return (type?.toLowerCase() as MemoryType | undefined) ?? "untyped";
}

/**
 * The value of a top-level key of the frontmatter, as one short line, or `null`.
 *
 * @param key Letters only.
 */
export function frontmatterValue(text: string, key: string): string | null {
  const frontmatter = frontmatterOf(text) ?? "";
  const match = new RegExp(`^${key}:[ \\t]*(.*)$`, "m").exec(frontmatter);
  const value = match?.[1]?.trim().replace(/^(["'])(.*)\1$/, "$2") ?? "";
  return value === "" ? null : cleanLine(value, MAX_VALUE_LENGTH);
}

/** The lines of the frontmatter, or `null`. Only a block at the very beginning counts. */
function frontmatterOf(text: string): string | null {
  const match = FRONTMATTER.exec(text);
  return match?.index === 0 ? match[1]! : null;
}

/** Writes the origin into the frontmatter, in place of an earlier one. */
export function withProvenance(text: string, from: Provenance): string {
  const bare = withoutProvenance(text);
  // JSON is YAML, and keeps a quote or a colon from ending the value.
  const line = `received: ${JSON.stringify(provenanceWords(from))}\n`;
  // An empty frontmatter would look as if it had been made for this line.
  if (!frontmatterOf(bare)) return `---\n${line}---\n${bare}`;
  return bare.replace(/^(?:\ufeff)?---[ \t]*\r?\n/, (start) => start + line);
}

/** A memory without the line of {@linkcode withProvenance}. */
export function withoutProvenance(text: string): string {
  const frontmatter = frontmatterOf(text);
  if (frontmatter === null || !RECEIVED.test(frontmatter)) return text;
  // A frontmatter with nothing else in it was made for this line.
  const isOurs = frontmatter.replace(RECEIVED, "") === "";
  return isOurs ? text.replace(FRONTMATTER, "") : text.replace(RECEIVED, "");
}

/** `from alex@walnut, project shop, on 2026-11-24`. */
function provenanceWords({ sender, project, day }: Provenance): string {
  const parts = [`from ${sender ?? "somebody"}`];
  if (project) parts.push(`project ${project}`);
  return `${parts.join(", ")}, on ${day}`;
}

/** Whether two memories have the same text, regardless of origin and line ends. */
export function isSameMemory(a: string, b: string): boolean {
  return comparable(a) === comparable(b);
}

function comparable(text: string): string {
  return withoutProvenance(text.replaceAll("\r\n", "\n"));
}
