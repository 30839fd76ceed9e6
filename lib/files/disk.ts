/**
 * Changes to the disk, one at a time, each lasting before the next begins.
 *
 * What has to survive a crash at any moment makes its changes through this, so that tests
 * can end the process between any two of them.
 *
 * @module
 */

import { dirname } from "@std/path";

/** The changes that are made; all of them fail as `Deno`'s do. */
export interface Disk {
  /** Makes a folder and those around it, for its owner only; it may exist. */
  makeFolder(path: string): Promise<void>;
  /** Writes a file that must not exist, by default for its owner only, down to the disk. */
  write(path: string, bytes: Uint8Array, mode?: number): Promise<void>;
  /** Moves a file or folder, over a file that is there. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; it may be gone. */
  remove(path: string): Promise<void>;
  /** Removes a folder that has nothing in it; anything else stays. */
  removeEmptyFolder(path: string): Promise<void>;
  /** Removes a folder and all in it; it may be gone. */
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
    // What the umask took away from a mode that was asked for.
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

/** Lets a new name last too, on systems that can. */
async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch {
    // Windows opens no folder, and some file systems sync none.
  }
}
