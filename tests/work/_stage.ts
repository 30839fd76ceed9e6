/**
 * A receiver's checkout, and received work that is opened in it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { GitProgram } from "../../lib/git/git.ts";
import { atRoot, openRepository } from "../../lib/git/repository.ts";
import {
  UnpackedWork,
  type WorkFacts,
} from "../../lib/work/open/unpacked_work.ts";
import { Repository } from "../support/repository.ts";
import { type Snapshot, snapshot } from "../support/snapshot.ts";
import { Workshop } from "./_payload.ts";

/** A checkout with one commit, of which the sender has a copy. */
export class Stage implements AsyncDisposable {
  /** The checkout before the first work that it refused. */
  #before: Snapshot | undefined;

  private constructor(
    readonly folder: string,
    readonly ours: Repository,
    readonly workshop: Workshop,
  ) {}

  static async make(): Promise<Stage> {
    const folder = await Deno.realPath(
      await Deno.makeTempDir({ prefix: "cs-work-" }),
    );
    const ours = await Repository.make(`${folder}/ours`);
    await ours.commit("readme");
    const theirs = await ours.clone(`${folder}/theirs`);
    await Deno.mkdir(`${folder}/state`);
    return new Stage(folder, ours, await Workshop.on(theirs));
  }

  /** Unpacks a payload and looks at all of it, as `work show` does. */
  async look(
    payload: Uint8Array,
  ): Promise<{ facts: WorkFacts; patch: string }> {
    const path = `${this.folder}/payload`;
    await Deno.writeFile(path, payload);
    const { signal } = new AbortController();
    using git = new GitProgram({ timeoutMs: 60_000, signal });
    const repository = atRoot(
      (await openRepository(this.ours.folder, git.start))!,
    );
    await using unpacked = await UnpackedWork.open(path, {
      repository,
      startGit: git.start,
      folder: `${this.folder}/state`,
    });
    const facts = await unpacked.facts();
    let patch = "";
    for await (const piece of unpacked.patch()) {
      patch += new TextDecoder().decode(piece);
    }
    return { facts, patch };
  }

  /** A payload is refused in these words, and nothing of it stays anywhere. */
  async refuses(
    name: string,
    payload: Uint8Array,
    words: RegExp,
    code = "WORK_REFUSED",
  ): Promise<void> {
    this.#before ??= await snapshot(this.ours.folder);
    const error = await this.look(payload).then(
      () => new Error("it was taken"),
      (error) => error,
    );
    if (!(error instanceof SpreadError)) {
      throw new Error(name, { cause: error });
    }
    assert(words.test(error.message), `${name}: ${error.message}`);
    assertEquals(error.code, code, name);
    const left = await Array.fromAsync(Deno.readDir(`${this.folder}/state`));
    assertEquals(left, [], name);
  }

  /** The checkout is as it was before it refused anything. */
  async isUntouched(): Promise<void> {
    assertEquals(await snapshot(this.ours.folder), this.#before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
