/**
 * The lines of a packed session.
 *
 * Only allowed parts leave, without our own passphrases. With the conversation go the
 * transcripts of subagents and the outputs of tools that it mentions, from the session's
 * own folder and nowhere else. Each transcript is read twice: once for an index and for the
 * passphrases, then line by line in the order of the conversation. See docs/protocol.md,
 * section 12.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { FileRanges } from "../../files/file_ranges.ts";
import { type Lines, readFileLines } from "../../files/lines.ts";
import { parseJson, type Part } from "../container.ts";
import type { LocalSession } from "../local/list.ts";
import { PassphraseRedactor } from "../redact/passphrases.ts";
import { checkLine } from "../schema.ts";
import { SessionTally } from "../tally.ts";
import { Companions } from "./companions.ts";
import { type Order, orderConversation } from "./conversation_order.ts";
import {
  cannotRead,
  readIndex,
  type TranscriptIndex,
} from "./transcript_index.ts";
import { withoutSecrets } from "./without_secrets.ts";

/** Longest line of a tool's output, in bytes; the rest of a longer one is left out. */
const MAX_TEXT_LINE_BYTES = 1024 * 1024;

/** The packing of one session. */
export class Packing {
  readonly tally = new SessionTally();
  readonly #secrets: PassphraseRedactor;

  private constructor(
    private readonly session: LocalSession,
    private readonly companions: Companions,
    openOptions: readonly string[],
  ) {
    this.#secrets = new PassphraseRedactor(openOptions);
  }

  /** @param openOptions Names of our options whose value is not secret. */
  static async begin(
    session: LocalSession,
    openOptions: readonly string[],
  ): Promise<Packing> {
    const folder = session.path.replace(/\.jsonl$/, "");
    return new Packing(session, await Companions.find(folder), openOptions);
  }

  /** The lines of the container after its first, in groups. */
  async *lines(): AsyncGenerator<Iterable<string>> {
    const { id, project, path } = this.session;
    const { index, earlier, conversation } = await this.#read(path, false);
    const title = this.#secrets.redact(this.session.title);
    const prompt = this.#secrets.redact(this.session.firstPrompt);
    const companions = this.companions.folder;
    yield [part({ part: "session", id, title, prompt, project, companions })];
    if (earlier.length > 0) {
      yield [part({ part: "earlier" })];
      yield this.#messages(path, index, earlier);
      this.tally.earlier = this.tally.messages;
      this.tally.messages = 0;
    }
    yield [part({ part: "transcript" })];
    yield this.#messages(path, index, conversation);
    const { messages } = this.tally;
    if (messages === 0) throw empty(id);
    yield* this.#subagents();
    yield* this.#toolResults();
    // Messages of subagents are not the session's own.
    this.tally.messages = messages;
    this.tally.leaveOut("workflows", this.companions.workflows);
    this.tally.change("redacted", this.#secrets.count);
    const { leftOut: left_out, changed } = this.tally;
    yield [part({ part: "end", left_out, changed })];
  }

  /** Reads which lines of a transcript go, in which order; learns the passphrases in it. */
  async #read(path: string, isSubagent: boolean): Promise<Transcript> {
    const { tally } = this;
    const index = await readIndex(path, {
      isSubagent,
      tally,
      learn: (message) => this.#secrets.learnFrom(message),
    });
    const { entries, lastUsed } = index;
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
    return { index, ...order };
  }

  *#messages(
    path: string,
    { starts, lengths, marked, replacements }: TranscriptIndex,
    rows: number[],
  ): Generator<string> {
    using file = openRanges(path);
    const decoder = new TextDecoder();
    for (const row of rows) {
      const replacement = replacements.get(row);
      const text = replacement === undefined
        ? decoder.decode(file.read(starts.get(row), lengths.get(row)))
        : JSON.stringify(replacement);
      this.companions.noteMentions(text);
      const line = replacement ?? parseJson(text);
      // The index found an object there; the file has changed since.
      if (typeof line !== "object" || line === null) continue;
      const message = checkLine(line as Record<string, unknown>, this.tally);
      if (message === null) continue;
      this.tally.messages++;
      const mayHold = marked.has(row) || this.#secrets.known > 0;
      yield JSON.stringify(
        mayHold ? withoutSecrets(message, this.#secrets) : message,
      );
    }
  }

  async *#subagents(): AsyncGenerator<Iterable<string>> {
    for (const { name, path } of this.companions.subagents()) {
      const { index, earlier, conversation } = await this.#read(path, true);
      yield [part({ part: "subagent", name })];
      yield this.#messages(path, index, [...earlier, ...conversation]);
    }
  }

  async *#toolResults(): AsyncGenerator<Iterable<string>> {
    const found = this.companions.toolResults(this.tally);
    for (const { name, path } of found) {
      yield [part({ part: "tool_result", name })];
      for await (const lines of readFileLines(path, MAX_TEXT_LINE_BYTES)) {
        yield this.#texts(lines);
      }
    }
  }

  *#texts(lines: Lines): Generator<string> {
    const decoder = new TextDecoder();
    for (const { bytes, length } of lines) {
      if (length > bytes.length) this.tally.leaveOut("long_lines");
      yield JSON.stringify({
        text: this.#secrets.redact(decoder.decode(bytes)),
      });
    }
  }
}

/** A transcript, and the rows of its lines that go, in their order. */
interface Transcript extends Pick<Order, "earlier" | "conversation"> {
  index: TranscriptIndex;
}

/** @throws {SpreadError} `PAYLOAD_UNREADABLE`. */
function openRanges(path: string): FileRanges {
  try {
    return FileRanges.open(path);
  } catch (cause) {
    throw cannotRead(path, cause);
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
