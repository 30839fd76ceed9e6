/**
 * A machine whose work folder is a checkout, with an origin beside it.
 *
 * @module
 */

import { Repository } from "../../support/repository.ts";
import { Machine } from "../../support/machine.ts";
import type { Home } from "../../support/homes.ts";

/** A machine with a checkout, and a document to share. */
export class Sending implements AsyncDisposable {
  private constructor(
    readonly machine: Machine,
    readonly checkout: Repository,
    /** The document, beside the checkout. */
    readonly document: string,
  ) {}

  /** Makes a checkout whose origin has these files. */
  static async make(
    files: Record<string, string>,
    home?: Home,
  ): Promise<Sending> {
    const machine = await Machine.make(undefined, home);
    const checkout = Repository.at(machine.work);
    await checkout.git("init", "-q", "-b", "main");
    await checkout.write(files);
    await checkout.commitAll("base");
    await checkout.git("update-ref", "refs/remotes/origin/main", "HEAD");
    const document = `${machine.folder}/doc.md`;
    await Deno.writeTextFile(document, "# Handover\n");
    return new Sending(machine, checkout, document);
  }

  /** Arguments of `serve` for the document with the work. */
  args(...more: string[]): string[] {
    return ["--with-work", ...more, this.document];
  }

  /** The payload of the work while it is shared: its description, and all new objects in it. */
  async payload(): Promise<
    { header: Record<string, unknown>; objects: string }
  > {
    const spool = `${this.machine.state}/spool`;
    const [folder] = (await Array.fromAsync(Deno.readDir(spool)))
      .map(({ name }) => name).filter((name) => name.startsWith("work-"));
    const bytes = await Deno.readFile(`${spool}/${folder}/payload`);
    const text = new TextDecoder("latin1").decode(bytes);
    const line = text.slice(0, text.indexOf("\n"));
    const header = JSON.parse(
      new TextDecoder().decode(bytes.subarray(0, line.length)),
    );
    const bundle = `${this.machine.folder}/bundle`;
    await Deno.writeFile(bundle, bytes.subarray(line.length + 1));
    await this.checkout.git(
      "fetch",
      "-q",
      bundle,
      "+refs/claude-spread/*:refs/x/*",
    );
    const listed = await this.checkout.git(
      "rev-list",
      "--objects",
      "--all",
      "--not",
      "--remotes",
    );
    const hashes = listed.split("\n").map((line) => line.split(" ", 1)[0]!);
    const contents: string[] = [];
    for (const hash of hashes) {
      const type = await this.checkout.git("cat-file", "-t", hash);
      contents.push(await this.checkout.git("cat-file", type, hash));
    }
    return { header, objects: contents.join("\n") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}
