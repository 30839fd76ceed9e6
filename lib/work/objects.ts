/**
 * Contents of objects, one after another.
 *
 * @module
 */

import { type Bytes, concatBytes, utf8 } from "../bytes.ts";
import type { StreamedGit } from "../git/git.ts";
import type { GitHere } from "../git/repository.ts";

/** An object, or the fact that it is missing. */
export interface GitObject {
  /** The name by which it was asked for. */
  asked: string;
  /** Type; `null` when there is no such object. */
  type: string | null;
  size: number;
  /** Its first bytes. */
  bytes: Bytes;
}

/**
 * Reads objects in the order of their names.
 *
 * @param names Hashes, or names as `COMMIT:path`, without line feeds.
 * @param maxBytes Most bytes kept of one.
 * @throws {GitFailed} When git fails.
 */
export async function* readObjects(
  git: GitHere<StreamedGit>,
  names: readonly string[],
  maxBytes: number,
): AsyncGenerator<GitObject> {
  if (names.length === 0) return;
  async function* ask() {
    for (let i = 0; i < names.length; i += 1000) {
      yield utf8(names.slice(i, i + 1000).map((name) => `${name}\n`).join(""));
    }
  }
  await using reader = new Reader(git("cat-file", "--batch").output(ask()));
  for (const asked of names) {
    const head = await reader.line();
    const [, type, digits] = /^[0-9a-f]+ (\w+) (\d+)$/.exec(head) ?? [];
    if (type === undefined) {
      yield { asked, type: null, size: 0, bytes: new Uint8Array(0) };
      continue;
    }
    const size = Number(digits);
    const bytes = await reader.take(size, maxBytes);
    await reader.take(1, 0);
    yield { asked, type, size, bytes };
  }
}

/** Takes lines and bytes from output of git; disposing of it ends git. */
class Reader implements AsyncDisposable {
  readonly #pieces: AsyncGenerator<Bytes>;
  #rest: Bytes = new Uint8Array(0);

  constructor(pieces: AsyncGenerator<Bytes>) {
    this.#pieces = pieces;
  }

  /** The next line, without its end. */
  async line(): Promise<string> {
    const parts: Bytes[] = [];
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end !== -1) {
        parts.push(this.#rest.subarray(0, end));
        this.#rest = this.#rest.subarray(end + 1);
        return new TextDecoder().decode(concatBytes(...parts));
      }
      parts.push(this.#rest);
      await this.#next();
    }
  }

  /** Passes `size` bytes, and returns the first of them. */
  async take(size: number, maxBytes: number): Promise<Bytes> {
    const kept: Bytes[] = [];
    let left = size;
    let room = Math.min(size, maxBytes);
    while (left > 0) {
      if (this.#rest.length === 0) await this.#next();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      if (room > 0) kept.push(piece.slice(0, room));
      room -= Math.min(room, piece.length);
    }
    return concatBytes(...kept);
  }

  async #next(): Promise<void> {
    const { value } = await this.#pieces.next();
    if (value === undefined) throw new TypeError("git has said too little");
    this.#rest = value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces.return(undefined);
  }
}
