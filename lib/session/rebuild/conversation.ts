/**
 * Conversations, made anew for this machine from untrusted lines.
 *
 * `schema.ts` decides what a line may contain, `turns.ts` how messages follow each other;
 * this file gives each line the names, place and time of its new session. The lines follow
 * one another, whatever their links were. See docs/protocol.md, section 12.5.
 *
 * @module
 */

import { refused, SEND_AGAIN } from "../container.ts";
import type { LineFile, PartOutput, WrittenFile } from "./line_file.ts";
import { receivedNote } from "./note.ts";
import type { Move } from "./path_rewriter.ts";
import { isSaid } from "../notices.ts";
import { type Block, checkLine, type Message } from "../schema.ts";
import type { SessionTally } from "../tally.ts";
import { isLong, splitLong } from "./long_text.ts";
import { Turns } from "./turns.ts";

/** The place for which a session is rebuilt. */
export interface NewPlace {
  /** The session's new id. */
  id: string;
  /** The project's folder. */
  project: string;
  /** The sender's checkout, and the work tree that stands for it here. */
  checkout?: Move;
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

/** Earliest time accepted. */
const EARLIEST = "2020-01-01T00:00:00.000Z";

/** A time as Claude Code writes it, on a day that every month has: it needs no parsing. */
const USUAL_TIME =
  /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** Changes the blocks of a message; the result may be empty. */
export type ChangeBlocks = (content: Message["message"]["content"]) => Block[];

/** The session's own conversation with a title, what came before it, or a subagent's. */
export type ConversationKind = { title: string } | "earlier" | {
  subagent: string;
};

/** A conversation. The session's own gets a title and a note at its end. */
export class Conversation implements PartOutput {
  readonly #turns: Turns;
  #messages = 0;
  #last: string | null = null;
  /** Id of the answer that is being written; `null` after a message of the person. */
  #answer: string | null = null;
  /** Time of the rebuilding, and of the last line. */
  readonly #now: string;
  #lastTime: string;
  /** The end of each line, as JSON: the fields that all lines have in common. */
  readonly #frame: string;

  constructor(
    private readonly file: LineFile,
    private readonly place: NewPlace,
    private readonly change: ChangeBlocks,
    private readonly tally: SessionTally,
    private readonly kind: ConversationKind,
  ) {
    this.#turns = new Turns(tally, (type, blocks) => this.#say(type, blocks));
    this.#now = this.#lastTime = place.now.toISOString();
    this.#frame = frameOf(place, kind).slice(1);
  }

  take(line: unknown): void {
    if (typeof line !== "object" || line === null) {
      return this.tally.leaveOut("broken_lines");
    }
    const message = checkLine(line as Record<string, unknown>, this.tally);
    if (message === null) return;
    const blocks = this.change(message.message.content);
    if (blocks.length === 0) return;
    this.#takeTime(message.timestamp);
    if (message.type === "assistant") this.#turns.answer(blocks);
    else if (!this.#turns.say(blocks)) return;
    this.#messages++;
  }

  /** @throws {SpreadError} `SESSION_REFUSED` when there are no messages. */
  end(): WrittenFile {
    this.#turns.end();
    if (this.kind === "earlier") this.tally.earlier = this.#messages;
    else if ("title" in this.kind) this.#endSession(this.kind.title);
    return this.file.finish();
  }

  #endSession(customTitle: string): void {
    if (this.#messages === 0) {
      throw refused("there is no conversation in it", SEND_AGAIN);
    }
    this.tally.messages = this.#messages;
    const { id: sessionId, now, from } = this.place;
    const { person, claude } = receivedNote(now, from);
    this.#lastTime = this.#now;
    this.#say("user", [{ type: "text", text: person }]);
    this.#say("assistant", [{ type: "text", text: claude }]);
    const title = { type: "custom-title", customTitle, sessionId };
    this.file.write(JSON.stringify(title));
  }

  /** An impossible time becomes that of the line before. */
  #takeTime(timestamp = ""): void {
    const isUsual = USUAL_TIME.test(timestamp) && timestamp >= EARLIEST &&
      timestamp <= this.#now;
    if (isUsual) {
      this.#lastTime = timestamp;
      return;
    }
    const time = Date.parse(timestamp);
    const isPossible = time >= Date.parse(EARLIEST) &&
      time <= this.place.now.getTime();
    if (isPossible) this.#lastTime = new Date(time).toISOString();
  }

  /** Writes a message as the next line of the conversation. */
  #say(type: Message["type"], blocks: Block[]): void {
    const said = this.#shownBlocks(type, blocks);
    if (said.length === 0) return;
    const uuid = crypto.randomUUID();
    this.#answer = type === "user" ? null : this.#answer ?? uuid;
    const message = this.#answer === null
      ? { role: type, content: asTextIfOne(said) }
      : answer(this.#answer, said);
    const parentUuid = this.#last;
    const timestamp = this.#lastTime;
    const own = { parentUuid, type, message, uuid, timestamp };
    this.file.write(`${JSON.stringify(own).slice(0, -1)},${this.#frame}`);
    this.#last = uuid;
  }

  /** Blocks in a form in which the client shows what it sends. */
  #shownBlocks(type: Message["type"], blocks: Block[]): Block[] {
    const split = type === "user" && blocks.some(isLong)
      ? blocks.flatMap(splitLong)
      : blocks;
    const isShown = (block: Block) =>
      block.type !== "text" || isSaid(type, block.text);
    if (split.every(isShown)) return split;
    const shown = split.filter(isShown);
    this.tally.leaveOut("blocks", split.length - shown.length);
    return shown;
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

/** An object with the fields that all lines of a conversation have in common, as JSON. */
function frameOf(
  { id, project, branch }: NewPlace,
  kind: ConversationKind,
): string {
  const { subagent } = kind as { subagent?: string };
  return JSON.stringify({
    isSidechain: subagent !== undefined,
    agentId: subagent,
    userType: "external",
    entrypoint: "cli",
    cwd: project,
    sessionId: id,
    gitBranch: branch,
  });
}

/** An answer with the fields that Claude Code needs: one without a model stops it. */
function answer(id: string, content: Block[]): Record<string, unknown> {
  const type = "message";
  return { id, type, role: "assistant", model: NO_MODEL, content };
}

/** One text of a person stands for itself, as Claude Code writes it. */
function asTextIfOne(blocks: Block[]): string | Block[] {
  const [first, ...others] = blocks;
  const isOneText = first?.type === "text" && others.length === 0;
  return isOneText ? first.text : blocks;
}
