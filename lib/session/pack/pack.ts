/**
 * Packs a session for another machine.
 *
 * Only allowed parts leave, without our own passphrases. With the conversation go the
 * transcripts of subagents and the outputs of tools that it mentions, from the session's
 * own folder and nowhere else. Two passes over the transcript, line by line: one to learn
 * the passphrases, one to write. The same session gives the same bytes. See
 * docs/protocol.md, section 12.
 *
 * @module
 */

import { createWriteStream } from "node:fs";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { PassphraseRedactor } from "../redact/passphrases.ts";
import type { LocalSession } from "../local/list.ts";
import { type Bytes, utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { readFileLines } from "../../files/lines.ts";
import { Chain } from "../chain.ts";
import { Companions } from "./companions.ts";
import {
  encodeHead,
  MAX_LINE_BYTES,
  parseJson,
  type Part,
} from "../container.ts";
import { type Encoding } from "../../payload.ts";
import {
  type Block,
  type Boundary,
  checkLine,
  mapTexts,
  type Message,
} from "../schema.ts";
import { SessionTally } from "../tally.ts";
import { cannotStore } from "../../files/cannot_store.ts";

export type { Encoding };

/** Approximate size of the pieces in which lines are written, in bytes. */
const PIECE_BYTES = 256 * 1024;

/** Longest line of a tool's output, in bytes; the rest of a longer one is left out. */
const MAX_TEXT_LINE_BYTES = 1024 * 1024;

/** Options for packing a session. */
export interface PackOptions {
  /** Names of our options whose value is not secret. */
  openOptions: readonly string[];
  /** The file to write, which must not exist; readable by its owner only. */
  output: string;
  encoding: Encoding;
  signal?: AbortSignal;
}

/** Whether this machine can compress and decompress. */
export function canCompress(): boolean {
  return typeof zlib.createZstdCompress === "function" &&
    typeof zlib.createZstdDecompress === "function";
}

/**
 * Writes the packed session to `output`, whole or not at all.
 *
 * @returns Counts of the parts left out and changed.
 * @throws {SpreadError} `PAYLOAD_EMPTY` when the session contains no conversation,
 *   `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`, `CANNOT_STORE` (also when `output` exists);
 *   the signal's reason.
 */
export async function packSession(
  session: LocalSession,
  { openOptions, output, encoding, signal }: PackOptions,
): Promise<SessionTally> {
  const packing = await Packing.begin(session, openOptions);
  createFile(output, encodeHead(encoding));
  try {
    const sink = createWriteStream(output, { flags: "a" });
    await writeLines(packing, sink, encoding, signal);
    return packing.tally;
  } catch (error) {
    await Deno.remove(output);
    signal?.throwIfAborted();
    const isSystems = error instanceof Error && "code" in error &&
      !(error instanceof SpreadError);
    throw isSystems ? cannotStore(output, error) : error;
  }
}

/**
 * Writes the packed session to a stream, as far as it gets, and ends that.
 *
 * @returns Counts of the parts left out and changed.
 * @throws {SpreadError} `PAYLOAD_EMPTY`, `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`; the
 *   stream's error; the signal's reason.
 */
export async function streamSession(
  session: LocalSession,
  sink: Writable,
  how: Omit<PackOptions, "output">,
): Promise<SessionTally> {
  const packing = await Packing.begin(session, how.openOptions);
  sink.write(encodeHead(how.encoding));
  try {
    await writeLines(packing, sink, how.encoding, how.signal);
  } catch (error) {
    how.signal?.throwIfAborted();
    throw error;
  }
  return packing.tally;
}

/** Writes the lines after the first one, compressed or not. */
async function writeLines(
  packing: Packing,
  sink: Writable,
  encoding: Encoding,
  signal?: AbortSignal,
): Promise<void> {
  const lines = Readable.from(inPieces(packing.lines()), { objectMode: false });
  if (encoding === "identity") await pipeline(lines, sink, { signal });
  else await pipeline(lines, zlib.createZstdCompress(), sink, { signal });
}

function createFile(path: string, head: string): void {
  try {
    Deno.writeTextFileSync(path, head, { createNew: true, mode: 0o600 });
  } catch (cause) {
    throw cannotStore(path, cause);
  }
}

async function* inPieces(lines: AsyncIterable<string>): AsyncGenerator<Bytes> {
  let piece: string[] = [];
  let length = 0;
  for await (const line of lines) {
    piece.push(line, "\n");
    length += line.length;
    if (length < PIECE_BYTES) continue;
    yield utf8(piece.join(""));
    piece = [];
    length = 0;
  }
  yield utf8(piece.join(""));
}

/** The packing of one session. */
class Packing {
  readonly tally = new SessionTally();
  readonly #secrets: PassphraseRedactor;

  private constructor(
    private readonly session: LocalSession,
    private readonly companions: Companions,
    openOptions: readonly string[],
  ) {
    this.#secrets = new PassphraseRedactor(openOptions);
  }

  static async begin(
    session: LocalSession,
    openOptions: readonly string[],
  ): Promise<Packing> {
    const folder = session.path.replace(/\.jsonl$/, "");
    return new Packing(session, await Companions.find(folder), openOptions);
  }

  /** The lines of the container after its first. */
  async *lines(): AsyncGenerator<string> {
    const { id, project, path } = this.session;
    await this.#learn(path);
    const title = this.#secrets.redact(this.session.title);
    const companions = this.companions.folder;
    yield part({ part: "session", id, title, project, companions });
    yield part({ part: "transcript" });
    yield* this.#transcript(path, isSidechain);
    const { messages } = this.tally;
    if (messages === 0) throw empty(id);
    yield* this.#subagents();
    yield* this.#toolResults();
    // Messages of subagents are not the session's own.
    this.tally.messages = messages;
    this.tally.change("redacted", this.#secrets.count);
    const { leftOut: left_out, changed } = this.tally;
    yield part({ part: "end", left_out, changed });
  }

  async #learn(path: string): Promise<void> {
    for await (const text of readTexts(path)) {
      if (text === null || !PassphraseRedactor.mayBeInJson(text)) continue;
      this.#secrets.learnFrom(parseJson(text));
    }
  }

  /** @param isOther Whether a line is part of another conversation. */
  async *#transcript(
    path: string,
    isOther: (line: object) => boolean = () => false,
  ): AsyncGenerator<string> {
    const chain = new Chain(this.tally, (old) => old);
    for await (const text of readTexts(path)) {
      if (text === null) this.tally.leaveOut("long_lines");
      else yield* this.#line(text, chain, isOther);
    }
  }

  *#line(
    text: string,
    chain: Chain,
    isOther: (line: object) => boolean,
  ): Generator<string> {
    if (text.trim() === "") return;
    const line = parseJson(text);
    if (typeof line !== "object" || line === null) {
      this.tally.leaveOut("broken_lines");
      return;
    }
    if (isOther(line)) {
      this.tally.leaveOut("subagent_lines");
      return;
    }
    this.companions.noteMentions(text);
    const checked = checkLine(line as Record<string, unknown>, this.tally);
    if (checked.kept === null) {
      chain.bridge(checked.links);
      return;
    }
    const place = chain.keep(checked.kept);
    if (place === null) return;
    yield JSON.stringify({ ...this.#withoutSecrets(checked.kept), ...place });
  }

  #withoutSecrets(kept: Message | Boundary): Message | Boundary {
    if (kept.type === "system") return kept;
    this.tally.messages++;
    const content = mapTexts(
      this.#withoutTypedFiles(kept.message.content),
      (text) => this.#secrets.redact(text),
    );
    return { ...kept, message: { ...kept.message, content } };
  }

  #withoutTypedFiles(content: Message["message"]["content"]) {
    if (typeof content === "string") return content;
    return content.map((block): Block =>
      block.type === "tool_use"
        ? { ...block, input: this.#secrets.redactTypedFile(block.input) }
        : block
    );
  }

  async *#subagents(): AsyncGenerator<string> {
    for (const { name, path } of this.companions.subagents()) {
      yield part({ part: "subagent", name });
      yield* this.#transcript(path);
    }
  }

  async *#toolResults(): AsyncGenerator<string> {
    const found = this.companions.toolResults(this.tally);
    for (const { name, path } of found) {
      yield part({ part: "tool_result", name });
      for await (
        const { bytes, length } of readFileLines(path, MAX_TEXT_LINE_BYTES)
      ) {
        if (length > bytes.length) this.tally.leaveOut("long_lines");
        const text = new TextDecoder().decode(bytes);
        yield JSON.stringify({ text: this.#secrets.redact(text) });
      }
    }
  }
}

/**
 * Whether a line is a subagent's; older versions of Claude Code wrote them between those of
 * the conversation.
 */
function isSidechain(line: object): boolean {
  return "isSidechain" in line && line.isSidechain === true;
}

function part(first: Part): string {
  return JSON.stringify(first);
}

/** The lines of a transcript as text; `null` for one that is too long. */
async function* readTexts(path: string): AsyncGenerator<string | null> {
  const decoder = new TextDecoder();
  try {
    for await (const { bytes, length } of readFileLines(path, MAX_LINE_BYTES)) {
      yield length > bytes.length ? null : decoder.decode(bytes);
    }
  } catch (cause) {
    throw new SpreadError(
      "PAYLOAD_UNREADABLE",
      `Cannot read the session in "${path}"`,
      "It may have been removed; list the sessions again",
      { cause },
    );
  }
}

function empty(id: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_EMPTY",
    `There is no conversation in session "${id}"`,
    "Choose another one",
  );
}
