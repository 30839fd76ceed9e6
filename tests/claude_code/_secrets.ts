/**
 * Looks for a secret where other users of the machine could read it: in the arguments of any
 * process, and in files that are readable by everybody. Linux only.
 *
 * @module
 */

/** Time between two looks, in milliseconds. */
const INTERVAL_MS = 15;

/** Largest file that is searched, in bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Looks again and again until it is disposed of. */
export class Lookout implements AsyncDisposable {
  /** Command lines and paths in which a secret was found. */
  readonly found = new Set<string>();
  /** How many times it has looked. */
  looks = 0;
  #isOver = false;
  readonly #looking: Promise<void>;

  /** @param folder Whose files are searched; those in it who may read it may reach it. */
  constructor(
    private readonly folder: string,
    private readonly secrets: string[],
  ) {
    this.#looking = this.#lookOn();
  }

  async #lookOn(): Promise<void> {
    while (!this.#isOver) {
      this.#look();
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
    this.#look();
  }

  #look(): void {
    for (const line of argumentsWith(...this.secrets)) this.found.add(line);
    for (const path of readableWith(this.folder, ...this.secrets)) {
      this.found.add(path);
    }
    this.looks++;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#looking;
  }
}

/** Command lines of processes that have one of `secrets` among their arguments. */
export function argumentsWith(...secrets: string[]): string[] {
  return [...Deno.readDirSync("/proc")]
    .filter(({ name }) => /^\d+$/.test(name))
    .map(({ name }) => readText(`/proc/${name}/cmdline`))
    .filter((line) => hasAny(line, secrets))
    .map((line) => line.replaceAll("\0", " "));
}

/** Files below `folder` that contain one of `secrets` and that everybody may reach and read. */
export function readableWith(folder: string, ...secrets: string[]): string[] {
  return [...readableFiles(folder)]
    .filter((path) => hasAny(readText(path), secrets));
}

function hasAny(text: string, secrets: string[]): boolean {
  return secrets.some((secret) => text.includes(secret));
}

function* readableFiles(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of entriesOf(folder)) {
    const path = `${folder}/${name}`;
    const { mode, size } = statOf(path) ?? { mode: 0, size: 0 };
    if (isDirectory && mode! & 0o001) yield* readableFiles(path);
    if (isFile && mode! & 0o004 && size <= MAX_FILE_BYTES) yield path;
  }
}

// Files and processes may be gone by the time they are looked at.

function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return [];
  }
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
