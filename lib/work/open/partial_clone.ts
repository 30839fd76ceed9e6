/**
 * Checkouts that lack a part of their files: partial clones, which git fills up from the network
 * when it needs more. Work is opened without network.
 *
 * @module
 */

import { GitFailed, type StreamedGit } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { AS_FILE, unusable } from "../errors.ts";

/** Git's words for objects that are not there. */
const MISSING =
  /unresolved delta|did not receive expected object|unable to read|missing|promisor|could not fetch|not allowed/i;

/**
 * Puts a failure of git in a partial clone into words, if it lacks something there; returns any
 * other error as it is.
 */
export async function explainMissing(
  error: unknown,
  { git }: Repository<StreamedGit>,
): Promise<unknown> {
  if (!(error instanceof GitFailed) || !MISSING.test(error.said)) return error;
  const settings = "^(extensions\\.partialclone|remote\\..*\\.promisor)$";
  const found = await git("config", "--get-regexp", settings).answer();
  if (found === null) return error;
  return unusable(
    "Cannot open the work here: this checkout is a partial clone, and lacks files that the work needs",
    `Open it in a full clone, or keep ${AS_FILE}`,
    error,
  );
}
