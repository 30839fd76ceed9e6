/**
 * Rebuilds a session from a file that somebody else has made: hostile until it is rebuilt.
 *
 * Nothing is copied. Each line is made anew from what the allow-list lets through, with the
 * names, places and times of this machine, its texts cleaned and its paths turned to this
 * project's. What is written goes into a folder that the caller has made for it. See
 * docs/protocol.md, section 12.
 *
 * @module
 */

import { commandOutput, typedCommand } from "../claude/typed_command.ts";
import { Chain } from "./session_chain.ts";
import { cleanText } from "./clean_text.ts";
import { PathRewriter } from "./path_rewriter.ts";
import { nameKey } from "./safe_name.ts";
import {
  MAX_COMPANIONS,
  type Part,
  refused,
  SEND_AGAIN,
  type SessionFacts,
  tooLarge,
} from "./session_container.ts";
import { LineFile, type WrittenFile } from "./session_files.ts";
import { receivedNote, receivedTitle } from "./session_note.ts";
import { type Item, readSession } from "./session_reader.ts";
import {
  type Block,
  type Boundary,
  checkLine,
  mapTexts,
  type Message,
} from "./session_schema.ts";
import { type Changed, type LeftOut, SessionTally } from "./session_tally.ts";

/** The place that a session is rebuilt for. */
export interface NewPlace {
  /** The session's id here. */
  id: string;
  /** The project's folder. */
  project: string;
  /** Where what belongs to the session will be. */
  companions: string;
  /** The git branch; `HEAD` when there is none. */
  branch: string;
  now: Date;
  /** Who sent it, if that is known. */
  from?: string;
}

/** A session that was rebuilt. */
export interface Rebuilt {
  title: string;
  tally: SessionTally;
  /** What was written, by path from the folder. */
  files: WrittenFile[];
}

/** Where the transcript is written, in the folder. */
export const TRANSCRIPT = "transcript.jsonl";

/** Not a name of a model, so that none is chosen by who made the file. */
const NO_MODEL = "<synthetic>";

/** Times before this are not believed. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);

/**
 * Rebuilds the session of the file at `path` in `folder`.
 *
 * @throws {SpreadError} `SESSION_REFUSED`, `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`,
 *   `CANNOT_STORE`; the signal's reason. What was written then stays behind
 *   in `folder`.
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

/** One session on its way in. */
class Rebuilding implements Disposable {
  readonly #tally = new SessionTally();
  readonly #files: WrittenFile[] = [];
  readonly #names = new Set<string>();
  #facts: SessionFacts | null = null;
  #rewriter = new PathRewriter([]);
  /** What the lines of this part go to. */
  #output: Output | null = null;
  #hasEnded = false;

  constructor(
    private readonly folder: string,
    private readonly place: NewPlace,
  ) {}

  take(item: Item): void {
    if (this.#hasEnded) throw refused("it goes on after its end", SEND_AGAIN);
    if ("part" in item) return this.#begin(item.part);
    if (this.#output === null) {
      throw refused("its parts are out of order", SEND_AGAIN);
    }
    if ("unreadable" in item) this.#tally.leaveOut(item.unreadable);
    else this.#output.take(item.line);
  }

  finish(): Rebuilt {
    if (!this.#hasEnded) throw refused("it is not whole", SEND_AGAIN);
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
      // A summary tells where the whole transcript is.
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
      throw refused("it has two parts of one name", SEND_AGAIN);
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

  /** A text as it may be shown here, with this machine's paths. */
  readonly #text = (text: string): string => {
    const { text: cleaned, removed } = cleanText(
      typedCommand(text) ?? commandOutput(text) ?? text,
    );
    const count = Object.values(removed).reduce((sum, one) => sum + one, 0);
    this.#tally.change("cleaned", count);
    return this.#rewriter.rewrite(cleaned);
  };

  [Symbol.dispose](): void {
    this.#output?.[Symbol.dispose]();
  }
}

type ChangeText = (text: string) => string;

/** What takes the lines of one part. */
interface Output extends Disposable {
  take(line: unknown): void;
  end(): WrittenFile;
}

/** A conversation: the session's own, which gets a title and a note, or a subagent's. */
class Conversation implements Output {
  readonly #chain: Chain;
  readonly #calls = new Set<string>();
  #messages = 0;
  #lastTime: string;

  constructor(
    private readonly file: LineFile,
    private readonly place: NewPlace,
    private readonly text: ChangeText,
    private readonly tally: SessionTally,
    private readonly of: { title: string } | { subagent: string },
  ) {
    this.#chain = new Chain(tally, () => crypto.randomUUID());
    this.#lastTime = place.now.toISOString();
  }

  take(line: unknown): void {
    if (typeof line !== "object" || line === null) {
      return this.tally.leaveOut("broken_lines");
    }
    const checked = checkLine(line as Record<string, unknown>, this.tally);
    const { kept } = checked;
    if (kept === null) return this.#chain.bridge(checked.links);
    if (kept.type === "system") return this.#writeBoundary(kept);
    const content = this.#rebuilt(kept);
    if (content === null) return this.#chain.bridge(kept);
    this.#writeMessage(kept, content);
  }

  /** @throws {SpreadError} `SESSION_REFUSED` when nobody said anything. */
  end(): WrittenFile {
    if ("title" in this.of) {
      if (this.#messages === 0) {
        throw refused("there is no conversation in it", SEND_AGAIN);
      }
      this.tally.messages = this.#messages;
      this.#writeNote();
      const { id } = this.place;
      const title = this.of.title;
      this.#write({ type: "custom-title", customTitle: title, sessionId: id });
    }
    return this.file.finish();
  }

  #writeBoundary(boundary: Boundary): void {
    const placed = this.#chain.keep(boundary);
    if (placed === null) return;
    this.#write({
      ...this.#frame(boundary.timestamp),
      ...placed,
      type: "system",
      subtype: "compact_boundary",
      content: "Conversation compacted",
      level: "info",
      compactMetadata: {
        trigger: "manual",
        ...this.#chain.translate(boundary.compactMetadata),
      },
    });
  }

  #writeMessage(message: Message, content: string | Block[]): void {
    const placed = this.#chain.keep(message);
    if (placed === null) return;
    this.#messages++;
    this.#write({
      ...this.#frame(message.timestamp),
      ...placed,
      ...said(message.type, content, message.message.id ?? placed.uuid),
      isCompactSummary: message.isCompactSummary,
    });
  }

  /**
   * The content as it may stand here; `null` when nothing is left. Results that answer no
   * call would be refused by the model's service, as would blank texts.
   */
  #rebuilt({ message }: Message): string | Block[] | null {
    const { content } = message;
    if (typeof content === "string") {
      const text = this.text(content);
      return isBlank(text) ? null : text;
    }
    const answered = content.filter((block) => this.#isAnswered(block));
    this.tally.leaveOut("orphans", content.length - answered.length);
    const blocks = (mapTexts(answered, this.text) as Block[])
      .filter((block) => block.type !== "text" || !isBlank(block.text));
    return blocks.length === 0 ? null : blocks;
  }

  #isAnswered(block: Block): boolean {
    if (block.type === "tool_use") this.#calls.add(block.id);
    return block.type !== "tool_result" || this.#calls.has(block.tool_use_id);
  }

  #writeNote(): void {
    const { person, claude } = receivedNote(this.place.now, this.place.from);
    const say = (type: Message["type"], text: string) => {
      const placed = this.#chain.append();
      const content = said(type, [{ type: "text", text }], placed.uuid);
      const timestamp = this.place.now.toISOString();
      this.#write({ ...this.#frame(timestamp), ...placed, ...content });
    };
    say("user", person);
    say("assistant", claude);
  }

  /** What every line says of where it is; a time that cannot be is that of the line before. */
  #frame(timestamp: string | undefined): Record<string, unknown> {
    const time = Date.parse(timestamp ?? "");
    const isPossible = time >= EARLIEST_MS && time <= this.place.now.getTime();
    if (isPossible) this.#lastTime = new Date(time).toISOString();
    const { id, project, branch } = this.place;
    const subagent = "subagent" in this.of ? this.of.subagent : undefined;
    return {
      timestamp: this.#lastTime,
      isSidechain: subagent !== undefined,
      agentId: subagent,
      userType: "external",
      entrypoint: "cli",
      cwd: project,
      sessionId: id,
      gitBranch: branch,
    };
  }

  #write(line: Record<string, unknown>): void {
    this.file.write(JSON.stringify(line));
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

/** A message, with what the client needs to read it: an answer without a model stops it. */
function said(type: Message["type"], content: string | Block[], id: string) {
  if (type === "user") return { type, message: { role: type, content } };
  const rest = { type: "message", role: type, model: NO_MODEL, content };
  return { type, message: { id, ...rest } };
}

/** The output of a tool, as text. */
class ToolResult implements Output {
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
