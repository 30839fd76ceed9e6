/**
 * Secrets in commits and files that would leave as work. A secret that others have already, in the
 * same file of the commit on which the work builds, does not count.
 *
 * @module
 */

import type { StreamedGit } from "../../git/git.ts";
import type { GitHere } from "../../git/repository.ts";
import { decodeText, MAX_SEARCHED_BYTES } from "../../secrets/decode_text.ts";
import { mask } from "../../secrets/mask.ts";
import { linesOf, type SecretPlace, withMasks } from "../../secrets/places.ts";
import type { Scanner } from "../../secrets/scanner.ts";
import type { Finding } from "../../secrets/spans.ts";
import { collectLines, decodeLines } from "../git_lines.ts";
import { readObjects } from "../objects.ts";
import { type Difference, MAX_DIFFERENCES } from "../tree_diff.ts";
import { MODES } from "../tree_rules.ts";

/** Most bytes that are searched in all. */
const MAX_ALL_BYTES = 64 * 1024 * 1024;

/** Secrets by the path of the file, or by the name of the commit in which they stand. */
export type FoundSecrets = Map<string, SecretPlace[]>;

/** The search in one piece of work. */
export class WorkSecrets {
  #left = MAX_ALL_BYTES;
  /** Places in files that were searched before. */
  readonly #known = new Map<string, SecretPlace[]>();
  /** Whether only a part was searched. */
  isCut = false;

  constructor(
    private readonly git: GitHere<StreamedGit>,
    private readonly scanner: Scanner,
    /** The commit on which the work builds, if it builds on one. */
    private readonly base: string | undefined,
  ) {}

  /** A name as it may be shown: secrets in it are masked. */
  async shownName(name: string): Promise<string> {
    return withMasks(name, await this.scanner.scan([name]));
  }

  /** Searches files, as they are after a change. */
  async inFiles(changes: Iterable<Change>): Promise<FoundSecrets> {
    const blobs = [...changes].filter(({ mode }) =>
      mode !== MODES.none && mode !== MODES.submodule
    );
    const unknown = new Map(
      blobs.filter((blob) => !this.#known.has(keyOf(blob)))
        .map((blob) => [keyOf(blob), blob]),
    );
    await this.#searchAll([...unknown.values()]);
    const found: FoundSecrets = new Map();
    for (const blob of blobs) {
      add(found, blob.path, this.#known.get(keyOf(blob))!);
    }
    return found;
  }

  /** Searches messages and files of the commits from those that somebody else has up to `head`. */
  async inCommits(head: string, bases: string[]): Promise<FoundSecrets> {
    const range = [head, ...bases.map((base) => `^${base}`), "--"];
    const [found, changes] = await Promise.all([
      this.#inMessages(range),
      this.#changesIn(range),
    ]);
    for (const [path, places] of await this.inFiles(changes)) {
      add(found, path, places);
    }
    return found;
  }

  /** Files that each commit changes; of a merge, those that differ from all of its parents. */
  async #changesIn(range: string[]): Promise<Change[]> {
    const fields = decodeLines(
      this.git(
        "diff-tree",
        "--stdin",
        "-r",
        "-c",
        "--root",
        "-z",
        "--raw",
        "--no-abbrev",
        "--no-renames",
        "--no-ext-diff",
        "--ignore-submodules=none",
      ).output(this.git("rev-list", ...range).output()),
      "\0",
    );
    const changes: Change[] = [];
    let about: Omit<Change, "path"> | null = null;
    for await (const field of fields) {
      if (about !== null) {
        changes.push({ path: field, ...about });
        about = null;
      } else if (field.startsWith(":")) about = readAbout(field);
      if (changes.length < MAX_DIFFERENCES) continue;
      this.isCut = true;
      break;
    }
    return changes;
  }

  /**
   * Searches commits as they are stored. Git would change the message of one that names another
   * encoding, and would show neither what follows a NUL nor all parts beside the message.
   */
  async #inMessages(range: string[]): Promise<FoundSecrets> {
    const found: FoundSecrets = new Map();
    const hashes = await collectLines(
      this.git("rev-list", ...range).output(),
      "\n",
    );
    const commits = readObjects(this.git, hashes, MAX_SEARCHED_BYTES);
    for await (const { asked, size, bytes } of commits) {
      if (size > bytes.length) this.isCut = true;
      const { message, about } = partsOf(decodeText(bytes).text);
      const name = asked.slice(0, 12);
      const findings = await this.scanner.scan([message, about], name);
      const inMessage = findings.filter(({ string }) => string === 0);
      add(found, name, linesOf(message, inMessage));
      const beside = findings.filter(({ string }) => string === 1);
      add(found, name, beside.map(besideMessage));
    }
    return found;
  }

  async #searchAll(blobs: Change[]): Promise<void> {
    let i = 0;
    const hashes = blobs.map(({ hash }) => hash);
    const objects = readObjects(this.git, hashes, MAX_SEARCHED_BYTES);
    for await (const { bytes, size } of objects) {
      this.#left -= bytes.length;
      if (this.#left < 0) break;
      if (size > bytes.length) this.isCut = true;
      await this.#search(blobs[i++]!, decodeText(bytes).text);
    }
    for (const blob of blobs.slice(i)) {
      this.isCut = true;
      await this.#search(blob, "");
    }
  }

  async #search(blob: Change, text: string): Promise<void> {
    const { path } = blob;
    const findings = await this.scanner.scan([text, path], path);
    const places: SecretPlace[] = [];
    this.#known.set(keyOf(blob), places);
    if (findings.length === 0) return;
    const [known, file] = await Promise.all([
      this.#knownText(path),
      this.shownName(path),
    ]);
    for (const finding of findings) {
      const { string, start, end, kind, rule, value } = finding;
      if (string === 0 && !known?.includes(text.slice(start, end))) {
        places.push(...linesOf(text, [finding], { file }));
      } else if (string === 1 && known === null) {
        const part = "the file name";
        places.push({ file, part, kind, rule, masked: mask(value) });
      }
    }
  }

  /** The text of a file in the commit on which the work builds; `null` when it is not there. */
  async #knownText(path: string): Promise<string | null> {
    if (this.base === undefined || path.includes("\n")) return null;
    const names = [`${this.base}:${path}`];
    for await (
      const { type, bytes } of readObjects(this.git, names, MAX_SEARCHED_BYTES)
    ) {
      if (type === "blob") return decodeText(bytes).text;
    }
    return null;
  }
}

/** A file after a change. */
type Change = Pick<Difference, "path" | "hash" | "mode">;

/** The message of a commit, and who made it when, without the hashes and a signature. */
function partsOf(commit: string): { message: string; about: string } {
  const end = commit.indexOf("\n\n");
  const about = commit.slice(0, end)
    .replace(/^(?:tree|parent) .*\n/gm, "")
    .replace(/^gpgsig.*(?:\n .*)*/gm, "");
  return { message: commit.slice(end + 2), about };
}

function besideMessage({ kind, rule, value }: Finding): SecretPlace {
  return { part: "beside the message", kind, rule, masked: mask(value) };
}

/** Reads what git says of a changed file: as many `:` as parents, modes, hashes, and a letter. */
function readAbout(field: string): Omit<Change, "path"> {
  const parts = field.replace(/^:+/, "").split(" ");
  const parents = field.length - field.replace(/^:+/, "").length;
  return { mode: parts[parents]!, hash: parts[2 * parents + 1]! };
}

function keyOf({ path, hash }: Change): string {
  return `${hash} ${path}`;
}

function add(found: FoundSecrets, name: string, places: SecretPlace[]): void {
  if (places.length === 0) return;
  const known = found.get(name) ?? [];
  // One by one: a call takes only so many arguments.
  for (const place of places) known.push(place);
  found.set(name, known);
}
