/**
 * Leftovers: files and folders that ended or killed processes have left, and that nobody needs.
 *
 * @module
 */

/** Age, in milliseconds, after which a file or folder without a lock has no owner any more. */
const LOCKED_WITHIN_MS = 60_000;

/**
 * Removes leftovers from a folder; best effort: those that cannot be looked at or removed stay, and
 * keep no others. A folder that is missing, or not ours, has none.
 *
 * @param isLeftover Whether something goes, with all that is in it; what it throws counts as no.
 */
export async function removeLeftOver(
  folder: string,
  isLeftover: (
    entry: Deno.DirEntry,
    path: string,
  ) => boolean | Promise<boolean>,
): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    try {
      if (!await isLeftover(entry, path)) continue;
      await Deno.remove(path, { recursive: entry.isDirectory });
    } catch {
      // Another command has just removed it, or it is not ours to remove.
    }
  }
}

/**
 * Whether the process has ended that made a file or folder.
 *
 * @param lock File that this process keeps locked; in a folder it may be missing.
 * @throws The system's error.
 */
export function hasNoOwner(path: string, lock = path): boolean {
  const age = Date.now() - Deno.statSync(path).mtime!.getTime();
  // Its owner may not have locked it yet.
  if (age <= LOCKED_WITHIN_MS) return false;
  try {
    using file = Deno.openSync(lock, { read: true, write: true });
    return file.tryLockSync(true);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}
