/**
 * The payload of work, written: its description, and the bundle.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../bytes.ts";
import { cannotStore } from "../../files/cannot_store.ts";
import { writeAll } from "../../files/payload/spool.ts";
import { WORK_REFS } from "../bundle_head.ts";
import { unusable } from "../errors.ts";
import type { ScratchRepository } from "../scratch.ts";
import { encodeHeader, MAX_WORK_BYTES, type WorkHeader } from "../work_file.ts";

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const DASH = 0x2d;

/**
 * Writes the payload into the scratch repository.
 *
 * @returns Its path.
 * @throws {SpreadError} `WORK_UNUSABLE` when it is too large; `CANNOT_STORE`.
 * @throws {GitFailed} When git fails.
 */
export async function writeWork(
  scratch: ScratchRepository,
  header: WorkHeader,
): Promise<string> {
  const { head, staged, work, base } = header;
  await scratch.name(WORK_REFS.staged, staged);
  await scratch.name(WORK_REFS.work, work);
  if (head !== null) await scratch.name(WORK_REFS.head, head);
  const path = `${scratch.path}/payload`;
  using file = await createFile(path);
  const isHeadNew = head !== null && !base.includes(head);
  const bundle = scratch.git(
    "bundle",
    "create",
    "--quiet",
    "-",
    ...isHeadNew ? [WORK_REFS.head] : [],
    WORK_REFS.staged,
    WORK_REFS.work,
    ...base.map((hash) => `^${hash}`),
  ).output();
  let size = 0;
  const write = async (bytes: Uint8Array) => {
    size += bytes.length;
    if (size > MAX_WORK_BYTES) throw tooLarge(header);
    await writeAll(file, bytes, path);
  };
  await write(encodeHeader(header));
  for await (const piece of withoutSubjects(bundle)) await write(piece);
  return path;
}

/**
 * A bundle in whose beginning prerequisites are hashes alone. Git adds the subjects of their
 * commits, which may be of any length and in any encoding.
 */
async function* withoutSubjects(
  bundle: AsyncIterable<Bytes>,
): AsyncGenerator<Bytes> {
  let isHead = true;
  let isSubject = false;
  /** The first byte of the line, once it is known. */
  let first: number | undefined;
  for await (const piece of bundle) {
    const kept = new Uint8Array(isHead ? piece.length : 0);
    let length = 0;
    let at = 0;
    for (; isHead && at < piece.length; at++) {
      const byte = piece[at]!;
      // An empty line ends the beginning.
      if (first === undefined) isHead = byte !== LINE_FEED;
      first ??= byte;
      if (first === DASH && byte === SPACE) isSubject = true;
      if (byte === LINE_FEED) {
        isSubject = false;
        first = undefined;
      }
      if (!isSubject) kept[length++] = byte;
    }
    yield concatBytes(kept.subarray(0, length), piece.subarray(at));
  }
}

async function createFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  } catch (cause) {
    throw cannotStore(path, cause);
  }
}

function tooLarge({ base }: WorkHeader) {
  const all = base.length === 0
    ? "; no remote branch has any of it, so it is the whole history"
    : "";
  return unusable(
    `Cannot send the work: it is larger than ${
      MAX_WORK_BYTES / 1024 / 1024
    } MiB${all}`,
    base.length === 0
      ? "Push the branch to a remote first, or leave --with-work out"
      : "Make git ignore large files (.gitignore), or leave --with-work out",
  );
}
