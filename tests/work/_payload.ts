/**
 * Payloads of work built by hand, object by object, as no sender would build them.
 *
 * @module
 */

import { concatBytes, utf8 } from "../../lib/bytes.ts";
import type { Repository } from "../support/repository.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** An entry of a tree. */
export interface TreeEntry {
  mode?: string;
  name: string | Bytes;
  hash: string;
}

/** Parts of a payload that differ from what a sender would write. */
export interface Oddities {
  /** Fields of the header. */
  header?: Record<string, unknown>;
  /** The whole first line. */
  line?: string;
  /** The whole beginning of the bundle. */
  head?: string;
  /** Changes the beginning of the bundle. */
  changeHead?: (head: string) => string;
  /** The whole pack. */
  pack?: Bytes;
  /** Changes the pack. */
  changePack?: (pack: Bytes) => Bytes;
}

/** A repository in which objects are made without any check. */
export class Workshop {
  /** Names of all objects made since the last payload. */
  #made: string[] = [];

  private constructor(
    readonly repository: Repository,
    /** The commit on which work builds, and its tree. */
    readonly base: string,
    readonly baseTree: string,
  ) {}

  /** Makes one from a repository with at least one commit. */
  static async on(repository: Repository): Promise<Workshop> {
    const said = await repository.git("rev-parse", "HEAD", "HEAD^{tree}");
    const [base, tree] = said.split("\n");
    return new Workshop(repository, base!, tree!);
  }

  /** Makes an object of any form. */
  async object(type: string, content: string | Bytes): Promise<string> {
    const printed = await this.repository.run(
      ["hash-object", "-t", type, "--literally", "-w", "--stdin"],
      typeof content === "string" ? utf8(content) : content,
    );
    const hash = new TextDecoder().decode(printed).trim();
    this.#made.push(hash);
    return hash;
  }

  blob(content: string | Bytes): Promise<string> {
    return this.object("blob", content);
  }

  /** Makes a tree with exactly these entries, in this order. */
  tree(...entries: TreeEntry[]): Promise<string> {
    const parts = entries.flatMap(({ mode = "100644", name, hash }) => [
      utf8(`${mode} `),
      typeof name === "string" ? utf8(name) : name,
      new Uint8Array(1),
      Uint8Array.fromHex(hash),
    ]);
    return this.object("tree", concatBytes(...parts));
  }

  /** Makes trees around an entry: those of the folders that its path names. */
  async nested(path: string, { mode, hash }: TreeEntry): Promise<string> {
    const names = path.split("/");
    let tree = await this.tree({ mode, name: names.pop()!, hash });
    for (const name of names.reverse()) {
      tree = await this.tree({ mode: "40000", name, hash: tree });
    }
    return tree;
  }

  commit(
    tree: string,
    parents: string[],
    message = "message",
  ): Promise<string> {
    const person = "A <a@example.invalid> 1700000000 +0000";
    return this.object(
      "commit",
      `tree ${tree}\n${
        parents.map((parent) => `parent ${parent}\n`).join("")
      }author ${person}\ncommitter ${person}\n\n${message}\n`,
    );
  }

  /** A payload whose changed files are these; the index and the commit are those of the base. */
  async files(tree: string, odd: Oddities = {}): Promise<Bytes> {
    const staged = await this.commit(this.baseTree, [this.base]);
    const work = await this.commit(tree, [staged]);
    return await this.payload({ head: this.base, staged, work }, odd);
  }

  /** A payload with one changed file, at a path. */
  async file(
    path: string,
    content: string | Bytes = "x",
    mode = "100644",
  ): Promise<Bytes> {
    const hash = await this.blob(content);
    return await this.files(await this.nested(path, { mode, name: "", hash }));
  }

  /** A payload whose commits have these trees. */
  async three(head: string, staged: string, work: string): Promise<Bytes> {
    const first = await this.commit(head, [this.base]);
    const second = await this.commit(staged, [first]);
    const third = await this.commit(work, [second]);
    return await this.payload({ head: first, staged: second, work: third });
  }

  /** A payload of these commits, with all objects made since the last one. */
  async payload(
    commits: { head: string | null; staged: string; work: string },
    odd: Oddities = {},
  ): Promise<Bytes> {
    const header = {
      format: "claude-spread/work",
      version: 1,
      base: [this.base],
      ...commits,
      roots: [this.base],
      branch: "main",
      project: "shop",
      root: "/home/alex/shop",
      commits: commits.head === this.base ? 0 : 1,
      files: 1,
      left_out: [],
      left_out_more: 0,
      under_way: [],
      ...odd.header,
    };
    const names = [
      commits.head !== this.base && `${commits.head} refs/claude-spread/head`,
      `${commits.staged} refs/claude-spread/staged`,
      `${commits.work} refs/claude-spread/work`,
    ].filter(Boolean);
    const usual = `# v2 git bundle\n-${this.base} \n${names.join("\n")}\n\n`;
    const head = odd.head ?? odd.changeHead?.(usual) ?? usual;
    const pack = odd.pack ?? await this.#pack();
    return concatBytes(
      utf8(odd.line ?? `${JSON.stringify(header)}\n`),
      utf8(head),
      odd.changePack?.(pack) ?? pack,
    );
  }

  async #pack(): Promise<Bytes> {
    const made = this.#made.splice(0);
    return await this.repository.run(
      ["pack-objects", "--stdout", "-q"],
      utf8(made.map((hash) => `${hash}\n`).join("")),
    );
  }
}
