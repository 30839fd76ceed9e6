/**
 * Secrets in what would leave as work. One that somebody else has already, in the same file of the
 * commit on which the work builds, does not count.
 *
 * @module
 */

import type { StreamedGit } from "../../git/git.ts";
import type { GitHere } from "../../git/repository.ts";
import { decodeText, MAX_SEARCHED_BYTES } from "../../secrets/decode_text.ts";
import { linesOf, type SecretPlace } from "../../secrets/places.ts";
import type { Finding, Scanner } from "../../secrets/scanner.ts";
import { decodeLines } from "../git_lines.ts";
import { readObjects } from "../objects.ts";
import type { Difference } from "../tree_diff.ts";
import { MODES } from "../tree_rules.ts";

/** Most bytes that are searched in all. */
const MAX_ALL_BYTES = 64 * 1024 * 1024;

/** Secrets by the name of the file, or of the commit in whose message they stand. */
export type FoundSecrets = Map<string, SecretPlace[]>;

/** The search in one piece of work. */
export class WorkSecrets {
  #left = MAX_ALL_BYTES;
  /** Places in files that were searched before. */
  readonly #known = new Map<string, SecretPlace[]>();
  /** Whether there was more than is searched. */
  isCut = false;

  constructor(
    private readonly git: GitHere<StreamedGit>,
    private readonly scanner: Scanner,
    /** The commit on which the work builds, if it builds on one. */
    private readonly base: string | undefined,
  ) {}

  /** Searches files, as they are after a change. */
  async inFiles(
    differences: Iterable<Pick<Difference, "path" | "hash" | "mode">>,
  ): Promise<FoundSecrets> {
    const blobs = [...differences].filter(({ mode }) =>
      mode !== "000000" && mode !== MODES.submodule
    );
    const unknown = blobs.filter((blob) => !this.#known.has(keyOf(blob)));
    const hashes = unknown.map(({ hash }) => hash);
    let i = 0;
    for await (
      const { bytes, size } of readObjects(
        this.git,
        hashes,
        MAX_SEARCHED_BYTES,
      )
    ) {
      const blob = unknown[i++]!;
      this.#left -= bytes.length;
      if (size > bytes.length || this.#left < 0) this.isCut = true;
      const places = this.#left < 0
        ? []
        : await this.#search(blob.path, decodeText(bytes).text);
      this.#known.set(keyOf(blob), places);
    }
    const found: FoundSecrets = new Map();
    for (const blob of blobs) {
      const places = this.#known.get(keyOf(blob))!;
      if (places.length > 0) add(found, blob.path, places);
    }
    return found;
  }

  /** Searches messages and files of the commits from those that somebody else has up to `head`. */
  async inCommits(head: string, bases: string[]): Promise<FoundSecrets> {
    const range = [head, ...bases.map((base) => `^${base}`)];
    const found: FoundSecrets = new Map();
    await this.#inMessages(range, found);
    const blobs: Difference[] = [];
    const listed = decodeLines(
      this.git("rev-list", "--objects", "--filter=tree:9999999", ...range, "--")
        .output(),
      "\n",
    );
    for await (const line of listed) {
      const [, hash, path] = /^(\S+) (.+)$/.exec(line) ?? [];
      if (path === undefined) continue;
      blobs.push({ path, hash: hash!, mode: "100644", status: "M" });
    }
    for (const [path, places] of await this.inFiles(blobs)) {
      add(found, path, places);
    }
    return found;
  }

  async #inMessages(range: string[], found: FoundSecrets): Promise<void> {
    const commits = decodeLines(
      this.git(
        "rev-list",
        "--no-commit-header",
        "--format=%H %B%x00",
        ...range,
        "--",
      )
        .output(),
      "\0",
    );
    for await (const commit of commits) {
      const [hash, ...words] = commit.trimStart().split(" ");
      const text = words.join(" ");
      if (!text) continue;
      const name = hash!.slice(0, 12);
      const places = linesOf(text, await this.scanner.scan([text], name));
      if (places.length > 0) add(found, name, places);
    }
  }

  async #search(path: string, text: string): Promise<SecretPlace[]> {
    const findings = await this.scanner.scan([text, path], path);
    if (findings.length === 0) return [];
    const known = await this.#knownText(path);
    const isNew = ({ string, start, end }: Finding) =>
      string === 1 ? known === "" : !known.includes(text.slice(start, end));
    return findings.filter(isNew).flatMap((finding) =>
      linesOf(finding.string === 0 ? text : path, [finding], { file: path })
    );
  }

  /** The text of a file in the commit on which the work builds; empty when it is not there. */
  async #knownText(path: string): Promise<string> {
    if (this.base === undefined || path.includes("\n")) return "";
    const names = [`${this.base}:${path}`];
    for await (
      const { type, bytes } of readObjects(this.git, names, MAX_SEARCHED_BYTES)
    ) {
      if (type === "blob") return decodeText(bytes).text;
    }
    return "";
  }
}

function keyOf({ path, hash }: Pick<Difference, "path" | "hash">): string {
  return `${hash} ${path}`;
}

function add(found: FoundSecrets, name: string, places: SecretPlace[]): void {
  found.set(name, [...found.get(name) ?? [], ...places]);
}
