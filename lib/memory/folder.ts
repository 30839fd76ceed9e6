/**
 * Reading of a memory folder: its Markdown files, including those in subfolders.
 *
 * Links are not followed, because they may lead out of the memory; hidden files and folders
 * do not count as memory. Files left out for any other reason are reported.
 *
 * @module
 */

import { isMissing, SpreadError, systemReason } from "../errors.ts";
import { MAX_FILE_BYTES, MAX_FILES } from "./bundle.ts";
import { MAX_PARTS } from "../files/safe_name.ts";

/** The contents of a memory folder. */
export interface MemoryFiles {
  /** Exact bytes by name, with `/` between the parts of a name, in order of names. */
  files: Map<string, Uint8Array>;
  /** Files that may hold memory and were not read. */
  skipped: SkippedFile[];
  /** Names of files that are not Markdown. */
  others: string[];
}

/** A file, or a folder, that was left out, and the reason: `it is a link`. */
export interface SkippedFile {
  name: string;
  why: string;
}

/** Most entries of any sort read in a folder; a real memory has fewer. */
const MAX_ENTRIES = 20 * MAX_FILES;

/**
 * Reads the files of a memory folder.
 *
 * @param isLenient Whether to skip files and folders that cannot be read, or are too long,
 *   instead of giving up: right for sharing, but not for a change, which must know them all.
 * @returns `null` when the folder does not exist.
 * @throws {SpreadError} `PAYLOAD_UNREADABLE` (not a folder, no permission);
 *   `PAYLOAD_TOO_LARGE` when there are far more files, or larger ones, than a memory has.
 */
export async function readMemory(
  folder: string,
  isLenient = false,
): Promise<MemoryFiles | null> {
  const reader = new Reader(folder, isLenient);
  try {
    if (!(await Deno.stat(folder)).isDirectory) throw notFolder(folder);
    await reader.read("", 1);
  } catch (cause) {
    if (cause instanceof SpreadError) throw cause;
    if (isMissing(cause) && reader.isAtStart) return null;
    throw unreadableMemory(folder, cause);
  }
  return reader.result();
}

class Reader {
  readonly #files: [string, Uint8Array][] = [];
  readonly #skipped: SkippedFile[] = [];
  readonly #others: string[] = [];
  #entries = 0;

  constructor(
    private readonly folder: string,
    private readonly isLenient: boolean,
  ) {}

  /** Whether nothing has been found yet. */
  get isAtStart(): boolean {
    return this.#entries === 0;
  }

  result(): MemoryFiles {
    const files = this.#files.sort(([a], [b]) => a < b ? -1 : 1);
    const others = this.#others.sort();
    return { files: new Map(files), skipped: this.#skipped, others };
  }

  async read(prefix: string, depth: number): Promise<void> {
    for await (const entry of Deno.readDir(`${this.folder}/${prefix}`)) {
      if (++this.#entries > MAX_ENTRIES) throw tooMany(this.folder);
      if (entry.name.startsWith(".")) continue;
      const name = prefix + entry.name;
      if (entry.isDirectory && depth < MAX_PARTS) {
        await this.#orSkip(name, () => this.read(`${name}/`, depth + 1));
      } else if (!entry.isFile) {
        this.#skipped.push({ name, why: whyNoFile(entry) });
      } else if (/\.md$/i.test(name)) {
        await this.#orSkip(name, () => this.#take(name));
      } else this.#others.push(name);
    }
  }

  async #take(name: string): Promise<void> {
    const path = `${this.folder}/${name}`;
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) throw new TooLong(path);
    this.#files.push([name, await Deno.readFile(path)]);
  }

  /** Reads a file or folder; skips one that cannot be read, if that is allowed. */
  async #orSkip(name: string, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      const why = error instanceof TooLong
        ? TOO_LONG
        : systemReason(error)?.why;
      if (why === undefined || !this.isLenient) throw error;
      this.#skipped.push({ name, why });
    }
  }
}

function whyNoFile({ isSymlink, isDirectory }: Deno.DirEntry): string {
  if (isSymlink) return "it is a link";
  return isDirectory
    ? `it is more than ${MAX_PARTS - 1} folders deep`
    : "it is not a file";
}

/** The text of a file; `null` when it is not UTF-8. */
export function decodeMemory(bytes: Uint8Array): string | null {
  // A byte order mark is part of the file.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function notFolder(folder: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot read "${folder}": it is not a folder`,
    "Move the file away, or name another folder with --memory",
  );
}

/** Error for a memory folder that cannot be read. */
export function unreadableMemory(folder: string, cause: unknown): SpreadError {
  const why = systemReason(cause)?.why;
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot read the memory in "${folder}"${
      why === undefined ? "" : `: ${why}`
    }`,
    "Check its permissions",
    { cause },
  );
}

function tooMany(folder: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot use "${folder}" as a memory: it holds more than ${MAX_ENTRIES} files`,
    "Check that this is the right folder",
  );
}

const TOO_LONG = "it is longer than 5 MB";

/** `PAYLOAD_TOO_LARGE` for one file. */
class TooLong extends SpreadError {
  constructor(path: string) {
    super(
      "PAYLOAD_TOO_LARGE",
      `Cannot use "${path}" as a memory: ${TOO_LONG}`,
      "Move it away, or split it",
    );
  }
}
