/**
 * Payloads of work built by hand, object by object, as no sender would build them.
 *
 * @module
 */

import { concatBytes, utf8 } from "../../lib/bytes.ts";

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
    readonly folder: string,
    /** The commit on which work builds, and its tree. */
    readonly base: string,
    readonly baseTree: string,
  ) {}

  /** Makes one from a repository with at least one commit. */
  static async on(folder: string): Promise<Workshop> {
    const [base, tree] = (await git(folder, [
      "rev-parse",
      "HEAD",
      "HEAD^{tree}",
    ])).trim().split("\n");
    return new Workshop(folder, base!, tree!);
  }

  /** Makes an object of any form. */
  async object(type: string, content: string | Bytes): Promise<string> {
    const hash = await git(
      this.folder,
      ["hash-object", "-t", type, "--literally", "-w", "--stdin"],
      typeof content === "string" ? utf8(content) : content,
    );
    this.#made.push(hash.trim());
    return hash.trim();
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
    return await gitBytes(
      this.folder,
      ["pack-objects", "--stdout", "-q"],
      utf8(made.map((hash) => `${hash}\n`).join("")),
    );
  }
}

/** Runs git apart from the person's settings; returns what it prints. */
export async function gitBytes(
  folder: string,
  args: string[],
  input: Bytes = new Uint8Array(0),
): Promise<Bytes> {
  const child = new Deno.Command("git", {
    args: ["-C", folder, ...args],
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writing = new Blob([input]).stream().pipeTo(child.stdin);
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    writing.catch(() => {}),
  ]);
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return stdout;
}

/** The same, as text. */
export async function git(
  folder: string,
  args: string[],
  input?: Bytes,
): Promise<string> {
  return new TextDecoder().decode(await gitBytes(folder, args, input));
}
