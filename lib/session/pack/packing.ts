/**
 * The lines of a packed session.
 *
 * Only allowed parts leave, without our own passphrases and without the secrets that are found.
 * With the conversation go the transcripts of subagents and the outputs of tools that it
 * mentions, from the session's own folder and nowhere else. Each file is read twice: all of
 * them first, for an index and for what is secret, then each in the order of the container.
 * Nothing leaves that the first reading has not seen. See docs/protocol.md, section 12.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { SpreadError } from "../../errors.ts";
import { FileRanges } from "../../files/file_ranges.ts";
import { type Lines, readFileLines } from "../../files/lines.ts";
import { parseJson, type Part } from "../container.ts";
import type { LocalSession } from "../local/list.ts";
import { type Redaction, SessionRedactor } from "../redact/session_redactor.ts";
import { checkLine } from "../schema.ts";
import { SessionTally } from "../tally.ts";
import { Companions } from "./companions.ts";
import { type Order, orderConversation } from "./conversation_order.ts";
import { type FileState, isSame, stateOf } from "./file_state.ts";
import { readIndex, type TranscriptIndex } from "./transcript_index.ts";
import { cannotReadSession, hasChanged } from "./unreadable.ts";

/** Longest line of a tool's output, in bytes; the rest of a longer one is left out. */
const MAX_TEXT_LINE_BYTES = 1024 * 1024;

/** The packing of one session. */
export class Packing {
  readonly tally = new SessionTally();
  /** Transcripts and outputs of tools, by their paths, as they were at the first reading. */
  readonly #transcripts = new Map<string, Transcript>();
  readonly #outputs = new Map<string, FileState>();

  private constructor(
    private readonly session: LocalSession,
    private readonly companions: Companions,
    private readonly redactor: SessionRedactor,
  ) {}

  static async begin(
    session: LocalSession,
    redaction: Redaction,
  ): Promise<Packing> {
    const folder = session.path.replace(/\.jsonl$/, "");
    const redactor = await SessionRedactor.open(session.project, redaction);
    return new Packing(session, await Companions.find(folder), redactor);
  }

  /** The lines of the container after its first, in groups. */
  async *lines(): AsyncGenerator<Iterable<string>> {
    const { id, path } = this.session;
    await this.#learn();
    yield [part({ part: "session", id, ...this.#facts() })];
    const main = this.#transcripts.get(path)!;
    const { earlier, conversation } = this.#order(main);
    const file = `${id}.jsonl`;
    if (earlier.length > 0) {
      yield [part({ part: "earlier" })];
      yield this.#messages(path, file, earlier);
      this.tally.earlier = this.tally.messages;
      this.tally.messages = 0;
    }
    yield [part({ part: "transcript" })];
    yield this.#messages(path, file, conversation);
    const { messages } = this.tally;
    if (messages === 0) throw empty(id);
    yield* this.#subagents();
    yield* this.#toolResults();
    // Messages of subagents are not the session's own.
    this.tally.messages = messages;
    this.tally.leaveOut("workflows", this.companions.workflows);
    this.tally.change("redacted", this.redactor.passphrases);
    this.tally.secrets = this.redactor.taken;
    yield [part({ part: "end", ...this.#counts() })];
  }

  /** Reads all files for what is secret, and transcripts for an index. */
  async #learn(): Promise<void> {
    const { id, path, title, firstPrompt, project } = this.session;
    const { redactor, companions } = this;
    await this.#learnTranscript(path, `${id}.jsonl`, false);
    for (const { name, path } of companions.allSubagents) {
      redactor.learnText(name);
      await this.#learnTranscript(
        path,
        this.#fileOf(`subagents/agent-${name}.jsonl`),
        true,
      );
    }
    for (const { name, path } of companions.allToolResults) {
      redactor.learnText(name);
      await this.#learnOutput(path, this.#fileOf(`tool-results/${name}`));
    }
    [title, firstPrompt, project].forEach(redactor.learnText);
    await redactor.scanRest(`${id}.jsonl`);
  }

  async #learnTranscript(
    path: string,
    file: string,
    isSubagent: boolean,
  ): Promise<void> {
    const { redactor } = this;
    const tally = new SessionTally();
    const index = await readIndex(path, {
      isSubagent,
      tally,
      learn: (message) => redactor.learnMessage(message),
      pause: () => redactor.scan(file),
    });
    await redactor.scanRest(file);
    this.#transcripts.set(path, { index, tally });
  }

  async #learnOutput(path: string, file: string): Promise<void> {
    const { redactor } = this;
    this.#outputs.set(path, stateOf(path));
    let end = "";
    for await (const lines of readFileLines(path, MAX_TEXT_LINE_BYTES)) {
      const text = `${end}${textsOf(lines).join("\n")}\n`;
      redactor.learnOutput(text);
      // Once more: a secret may begin in one group of lines and end in the next.
      end = text.slice(-MAX_SECRET_LENGTH);
      await redactor.scan(file);
    }
    await redactor.scanRest(file);
  }

  #facts() {
    const { redactor, session } = this;
    const redact = (name: string, text: string) => {
      redactor.setPlace({ part: `the ${name}` });
      return redactor.redact(text);
    };
    return {
      title: redact("title", session.title),
      prompt: redact("first prompt", session.firstPrompt),
      project: redact("project's path", session.project),
      companions: redact("session's path", this.companions.folder),
    };
  }

  #counts() {
    const { leftOut: left_out, changed, secrets } = this.tally;
    return { left_out, changed, ...secrets.length > 0 && { secrets } };
  }

  /** Orders the lines of a transcript that goes, and counts those that do not. */
  #order({ index: { entries, lastUsed }, tally: counted }: Transcript): Order {
    const { tally } = this;
    tally.add(counted);
    const order = orderConversation(entries, lastUsed);
    tally.change("relinked", order.relinked);
    const isGoing = new Uint8Array(entries.length);
    for (const row of order.earlier) isGoing[row] = 1;
    for (const row of order.conversation) isGoing[row] = 1;
    for (const [row, goes] of isGoing.entries()) {
      const kind = entries.kind(row);
      if (goes === 1 || kind !== "user" && kind !== "assistant") continue;
      tally.leaveOut(entries.isAside(row) ? "subagent_lines" : "branches");
    }
    return order;
  }

  *#messages(path: string, name: string, rows: number[]): Generator<string> {
    const { index } = this.#transcripts.get(path)!;
    using file = openRanges(path);
    for (const row of rows) {
      const line = this.#lineAt(row, index, file);
      if (line === null) throw hasChanged(path);
      const message = checkLine(line, this.tally);
      if (message === null) continue;
      this.tally.messages++;
      this.redactor.setPlace({ file: name, line: index.lines.get(row) });
      const isMarked = index.marked.has(row);
      yield JSON.stringify(this.redactor.redactMessage(message, isMarked));
    }
  }

  /** Returns a line, as the first reading saw it; `null` when it is another one now. */
  #lineAt(
    row: number,
    { starts, lengths, checksums, replacements }: TranscriptIndex,
    file: FileRanges,
  ): Record<string, unknown> | null {
    const replacement = replacements.get(row);
    if (replacement !== undefined) {
      this.companions.noteMentions(JSON.stringify(replacement));
      return replacement;
    }
    const bytes = file.read(starts.get(row), lengths.get(row));
    if (crc32(bytes) !== checksums.get(row)) return null;
    const text = this.#decoder.decode(bytes);
    this.companions.noteMentions(text);
    return parseJson(text) as Record<string, unknown>;
  }

  readonly #decoder = new TextDecoder();

  async *#subagents(): AsyncGenerator<Iterable<string>> {
    for (const { name, path } of this.companions.subagents()) {
      if (!this.#mayGo(name)) continue;
      const order = this.#order(this.#transcripts.get(path)!);
      yield [part({ part: "subagent", name })];
      const rows = [...order.earlier, ...order.conversation];
      yield this.#messages(
        path,
        this.#fileOf(`subagents/agent-${name}.jsonl`),
        rows,
      );
    }
  }

  async *#toolResults(): AsyncGenerator<Iterable<string>> {
    for (const { name, path } of this.companions.toolResults(this.tally)) {
      if (!this.#mayGo(name)) continue;
      yield [part({ part: "tool_result", name })];
      let line = 1;
      for await (const lines of readFileLines(path, MAX_TEXT_LINE_BYTES)) {
        const texts = textsOf(lines, this.tally);
        if (!isSame(this.#outputs.get(path)!, stateOf(path))) {
          throw hasChanged(path);
        }
        if (texts.length === 0) continue;
        this.redactor.setPlace({
          file: this.#fileOf(`tool-results/${name}`),
          line,
        });
        line += texts.length;
        yield this.redactor.redactLines(texts)
          .map((text) => JSON.stringify({ text }));
      }
    }
  }

  /** Name of a companion's file, from the folder of all sessions. */
  #fileOf(name: string): string {
    return `${this.session.id}/${name}`;
  }

  /** Whether a companion may go: a name with a placeholder would not be valid. */
  #mayGo(name: string): boolean {
    if (this.redactor.isClean(name)) return true;
    this.tally.leaveOut("companions");
    return false;
  }
}

/** Length of the longest secret that goes over several lines, a private key, in UTF-16 units. */
const MAX_SECRET_LENGTH = 16 * 1024;

/** Decodes lines; cut ones are counted, if there is a tally. */
function textsOf(lines: Lines, tally?: SessionTally): string[] {
  const decoder = new TextDecoder();
  return Array.from(lines, ({ bytes, length }) => {
    if (length > bytes.length) tally?.leaveOut("long_lines");
    return decoder.decode(bytes);
  });
}

/** A transcript as it was at the first reading. */
interface Transcript {
  index: TranscriptIndex;
  /** Counts of its lines, which count if it goes. */
  tally: SessionTally;
}

/** @throws {SpreadError} `PAYLOAD_UNREADABLE`. */
function openRanges(path: string): FileRanges {
  try {
    return FileRanges.open(path);
  } catch (cause) {
    throw cannotReadSession(path, cause);
  }
}

function part(first: Part): string {
  return JSON.stringify(first);
}

function empty(id: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_EMPTY",
    `There is no conversation in session "${id}"`,
    "Choose another session",
  );
}
