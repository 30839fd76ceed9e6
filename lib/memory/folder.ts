/**
 * Reading of a memory folder: its Markdown files, including those in subfolders.
 *
 * Links are not followed, because they may lead out of the memory; hidden files and folders
 * do not count as memory. Files left out for any other reason are reported.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import { MAX_FILE_BYTES, MAX_FILES } from "./bundle.ts";
import { MAX_PARTS } from "../files/safe_name.ts";

/** The contents of a memory folder. */
export interface MemoryFiles {
  /** Exact bytes by name, with `/` between the parts of a name, in order of names. */
  files: Map<string, Uint8Array>;
  /** Files that may hold memory and were not read, each with the reason. */
  skipped: { name: string; why: string }[];
}

/** Most entries of any sort read in a folder; a real memory has fewer. */
const MAX_ENTRIES = 20 * MAX_FILES;

/**
 * Reads the files of a memory folder.
 *
 * @returns `null` when the folder does not exist.
 * @throws {SpreadError} `PAYLOAD_UNREADABLE` (not a folder, no permission);
 *   `PAYLOAD_TOO_LARGE` when there are far more files, or larger ones, than a memory has.
 */
export async function readMemory(folder: string): Promise<MemoryFiles | null> {
  const reader = new Reader(folder);
  try {
    if (!(await Deno.stat(folder)).isDirectory) throw notFolder(folder);
    await reader.read("", 1);
  } catch (cause) {
    if (cause instanceof SpreadError) throw cause;
    if (cause instanceof Deno.errors.NotFound && reader.isAtStart) return null;
    throw unreadable(folder, cause);
  }
  return reader.result();
}

class Reader {
  readonly #files: [string, Uint8Array][] = [];
  readonly #skipped: { name: string; why: string }[] = [];
  #entries = 0;

  constructor(private readonly folder: string) {}

  /** Whether nothing has been found yet. */
  get isAtStart(): boolean {
    return this.#entries === 0;
  }

  result(): MemoryFiles {
    const files = this.#files.sort(([a], [b]) => a < b ? -1 : 1);
    return { files: new Map(files), skipped: this.#skipped };
  }

  async read(prefix: string, depth: number): Promise<void> {
    for await (const entry of Deno.readDir(`${this.folder}/${prefix}`)) {
      if (++this.#entries > MAX_ENTRIES) throw tooMany(this.folder);
      if (entry.name.startsWith(".")) continue;
      const name = prefix + entry.name;
      if (entry.isDirectory && depth < MAX_PARTS) {
        await this.read(`${name}/`, depth + 1);
      } else if (entry.isFile && !/\.md$/i.test(name)) continue;
      else await this.#take(name, entry);
    }
  }

  async #take(name: string, entry: Deno.DirEntry): Promise<void> {
    if (!entry.isFile) {
      const why = entry.isSymlink
        ? "it is a link"
        : entry.isDirectory
        ? `it is more than ${MAX_PARTS - 1} folders deep`
        : "it is not a file";
      this.#skipped.push({ name, why });
      return;
    }
    const path = `${this.folder}/${name}`;
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) throw tooLong(path);
    this.#files.push([name, await Deno.readFile(path)]);
  }
}

/**
 * Decodes files as text.
 *
 * @throws {SpreadError} `PAYLOAD_UNREADABLE` at the first that is not UTF-8.
 */
export function memoryTexts(
  files: Map<string, Uint8Array>,
): Map<string, string> {
  // A byte order mark is part of the file.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const texts = new Map<string, string>();
  for (const [name, bytes] of files) {
    try {
      texts.set(name, decoder.decode(bytes));
    } catch (cause) {
      throw new SpreadError(
        "PAYLOAD_UNREADABLE",
        `Cannot read the memory "${name}": it is not UTF-8 text`,
        "Save it as UTF-8, or move it away",
        { cause },
      );
    }
  }
  return texts;
}

function notFolder(folder: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot read "${folder}": it is not a folder`,
    "Move the file away, or name another folder with --memory",
  );
}

function unreadable(folder: string, cause: unknown): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot read the memory in "${folder}"`,
    "Check its permissions",
    { cause },
  );
}

function tooMany(folder: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot take "${folder}" for a memory: it holds more than ${MAX_ENTRIES} files`,
    "Check the folder",
  );
}

function tooLong(path: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot take "${path}" for a memory: it is longer than 5 MB`,
    "Move it away, or split it",
  );
}
