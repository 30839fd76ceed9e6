/**
 * The text of one memory: what its frontmatter says, and its origin.
 *
 * Claude Code writes `name`, `description` and, under `metadata`, `type` and the session
 * that wrote the memory. Other keys are kept.
 *
 * @module
 */

import { cleanLine } from "../text/clean_text.ts";
import { nameKey } from "../files/safe_name.ts";
import {
  comparable,
  joinMemory,
  readValues,
  splitMemory,
  type Values,
  withLine,
} from "./frontmatter.ts";

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

/** The key that states the origin of a memory, for the receiver alone to set. */
const ORIGIN = "received";

/** The key under which Claude Code keeps the session that wrote a memory: the sender's own. */
const SESSION = "originSessionId";

/** The type in the frontmatter of a memory. */
export function memoryType(text: string): MemoryType {
  const { metadata, type } = readValues(text);
  const nested = (metadata as Values | null | undefined)?.type;
  for (const value of [nested, type]) {
    const word = String(value).trim().toLowerCase();
    const known = MEMORY_TYPES.find((name) => name === word);
    if (known !== undefined) return known;
  }
  return "untyped";
}

/** The value of a top-level key of the frontmatter, as one short line, or `null`. */
export function frontmatterValue(text: string, key: string): string | null {
  const values = readValues(text);
  const value = Object.hasOwn(values, key) ? values[key] : null;
  if (value === null || typeof value === "object") return null;
  return cleanLine(String(value), MAX_VALUE_LENGTH) || null;
}

/** A memory as it leaves this machine: without the session that wrote it. */
export function withoutSession(text: string): string {
  return withoutKeys(text, [SESSION]);
}

/** A memory without its origin: what its sender and what Claude Code say of it. */
export function withoutOrigin(text: string): string {
  return withoutKeys(text, [ORIGIN, SESSION]);
}

function withoutKeys(text: string, keys: string[]): string {
  const parts = splitMemory(text, keys);
  const isUntouched = comparable(parts) === comparable(splitMemory(text));
  return isUntouched ? text : joinMemory(parts);
}

/** Writes the origin into the frontmatter, in place of whatever it says of that. */
export function withProvenance(text: string, from: Provenance): string {
  const bare = splitMemory(text, [ORIGIN, SESSION]);
  return withLine(bare, ORIGIN, provenanceWords(from));
}

/** `from alex@walnut, project shop, on 2026-11-24`. */
function provenanceWords({ sender, project, day }: Provenance): string {
  const parts = [`from ${sender || "somebody"}`];
  if (project) parts.push(`project ${project}`);
  return `${parts.join(", ")}, on ${day}`;
}

/** Whether two memories say the same, regardless of origin, line ends and how YAML is written. */
export function isSameMemory(a: string, b: string): boolean {
  return a === b || comparison(a) === comparison(b);
}

/** A text that is the same for memories that {@linkcode isSameMemory} finds the same. */
export function comparison(text: string): string {
  return comparable(splitMemory(text, [ORIGIN, SESSION]));
}
