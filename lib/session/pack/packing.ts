/**
 * The lines of a packed session.
 *
 * Only allowed parts leave, without our own passphrases. With the conversation go the
 * transcripts of subagents and the outputs of tools that it mentions, from the session's
 * own folder and nowhere else. Two passes over the transcript, line by line: one to learn
 * the passphrases, one to write. See docs/protocol.md, section 12.
 *
 * @module
 */

import { SpreadError, systemReason } from "../../errors.ts";
import { readFileLines } from "../../files/lines.ts";
import { Chain } from "../chain.ts";
import { MAX_LINE_BYTES, parseJson, type Part } from "../container.ts";
import type { LocalSession } from "../local/list.ts";
import { PassphraseRedactor } from "../redact/passphrases.ts";
import {
  type Block,
  type Boundary,
  checkLine,
  mapTexts,
  type Message,
} from "../schema.ts";
import { SessionTally } from "../tally.ts";
import { Companions } from "./companions.ts";

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
    if (cause instanceof SpreadError) throw cause;
    const { why } = systemReason(cause) ?? {};
    throw new SpreadError(
      "PAYLOAD_UNREADABLE",
      `Cannot read the session in "${path}"${
        why === undefined ? "" : `: ${why}`
      }`,
      "List the sessions again; this one may have been removed",
      { cause },
    );
  }
}

function empty(id: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_EMPTY",
    `There is no conversation in session "${id}"`,
    "Choose another session",
  );
}
