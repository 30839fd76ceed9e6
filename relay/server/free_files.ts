/**
 * Files that this process may still open: sockets count as files, and without a free one no
 * connection can be accepted.
 *
 * The runtime has no interface for the limit, and `/proc/self/limits` can be read only with all
 * permissions. So {@linkcode countFreeFiles} opens files until that fails, and closes them again.
 *
 * @module
 */

/** A file that always exists and is cheap to open; the process needs permission to read it. */
const FILE = "/dev/null";

/** Most files opened for one count. */
const MOST = 65_536;

/**
 * Counts the files that may still be opened, up to `most`, which takes about 20 ms for 4000.
 *
 * @returns `most` where counting is impossible: on Windows, which has no such limit, and without
 * permission to read `/dev/null`.
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
