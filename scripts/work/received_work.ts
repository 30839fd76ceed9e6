/**
 * The received work that a command is about, and the checkout that it is opened in.
 *
 * @module
 */

import { isMissing, SpreadError } from "../../lib/errors.ts";
import { GitProgram, type StreamedGit } from "../../lib/git/git.ts";
import {
  atRoot,
  openRepository,
  type Repository,
} from "../../lib/git/repository.ts";
import { AS_FILE, requireGit, unusable } from "../../lib/work/errors.ts";
import {
  type KeptWork,
  payloadPath,
  readKept,
} from "../../lib/work/open/kept.ts";
import { UnpackedWork } from "../../lib/work/open/unpacked_work.ts";
import { readHeader, type WorkHeader } from "../../lib/work/work_file.ts";
import { workFolder } from "../cli/surroundings.ts";

/** Longest that git may take for one step, in milliseconds. */
const GIT_TIMEOUT_MS = 300_000;

/** Git for received work; disposing of it ends whatever still runs. */
export function startGit(signal: AbortSignal): GitProgram {
  return new GitProgram({ timeoutMs: GIT_TIMEOUT_MS, signal });
}

/**
 * Finds received work.
 *
 * @param id Beginning of its ID; absent for the newest.
 * @param newest Time by which the newest is found, as in ISO 8601; `null` for work that does not
 *   count.
 * @throws {SpreadError} `NO_WORK`.
 */
export async function findWork(
  id: string | undefined,
  newest: (work: KeptWork) => string | null = ({ received }) => received,
): Promise<KeptWork> {
  const all = await readKept(workFolder(), new Date());
  const found = id === undefined
    ? all.filter((work) => newest(work) !== null)
      .sort((a, b) => newest(a)! < newest(b)! ? 1 : -1).slice(0, 1)
    : all.filter((work) => work.id.startsWith(id.toLowerCase()));
  if (found.length === 1) return found[0]!;
  throw new SpreadError(
    "NO_WORK",
    found.length > 1
      ? `More than one piece of work has an ID that begins with "${id}"`
      : id === undefined
      ? "This machine has received no work, or it was taken away"
      : `This machine has received no work with the ID "${id}"`,
    "See claude-spread work list; a sender adds work with --with-work",
  );
}

/** Path of the payload of received work. */
export function payloadOf(work: KeptWork): string {
  return payloadPath(workFolder(), work);
}

/** The description of work; `null` when it cannot be read. */
export async function headerOf(work: KeptWork): Promise<WorkHeader | null> {
  try {
    return (await readHeader(payloadOf(work))).header;
  } catch (error) {
    if (error instanceof SpreadError || isMissing(error)) return null;
    throw error;
  }
}

/**
 * Opens the checkout that a folder belongs to, with git started at its root.
 *
 * @throws {SpreadError} `WORK_UNUSABLE` when there is none, or no git that is new enough.
 */
export async function openCheckout(
  folder: string,
  git: GitProgram,
): Promise<Repository<StreamedGit>> {
  requireGit(await git.start(["version"]).answer());
  const repository = await openRepository(folder, git.start);
  if (repository !== null) return atRoot(repository);
  throw unusable(
    `Cannot open the work here: "${folder}" is not in a git checkout`,
    `Go to a checkout of the project, or keep ${AS_FILE}`,
  );
}

/**
 * Unpacks received work beside a checkout, and checks it.
 *
 * @throws {SpreadError} As `UnpackedWork.open()`.
 */
export async function unpack(
  work: KeptWork,
  repository: Repository<StreamedGit>,
  git: GitProgram,
): Promise<UnpackedWork> {
  return await UnpackedWork.open(payloadOf(work), {
    repository,
    startGit: git.start,
    folder: workFolder(),
  });
}
