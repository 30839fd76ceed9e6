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

import { commandOutput, typedCommand } from "../local/typed_command.ts";
import { cleanText, countRemoved } from "../../text/clean_text.ts";
import { PathRewriter } from "./path_rewriter.ts";
import { nameKey } from "../../files/safe_name.ts";
import {
  MAX_COMPANIONS,
  type Part,
  refused,
  SEND_AGAIN,
  type SessionFacts,
  tooLarge,
} from "../container.ts";
import {
  type ChangeText,
  Conversation,
  type NewPlace,
} from "./conversation.ts";
import { LineFile, type PartOutput, type WrittenFile } from "./line_file.ts";
import { receivedTitle } from "./note.ts";
import { type Item, readSession } from "./reader.ts";
import { type Changed, type LeftOut, SessionTally } from "../tally.ts";

/** A rebuilt session. */
export interface Rebuilt {
  title: string;
  tally: SessionTally;
  /** Written files, by path from the folder. */
  files: WrittenFile[];
}

/** Name of the transcript in the folder. */
export const TRANSCRIPT = "transcript.jsonl";

/**
 * Rebuilds the session of the file at `path` in `folder`.
 *
 * @throws {SpreadError} `SESSION_REFUSED`, `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`,
 *   `CANNOT_STORE`; the signal's reason. Files written so far then stay in `folder`.
 */
export async function rebuildSession(
  path: string,
  folder: string,
  place: NewPlace,
  signal?: AbortSignal,
): Promise<Rebuilt> {
  using rebuilding = new Rebuilding(folder, place);
  for await (const item of readSession(path, signal)) rebuilding.take(item);
  return rebuilding.finish();
}

/** The rebuilding of one session. */
class Rebuilding implements Disposable {
  readonly #tally = new SessionTally();
  readonly #files: WrittenFile[] = [];
  readonly #names = new Set<string>();
  #facts: SessionFacts | null = null;
  #rewriter = new PathRewriter([]);
  /** Output for the lines of this part. */
  #output: PartOutput | null = null;
  #hasEnded = false;

  constructor(
    private readonly folder: string,
    private readonly place: NewPlace,
  ) {}

  take(item: Item): void {
    if (this.#hasEnded) throw refused("it continues after its end", SEND_AGAIN);
    if ("part" in item) return this.#begin(item.part);
    if (this.#output === null) {
      throw refused("its parts are out of order", SEND_AGAIN);
    }
    if ("unreadable" in item) this.#tally.leaveOut(item.unreadable);
    else this.#output.take(item.line);
  }

  finish(): Rebuilt {
    if (!this.#hasEnded) throw refused("it is not complete", SEND_AGAIN);
    this.#tally.change("paths", this.#rewriter.count);
    return {
      title: receivedTitle(this.#facts!.title),
      tally: this.#tally,
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
      case "transcript":
        return this.#beginTranscript();
      case "subagent":
        return this.#beginSubagent(part.name);
      case "tool_result":
        return this.#beginToolResult(part.name);
      case "end":
        return this.#takeEnd(part);
    }
  }

  #takeFacts(facts: SessionFacts): void {
    this.#facts = facts;
    this.#rewriter = new PathRewriter([
      { from: facts.project, to: this.place.project },
      { from: facts.companions, to: this.place.companions },
      // A summary names the path of the whole transcript.
      {
        from: `${facts.companions}.jsonl`,
        to: `${this.place.companions}.jsonl`,
      },
    ]);
  }

  #beginTranscript(): void {
    const title = receivedTitle(this.#facts!.title);
    const file = this.#create(TRANSCRIPT);
    this.#output = new Conversation(file, this.place, this.#text, this.#tally, {
      title,
    });
  }

  #beginSubagent(name: string): void {
    const file = this.#create(`subagents/agent-${name}.jsonl`);
    this.#output = new Conversation(file, this.place, this.#text, this.#tally, {
      subagent: name,
    });
  }

  #beginToolResult(name: string): void {
    const file = this.#create(`tool-results/${name}`);
    this.#output = new ToolResult(file, this.#text, this.#tally);
  }

  /** @throws {SpreadError} `SESSION_REFUSED` without a transcript. */
  #takeEnd(end: Extract<Part, { part: "end" }>): void {
    if (!this.#names.has(TRANSCRIPT)) {
      throw refused("there is no conversation in it", SEND_AGAIN);
    }
    this.#hasEnded = true;
    for (const [what, count] of Object.entries(end.left_out ?? {})) {
      this.#tally.leaveOut(what as LeftOut, count);
    }
    for (const [what, count] of Object.entries(end.changed ?? {})) {
      this.#tally.change(what as Changed, count);
    }
  }

  #create(name: string): LineFile {
    const key = nameKey(name);
    if (this.#names.has(key)) {
      throw refused("two of its parts have the same name", SEND_AGAIN);
    }
    if (this.#names.size > MAX_COMPANIONS) {
      throw tooLarge(`it has more than ${MAX_COMPANIONS} parts`);
    }
    this.#names.add(key);
    return new LineFile(this.folder, name);
  }

  #endPart(): void {
    if (this.#output === null) return;
    this.#files.push(this.#output.end());
    this.#output = null;
  }

  /** Cleans a text and rewrites its paths to those of this machine. */
  readonly #text = (text: string): string => {
    const { text: cleaned, removed } = cleanText(
      typedCommand(text) ?? commandOutput(text) ?? text,
    );
    const count = countRemoved(removed);
    this.#tally.change("cleaned", count);
    return this.#rewriter.rewrite(cleaned);
  };

  [Symbol.dispose](): void {
    this.#output?.[Symbol.dispose]();
  }
}

/** The output of a tool, as text. */
class ToolResult implements PartOutput {
  constructor(
    private readonly file: LineFile,
    private readonly text: ChangeText,
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
