/**
 * Errors of git, put into words for people.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import { GitFailed } from "../git/git.ts";
import { cleanLine } from "../text/clean_text.ts";

/** Way out for work that cannot be opened here; stands after "keep". */
export const AS_FILE = "the bundle as a file with claude-spread work save FILE";

/** Oldest git with all that work needs. */
const OLDEST_GIT = [2, 39];

/**
 * Thrown for more than is read of a checkout or of work, wherever it comes from; its message says
 * what is too much. {@linkcode inWords} puts it into words.
 */
export class TooMuch extends Error {
  override name = "TooMuch";
}

/** The last words of git about a failure, cleaned; empty when there are none. */
function saidBy(error: GitFailed): string {
  const lines = error.said.split("\n").filter((line) => line.trim() !== "");
  // Of an object that is not well-formed, git says why one line before.
  const isWhyBefore = /^fatal: fsck error/.test(lines.at(-1) ?? "");
  const last = lines.at(isWhyBefore ? -2 : -1) ?? lines.at(-1) ?? "";
  return cleanLine(last.replace(/^(?:fatal|error): /, ""), 200);
}

/**
 * Puts a failure of git, or too much for us, into words; returns any other error as it is.
 *
 * @param what The thing that could not be done: "Cannot pack the work".
 * @param less Hint for {@linkcode TooMuch}.
 */
export function inWords(
  error: unknown,
  code: SpreadErrorCode,
  what: string,
  less?: string,
): unknown {
  if (error instanceof TooMuch) {
    return new SpreadError(code, `${what}: ${error.message}`, less, {
      cause: error,
    });
  }
  if (error instanceof Deno.errors.TimedOut) {
    return unusable(
      `${what}: git did not answer in time`,
      "Try again when the machine is less busy",
      error,
    );
  }
  if (!(error instanceof GitFailed)) return error;
  const said = saidBy(error);
  if (/No space left|Disk quota/i.test(error.said)) {
    return new SpreadError(
      "CANNOT_STORE",
      `${what}: the disk is full`,
      "Free some space, then try again",
      { cause: error },
    );
  }
  return new SpreadError(
    code,
    said === "" ? what : `${what}: git says: ${said}`,
    undefined,
    {
      cause: error,
    },
  );
}

/**
 * Refuses a git that is missing, or older than 2.39.
 *
 * @param answer What `git version` said.
 * @throws {SpreadError} `WORK_UNUSABLE`.
 */
export function requireGit(answer: string | null): void {
  const [, major, minor] = /^git version (\d+)\.(\d+)/.exec(answer ?? "") ?? [];
  if (major === undefined) {
    throw unusable(
      "Cannot find git, which sends and opens work",
      "Install git 2.39 or newer",
    );
  }
  const [oldMajor, oldMinor] = OLDEST_GIT as [number, number];
  const isNew = Number(major) > oldMajor ||
    Number(major) === oldMajor && Number(minor) >= oldMinor;
  if (isNew) return;
  throw unusable(
    `Cannot send or open work with git ${major}.${minor}: it is too old`,
    "Update git to 2.39 or newer",
  );
}

/** The error for work that cannot be sent from a checkout, or opened in one. */
export function unusable(
  message: string,
  hint: string,
  cause?: unknown,
): SpreadError {
  return new SpreadError("WORK_UNUSABLE", message, hint, { cause });
}

/** The error for received work that breaks the rules. */
export function refused(
  why: string,
  hint = "Ask the sender for it in another way",
): SpreadError {
  return new SpreadError(
    "WORK_REFUSED",
    `Cannot use the received work: ${why}`,
    hint,
  );
}

/** The error for a filter that git's arguments cannot turn off. @param what As in `inWords()`. */
export function oddFilter(what: string): SpreadError {
  return unusable(
    `${what}: a filter in the settings of git has "=" in its name`,
    "Rename the filter",
  );
}
