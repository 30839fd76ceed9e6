/**
 * The companions of a session's transcript on the sender's machine: transcripts of
 * subagents and large outputs of tools.
 *
 * They are packed when the conversation mentions them, and only from the session's own
 * folder; links are not followed.
 *
 * @module
 */

import { join } from "@std/path";
import { isMissing } from "../../errors.ts";
import { cannotRead } from "../../files/cannot_store.ts";
import { lstatIfThere } from "../../files/obstacles.ts";
import { COMPANION_NAME, MAX_COMPANIONS } from "../container.ts";
import type { SessionTally } from "../tally.ts";

/** Largest file packed, in bytes. */
const MAX_COMPANION_BYTES = 256 * 1024 * 1024;

/** A file that belongs to a session. */
export interface Companion {
  name: string;
  path: string;
}

/** Texts that may be the name of a companion. */
const TOOL_RESULT = /tool-results(?:\\{1,4}|\\?\/)([\w.-]{1,200})/g;
const SUBAGENT = /agent(?:Id|-)?\\{0,2}["':\s]{0,4}([\w-]{6,64})/g;

/** The companions of one session, and those of them that are mentioned. */
export class Companions {
  readonly #toolResults: Mentions;
  readonly #subagents: Mentions;

  private constructor(
    readonly folder: string,
    toolResults: Companion[],
    subagents: Companion[],
    /** Number of transcripts of workflows, which are never packed. */
    readonly workflows: number,
  ) {
    this.#toolResults = new Mentions(toolResults);
    this.#subagents = new Mentions(subagents);
  }

  /** @param folder The session's own folder; may be missing. */
  static async find(folder: string): Promise<Companions> {
    const inFolder = (name: string, pattern: RegExp) =>
      listFiles(join(folder, name), pattern);
    return new Companions(
      folder,
      await inFolder("tool-results", /^(.+)$/),
      await inFolder("subagents", /^agent-(.+)\.jsonl$/),
      await countWorkflows(join(folder, "subagents", "workflows")),
    );
  }

  /** Notes the names mentioned in a line. */
  noteMentions(text: string): void {
    if (text.includes("tool-results")) {
      this.#toolResults.note(text, TOOL_RESULT);
    }
    if (this.#subagents.hasFiles && text.includes("agent")) {
      this.#subagents.note(text, SUBAGENT);
    }
  }

  /** Transcripts of all subagents, mentioned or not. */
  get allSubagents(): Iterable<Companion> {
    return this.#subagents.all;
  }

  /** All outputs of tools, mentioned or not. */
  get allToolResults(): Iterable<Companion> {
    return this.#toolResults.all;
  }

  /** Transcripts of subagents; includes those mentioned while these are read. */
  subagents(): Iterable<Companion> {
    return this.#subagents.mentioned;
  }

  toolResults(tally: SessionTally): Iterable<Companion> {
    tally.leaveOut("companions", this.#toolResults.missing);
    return this.#toolResults.mentioned;
  }
}

/** Files, and those of them whose names were mentioned. */
class Mentions {
  readonly mentioned = new Set<Companion>();
  readonly #missing = new Set<string>();
  readonly #byName: Map<string, Companion>;

  constructor(files: Companion[]) {
    this.#byName = new Map(files.map((file) => [file.name, file]));
  }

  get all(): Iterable<Companion> {
    return this.#byName.values();
  }

  get hasFiles(): boolean {
    return this.#byName.size > 0;
  }

  /** Number of mentioned names without a file. */
  get missing(): number {
    return this.#missing.size;
  }

  note(text: string, pattern: RegExp): void {
    for (const [, found] of text.matchAll(pattern)) {
      // A name at the end of a sentence includes the period.
      const name = found!.replace(/\.+$/, "");
      const file = this.#byName.get(name);
      if (file !== undefined) this.mentioned.add(file);
      else if (this.#missing.size < MAX_COMPANIONS) this.#missing.add(name);
    }
  }
}

/** Counts transcripts in the folders of workflows, one folder each. */
async function countWorkflows(folder: string): Promise<number> {
  let count = 0;
  for (const { name, isDirectory } of await entriesOf(folder)) {
    if (!isDirectory) continue;
    const files = await entriesOf(join(folder, name));
    count += files.filter(({ name }) => name.endsWith(".jsonl")).length;
  }
  return count;
}

/** Entries of a folder; a missing one has none. */
async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (isMissing(error)) return [];
    throw cannotRead(folder, error);
  }
}

/** Plain files whose names match, by the captured part of the name. */
async function listFiles(
  folder: string,
  pattern: RegExp,
): Promise<Companion[]> {
  const files: Companion[] = [];
  for (const { name: file, isFile } of await entriesOf(folder)) {
    const name = pattern.exec(file)?.[1];
    if (!isFile || name === undefined || !COMPANION_NAME.test(name)) continue;
    const path = join(folder, file);
    const info = await lstatIfThere(path)
      .catch((cause) => Promise.reject(cannotRead(path, cause)));
    if (info !== null && info.size <= MAX_COMPANION_BYTES) {
      files.push({ name, path });
    }
  }
  return files.slice(0, MAX_COMPANIONS);
}
