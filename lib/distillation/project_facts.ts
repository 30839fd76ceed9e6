/**
 * Facts about a project that no one should have to remember or make up: read from git.
 *
 * @module
 */

import { concatBytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { cleanLine } from "../text/clean_text.ts";
import type { Payload } from "../files/payload_source.ts";

/** Runs `git` with these arguments; its output, or `null` when it fails or is missing. */
export type RunGit = (args: string[]) => Promise<string | null>;

/** State of a git checkout; what git does not tell is left out. */
export interface GitFacts {
  branch?: string;
  /** Full hash. */
  commit?: string;
  /** Address of `origin`, without any user name or token in it. */
  remote?: string;
}

/** What is known about a project. */
export interface ProjectFacts {
  /** Name of its folder. */
  project: string;
  git?: GitFacts;
  /** Files with changes that are not committed, each with git's two status letters. */
  changedFiles: string[];
}

/** Changed files that are listed by name; more are counted. */
const MAX_LISTED_FILES = 50;

/** Largest document that facts are put into, in bytes. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** Reads the facts of the project in `folder`; without git only its name. */
export async function readProjectFacts(
  folder: string,
  runGit: RunGit,
): Promise<ProjectFacts> {
  const name = folder.split(/[\\/]/).findLast((part) => part !== "") ?? folder;
  const project = cleanLine(name, 255);
  // No fsmonitor: asking for facts must not start a program that the repository names.
  const git = (...args: string[]) =>
    runGit([
      "-C",
      folder,
      "-c",
      "core.fsmonitor=false",
      "--no-optional-locks",
      ...args,
    ]);
  const [branch, commit, remote, status] = await Promise.all([
    git("symbolic-ref", "--short", "-q", "HEAD"),
    git("rev-parse", "--verify", "-q", "HEAD"),
    git("remote", "get-url", "origin"),
    readStatus(git),
  ]);
  if (status === null) return { project, changedFiles: [] };
  return {
    project,
    git: {
      branch: orAbsent(branch && cleanLine(branch, 255)),
      commit: orAbsent(commit?.trim()),
      remote: orAbsent(remote && withoutCredentials(cleanLine(remote, 1024))),
    },
    changedFiles: parseStatus(status),
  };
}

/**
 * The files with changes. To see them, git would start the filters that the repository's own
 * settings name, and those of its submodules: a project that came with its `.git` could have
 * anything run.
 */
async function readStatus(
  git: (...args: string[]) => Promise<string | null>,
): Promise<string | null> {
  const names = ["--null", "--name-only", "--get-regexp", "^filter\\."];
  const own = await Promise.all([
    git("config", "--local", "--includes", ...names),
    git("config", "--worktree", "--includes", ...names),
  ]);
  const filters = own.join("\0").split("\0")
    .filter((key) => key !== "")
    .map((key) => key.slice(0, key.lastIndexOf(".")));
  // git would end the name there.
  if (filters.some((filter) => filter.includes("="))) return null;
  const without = [...new Set(filters)].flatMap((filter) =>
    ["clean=", "process=", "required=false"]
      .flatMap((setting) => ["-c", `${filter}.${setting}`])
  );
  return await git(
    ...without,
    "status",
    "--porcelain=v1",
    "-z",
    "--untracked-files=all",
    "--ignore-submodules=dirty",
  );
}

/** What git does not know is left out. */
function orAbsent(text: string | null | undefined): string | undefined {
  return text || undefined;
}

/** Entries of `git status -z`; a renamed file is followed by its old name. */
function parseStatus(status: string): string[] {
  const fields = status.split("\0").filter((field) => field !== "");
  const files: string[] = [];
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    files.push(field.slice(0, 3) + cleanLine(field.slice(3), 255));
    if (/^(R|C|.R|.C)/.test(field.slice(0, 2))) i++;
  }
  return files;
}

/** A remote's address without user name, password or token. */
export function withoutCredentials(remote: string): string {
  return remote.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/]*@/gi, "$1");
}

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
      "Cannot take a document of more than 16 MiB into memory",
      "Share it without --project and --remove-file",
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
      "Cannot take a document that is not UTF-8 text",
      "Share it without --project and --remove-file",
      { cause },
    );
  }
}

/** Puts the facts under the title of a Markdown document. */
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

/** How a local checkout stands to the one that a document was written in. */
export type CheckoutRelation =
  | "no_git_here"
  | "nothing_offered"
  | "same"
  | "ahead"
  | "behind"
  | "diverged"
  | "commit_missing";

/**
 * Compares the checkout in `folder` with the commit that the sender was at.
 *
 * @param theirs Checked by the offer's schema: a commit is a hash and nothing else.
 */
export async function compareCheckout(
  folder: string,
  theirs: GitFacts | undefined,
  runGit: RunGit,
): Promise<CheckoutRelation> {
  const git = (...args: string[]) => runGit(["-C", folder, ...args]);
  const commit = theirs?.commit;
  if (commit === undefined) return "nothing_offered";
  const head = (await git("rev-parse", "--verify", "-q", "HEAD"))?.trim();
  if (head === undefined) return "no_git_here";
  if (head === commit) return "same";
  if (await git("cat-file", "-e", `${commit}^{commit}`) === null) {
    return "commit_missing";
  }
  if (await git("merge-base", "--is-ancestor", commit, "HEAD") !== null) {
    return "ahead";
  }
  if (await git("merge-base", "--is-ancestor", "HEAD", commit) !== null) {
    return "behind";
  }
  return "diverged";
}
