/**
 * Rebuilds a session from a file of another machine, which counts as hostile until then.
 *
 * Nothing is copied. Each line is made anew from its allowed parts, with the names, places
 * and times of this machine. Its texts are cleaned, and its paths become those of this
 * project. All files go into a folder that the caller has created for them. See
 * docs/protocol.md, section 12.
 *
 * @module
 */

import { join } from "@std/path";
import { nameKey } from "../../files/safe_name.ts";
import type { SecretCount } from "../../secrets/places.ts";
import {
  growsTooLarge,
  MAX_COMPANIONS,
  MAX_REBUILT_BYTES,
  type Part,
  refused,
  SEND_AGAIN,
  type SessionFacts,
  tooLarge,
} from "../container.ts";
import {
  Conversation,
  type ConversationKind,
  type NewPlace,
} from "./conversation.ts";
import { Contents } from "./contents.ts";
import {
  LineFile,
  type PartOutput,
  writeBytes,
  type WrittenFile,
} from "./line_file.ts";
import { receivedTitle } from "./note.ts";
import { type PackedItem, readSession } from "./reader.ts";
import { SessionTally } from "../tally.ts";
import { SecretCounter } from "./secret_counter.ts";

/** A rebuilt session. */
export interface Rebuilt {
  title: string;
  tally: SessionTally;
  /** Secrets that it still holds, as far as the search finds them. */
  found: SecretCount[];
  /** Written files, by path from the folder. */
  files: WrittenFile[];
}

/** Name of the transcript in the folder. */
export const TRANSCRIPT = "transcript.jsonl";

/** Name of the file with the messages before the last compaction. */
export const EARLIER = "earlier-messages.jsonl";

/**
 * Rebuilds the session of the file at `path` in `folder`.
 *
 * @param limit Most bytes that all of its files may have.
 * @throws {SpreadError} `SESSION_REFUSED`, `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`,
 *   `CANNOT_STORE`; the signal's reason. Files written so far then stay in `folder`.
 */
export async function rebuildSession(
  path: string,
  folder: string,
  place: NewPlace,
  signal?: AbortSignal,
  limit = MAX_REBUILT_BYTES,
): Promise<Rebuilt> {
  using rebuilding = new Rebuilding(folder, place, limit);
  for await (const items of readSession(path, signal)) {
    for (const item of items) rebuilding.take(item);
    await rebuilding.secrets.scan();
  }
  return await rebuilding.finish();
}

/** The rebuilding of one session. */
class Rebuilding implements Disposable {
  readonly secrets = new SecretCounter();
  readonly #tally = new SessionTally();
  readonly #files: WrittenFile[] = [];
  readonly #names = new Set<string>();
  readonly #contents = new Contents(
    this.#tally,
    (bytes) => this.#keepDocument(bytes),
    (text) => this.secrets.take(text),
  );
  #documents = 0;
  #written = 0;
  #facts: SessionFacts | null = null;
  /** Output for the lines of this part. */
  #output: PartOutput | null = null;
  #hasEnded = false;

  constructor(
    private readonly folder: string,
    private readonly place: NewPlace,
    private readonly limit: number,
  ) {}

  take(item: PackedItem): void {
    if (this.#hasEnded) throw refused("it continues after its end", SEND_AGAIN);
    if ("part" in item) return this.#begin(item.part);
    if (this.#output === null) {
      throw refused("its parts are out of order", SEND_AGAIN);
    }
    if ("unreadable" in item) this.#tally.leaveOut(item.unreadable);
    else this.#output.take(item.line);
  }

  async finish(): Promise<Rebuilt> {
    if (!this.#hasEnded) throw refused("it is not complete", SEND_AGAIN);
    this.#contents.countPaths();
    const title = receivedTitle(this.#facts!.title);
    this.secrets.take(title);
    return {
      title,
      tally: this.#tally,
      found: await this.secrets.finish(),
      files: this.#files,
    };
  }

  #begin(part: Part): void {
    const isFirst = this.#facts === null;
    if (isFirst !== (part.part === "session")) {
      throw refused("its parts are out of order", SEND_AGAIN);
    }
    this.#endPart();
    switch (part.part) {
      case "session":
        return this.#takeFacts(part);
      case "earlier":
        return this.#beginEarlier();
      case "transcript":
        return this.#talk(TRANSCRIPT, {
          title: receivedTitle(this.#facts!.title),
        });
      case "subagent": {
        const { name: subagent } = part;
        return this.#talk(`subagents/agent-${subagent}.jsonl`, { subagent });
      }
      case "tool_result":
        return this.#beginToolResult(part.name);
      case "end":
        return this.#takeEnd(part);
    }
  }

  #takeFacts(facts: SessionFacts): void {
    this.#facts = facts;
    this.#turnPathsTo(`${this.place.companions}.jsonl`);
  }

  /** @param whole The file that holds what a summary calls the whole transcript. */
  #turnPathsTo(whole: string): void {
    const { project, companions } = this.#facts!;
    const { checkout } = this.place;
    // A project in a folder of the checkout is in that folder of the work tree.
    const isInside = checkout !== undefined && isIn(project, checkout.from);
    this.#contents.setMoves([
      ...isInside ? [] : [{ from: project, to: this.place.project }],
      ...checkout === undefined ? [] : [checkout],
      { from: companions, to: this.place.companions },
      { from: `${companions}.jsonl`, to: whole },
    ]);
  }

  /** Begins the messages before a compaction, whose summary says where they are. */
  #beginEarlier(): void {
    if (this.#names.has(TRANSCRIPT)) {
      throw refused("its parts are out of order", SEND_AGAIN);
    }
    this.#turnPathsTo(join(this.place.companions, EARLIER));
    this.#talk(EARLIER, "earlier");
  }

  #talk(name: string, kind: ConversationKind): void {
    const file = this.#create(name);
    const { blocks } = this.#contents;
    this.#output = new Conversation(
      file,
      this.place,
      blocks,
      this.#tally,
      kind,
    );
  }

  #beginToolResult(name: string): void {
    const file = this.#create(`tool-results/${name}`);
    this.#output = new ToolResult(file, this.#contents.line, this.#tally);
  }

  /** @throws {SpreadError} `SESSION_REFUSED` without a transcript. */
  #takeEnd(end: Extract<Part, { part: "end" }>): void {
    if (!this.#names.has(TRANSCRIPT)) {
      throw refused("there is no conversation in it", SEND_AGAIN);
    }
    this.#hasEnded = true;
    this.#tally.add({ leftOut: end.left_out, changed: end.changed });
    this.#tally.secrets = end.secrets ?? [];
  }

  #create(name: string): LineFile {
    this.#claim(name);
    return new LineFile(this.folder, name, (bytes) => this.#count(bytes));
  }

  /** Counts bytes that are about to be written. */
  #count(bytes: number): void {
    this.#written += bytes;
    if (this.#written > this.limit) throw growsTooLarge();
  }

  #keepDocument(bytes: Uint8Array<ArrayBuffer>): string {
    const name = `documents/${++this.#documents}.pdf`;
    this.#claim(name);
    this.#count(bytes.length);
    this.#files.push(writeBytes(this.folder, name, bytes));
    return join(this.place.companions, name);
  }

  #claim(name: string): void {
    const key = nameKey(name);
    if (this.#names.has(key)) {
      throw refused("two of its parts have the same name", SEND_AGAIN);
    }
    if (this.#names.size > MAX_COMPANIONS) {
      throw tooLarge(`it has more than ${MAX_COMPANIONS} parts`);
    }
    this.#names.add(key);
  }

  #endPart(): void {
    if (this.#output === null) return;
    this.#files.push(this.#output.end());
    this.#output = null;
  }

  [Symbol.dispose](): void {
    this.#output?.[Symbol.dispose]();
  }
}

/** Whether a folder is `root` or in it; the separators of Windows may differ. */
function isIn(folder: string, root: string): boolean {
  const [inner, outer] = [folder, root].map((path) =>
    `${path.replaceAll("\\", "/")}/`
  );
  return inner!.startsWith(outer!);
}

/** The output of a tool, as text. */
class ToolResult implements PartOutput {
  constructor(
    private readonly file: LineFile,
    private readonly text: (text: string) => string,
    private readonly tally: SessionTally,
  ) {}

  take(line: unknown): void {
    const text = (line as { text?: unknown } | null)?.text;
    if (typeof text === "string") this.file.write(this.text(text));
    else this.tally.leaveOut("broken_lines");
  }

  end(): WrittenFile {
    return this.file.finish();
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}
