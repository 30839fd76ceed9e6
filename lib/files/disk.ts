/**
 * Changes to the disk, one at a time, each durable before the next begins.
 *
 * Code whose files must survive a crash at any moment makes its changes through this
 * interface, so that tests can end the process between any two of them.
 *
 * @module
 */

import { dirname } from "@std/path";

/** The possible changes; all of them fail as `Deno`'s do. */
export interface Disk {
  /** Creates a folder and its parents, for the owner only; it may exist. */
  makeFolder(path: string): Promise<void>;
  /** Writes a file that must not exist, by default for the owner only, and syncs it to the disk. */
  write(path: string, bytes: Uint8Array, mode?: number): Promise<void>;
  /** Moves a file or folder; replaces an existing file. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, if it exists. */
  remove(path: string): Promise<void>;
  /** Removes an empty folder; leaves anything else. */
  removeEmptyFolder(path: string): Promise<void>;
  /** Removes a folder and all in it, if it exists. */
  removeFolder(path: string): Promise<void>;
}

/** The disk of this machine. */
export const realDisk: Disk = {
  async makeFolder(path) {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  },
  async write(path, bytes, mode = 0o600) {
    using file = await Deno.open(path, { write: true, createNew: true, mode });
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(await file.write(rest));
    await file.sync();
    // Sets the mode bits that the umask has removed.
    if (mode !== 0o600) await Deno.chmod(path, mode).catch(() => {});
  },
  async rename(from, to) {
    await Deno.rename(from, to);
    await syncFolder(dirname(to));
  },
  async remove(path) {
    await Deno.remove(path).catch(ignoreMissing);
  },
  async removeEmptyFolder(path) {
    await Deno.remove(path).catch(() => {});
  },
  async removeFolder(path) {
    await Deno.remove(path, { recursive: true }).catch(ignoreMissing);
  },
};

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/**
 * Makes a file that was written by other means durable, and its name.
 *
 * @throws The system's error, when the disk fails.
 */
export async function makeDurable(path: string): Promise<void> {
  {
    // To write: Windows syncs no other files.
    using file = await Deno.open(path, { write: true });
    await file.sync();
  }
  await syncFolder(dirname(path));
}

/** Makes a new name durable too, on systems that can. */
export async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch {
    // Windows cannot open a folder, and some file systems cannot sync one.
  }
}
