/**
 * A document with the facts of its project in it.
 *
 * @module
 */

import { concatBytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import type { Payload } from "../files/payload/source.ts";
import type { ProjectFacts } from "./project_facts.ts";

/** Most changed files listed by name; further ones are counted. */
export const MAX_LISTED_FILES = 50;

/** Largest document that can hold facts, in bytes. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/**
 * Reads a whole document into memory.
 *
 * @throws {SpreadError} `PAYLOAD_TOO_LARGE` above {@linkcode MAX_DOCUMENT_BYTES};
 *   `PAYLOAD_UNREADABLE` when it is not UTF-8 text.
 */
export async function readDocument(payload: Payload): Promise<string> {
  if (payload.size > MAX_DOCUMENT_BYTES) {
    throw new SpreadError(
      "PAYLOAD_TOO_LARGE",
      "Cannot share a document of more than 16 MiB with these options",
      "Leave --project and --remove-file out",
    );
  }
  const bytes = concatBytes(
    ...await Array.fromAsync(payload.read(0), (piece) => piece.slice()),
  );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SpreadError(
      "PAYLOAD_UNREADABLE",
      "Cannot share a document that is not UTF-8 text with these options",
      "Leave --project and --remove-file out",
      { cause },
    );
  }
}

/** Inserts the facts below the title of a Markdown document. */
export function addFacts(
  document: string,
  facts: ProjectFacts,
  created: Date,
): string {
  const title = /^(?:#[ \t][^\n]*\n+)?/.exec(document)![0];
  return `${title}${factsSection(facts, created)}\n${
    document.slice(title.length)
  }`;
}

function factsSection(facts: ProjectFacts, created: Date): string {
  const { branch, commit, remote } = facts.git ?? {};
  const rows = [
    ["Shared", created.toISOString()],
    ["Project", facts.project],
    ["Branch", facts.git && (branch ?? "none (detached)")],
    ["Commit", facts.git && (commit ?? "none yet")],
    ["Remote", remote],
    ["Not committed", facts.git && countOf(facts.changedFiles.length)],
  ].filter(([, value]) => value !== undefined).map(([name, value]) =>
    `- ${name}: ${value}`
  );
  const listed = facts.changedFiles.slice(0, MAX_LISTED_FILES).map((file) =>
    `  - ${file}`
  );
  const unlisted = facts.changedFiles.length - listed.length;
  if (unlisted > 0) listed.push(`  - and ${unlisted} more`);
  return ["## Facts", "", ...rows, ...listed, ""].join("\n");
}

function countOf(files: number): string {
  if (files === 0) return "nothing";
  return files === 1 ? "1 file" : `${files} files`;
}
