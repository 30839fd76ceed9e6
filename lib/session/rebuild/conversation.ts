/**
 * Conversations, made anew for this machine from untrusted lines.
 *
 * `schema.ts` decides what a line may contain, `chain.ts` the order of lines; this file
 * gives each line the names, place and time of its new session. See docs/protocol.md,
 * section 12.5.
 *
 * @module
 */

import { Calls } from "./tool_calls.ts";
import { Chain } from "../chain.ts";
import { refused, SEND_AGAIN } from "../container.ts";
import type { LineFile, PartOutput, WrittenFile } from "./line_file.ts";
import { receivedNote } from "./note.ts";
import {
  type Block,
  type Boundary,
  checkLine,
  mapTexts,
  type Message,
} from "../schema.ts";
import type { SessionTally } from "../tally.ts";

/** The place for which a session is rebuilt. */
export interface NewPlace {
  /** The session's new id. */
  id: string;
  /** The project's folder. */
  project: string;
  /** Folder for the other files of the session. */
  companions: string;
  /** The git branch; `HEAD` when there is none. */
  branch: string;
  now: Date;
  /** The sender, if known. */
  from?: string;
}

/** Not the name of a model, so that the author of the file cannot choose one. */
const NO_MODEL = "<synthetic>";

/** Earliest time accepted, in milliseconds. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);

/** Cleans or rewrites a text. */
export type ChangeText = (text: string) => string;

/** A conversation: the session's own, with a title and a note, or a subagent's. */
export class Conversation implements PartOutput {
  readonly #chain: Chain;
  readonly #calls: Calls;
  #messages = 0;
  #lastTime: string;

  constructor(
    private readonly file: LineFile,
    private readonly place: NewPlace,
    private readonly text: ChangeText,
    private readonly tally: SessionTally,
    private readonly of: { title: string } | { subagent: string },
  ) {
    this.#calls = new Calls(tally);
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

  /** @throws {SpreadError} `SESSION_REFUSED` when there are no messages. */
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
   * The rebuilt content; `null` when nothing is left. The model's service would refuse
   * results without a call, and blank texts.
   */
  #rebuilt({ message }: Message): string | Block[] | null {
    const { content } = message;
    if (typeof content === "string") {
      const text = this.text(content);
      return isBlank(text) ? null : text;
    }
    for (const block of content) this.#calls.note(block);
    const answered = content.filter((block) => this.#calls.answers(block));
    this.tally.leaveOut("orphans", content.length - answered.length);
    const blocks = (mapTexts(answered, this.text) as Block[])
      .flatMap((block) => this.#calls.rebuild(block))
      .filter((block) => block.type !== "text" || !isBlank(block.text));
    return blocks.length === 0 ? null : blocks;
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

  /** Fields that every line has in common; an impossible time becomes that of the line before. */
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

/** A message with the fields that Claude Code needs: an answer without a model stops it. */
function said(type: Message["type"], content: string | Block[], id: string) {
  if (type === "user") return { type, message: { role: type, content } };
  const rest = { type: "message", role: type, model: NO_MODEL, content };
  return { type, message: { id, ...rest } };
}
