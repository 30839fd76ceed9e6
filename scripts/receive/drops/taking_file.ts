/**
 * The number of a taking, by which the relay recognizes this receiver after a cut, also in a later
 * run of the command. It is kept beside the partial payload until the receipt (docs/protocol.md,
 * section 15.5).
 *
 * @module
 */

import { type Bytes, utf8 } from "../../../lib/bytes.ts";
import { isMissing, SpreadError } from "../../../lib/errors.ts";
import { cannotStore } from "../../../lib/files/cannot_store.ts";
import { lockOpenFile, MAX_LOCK_ATTEMPTS } from "../../../lib/files/lock.ts";

/** Length of the number, in bytes. */
const TAKING_BYTES = 16;

/** A number that this process alone uses, until it is disposed of. */
export class TakingFile implements Disposable {
  private constructor(
    private readonly path: string,
    private readonly file: Deno.FsFile,
    /** The number, in hex. Secret. */
    readonly taking: string,
  ) {}

  /**
   * Opens the file of a drop, or makes it.
   *
   * @param folder Folder of partial payloads.
   * @throws {SpreadError} `DROP_BUSY` when another command of this user is taking the drop;
   *   `CANNOT_STORE`.
   */
  static async open(
    folder: string,
    id: Bytes,
    fillRandom: (bytes: Bytes) => Bytes,
  ): Promise<TakingFile> {
    // Whoever reads the folder must not find the drop by it.
    const digest = await crypto.subtle.digest(
      "SHA-256",
      utf8(`taking of ${id.toHex()}`),
    );
    const name = new Uint8Array(digest, 0, 16).toHex();
    const path = `${folder}/${name}.taking`;
    try {
      const file = openLocked(folder, path);
      if (file === null) throw busy();
      using stack = new DisposableStack();
      stack.use(file);
      const taking = readOrMake(file, fillRandom);
      stack.move();
      return new TakingFile(path, file, taking);
    } catch (cause) {
      if (cause instanceof SpreadError) throw cause;
      throw cannotStore(folder, cause);
    }
  }

  /** Removes the file: the drop is taken, or gone. */
  remove(): void {
    try {
      Deno.removeSync(this.path);
    } catch {
      // Windows does not remove an open file; removeStale() gets it.
    }
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

/** Opens and locks the file; `null` when another process has it. */
function openLocked(folder: string, path: string): Deno.FsFile | null {
  for (let attempt = 0; attempt < MAX_LOCK_ATTEMPTS; attempt++) {
    const file = openOrMakeFolder(folder, path);
    const state = lockOpenFile(file, path);
    if (state === "locked") return file;
    file.close();
    if (state === "taken") return null;
  }
  return null;
}

function openOrMakeFolder(folder: string, path: string): Deno.FsFile {
  const options = { read: true, write: true, create: true, mode: 0o600 };
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (!isMissing(error)) throw error;
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    return Deno.openSync(path, options);
  }
}

function readOrMake(
  file: Deno.FsFile,
  fillRandom: (bytes: Bytes) => Bytes,
): string {
  const bytes = new Uint8Array(TAKING_BYTES);
  const isWhole = file.statSync().size === TAKING_BYTES &&
    file.readSync(bytes) === TAKING_BYTES;
  if (!isWhole) {
    file.truncateSync(0);
    file.seekSync(0, Deno.SeekMode.Start);
    file.writeSync(fillRandom(bytes));
  }
  return bytes.toHex();
}

function busy(): SpreadError {
  return new SpreadError(
    "DROP_BUSY",
    "Another command on this machine is taking the drop",
    "Wait until it has ended",
  );
}
