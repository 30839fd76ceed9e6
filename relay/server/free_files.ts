/**
 * Files that this process may still open: sockets count as files, and without a free one no
 * connection can be accepted.
 *
 * No interface of the runtime tells the limit, and `/proc/self/limits` may be read with all
 * permissions only. So the count opens files until it fails, and closes them again.
 *
 * @module
 */

/** A file that is there and costs nothing to open; reading it must be permitted. */
const FILE = "/dev/null";

/** Most files that are opened to count, in total. */
const MOST = 65_536;

/**
 * Counts the files that may still be opened, up to `most`; about 20 ms for 4000.
 *
 * @returns `most` where it cannot be counted: on Windows, which has no such limit, and without
 * the permission to read `/dev/null`.
 */
export function countFreeFiles(most: number): number {
  const files: Disposable[] = [];
  try {
    while (files.length < Math.min(most, MOST)) {
      files.push(Deno.openSync(FILE));
    }
    return most;
  } catch (error) {
    return isOutOfFiles(error) ? files.length : most;
  } finally {
    for (const file of files) file[Symbol.dispose]();
  }
}

/** Whether an error says that this process, or the whole machine, cannot open another file. */
export function isOutOfFiles(error: unknown): boolean {
  const { code = "" } = error as { code?: string };
  return code === "EMFILE" || code === "ENFILE";
}
