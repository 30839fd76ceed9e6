/**
 * Summaries by which a person recognizes a session, read from its transcript.
 *
 * All texts are cleaned, cut and redacted of our own passphrases, so that they may be
 * shown. For a list that a receiver chooses from, secrets in them are taken out as well.
 *
 * @module
 */

import { cleanLine } from "../../text/clean_text.ts";
import { PassphraseRedactor } from "../redact/passphrases.ts";
import type { Redaction } from "../redact/session_redactor.ts";
import { SummarySecrets } from "./summary_secrets.ts";
import { readTranscript } from "./transcript_lines.ts";
import { isObject } from "../schema.ts";
import type { Transcript } from "./transcripts.ts";
import { typedCommand } from "./typed_command.ts";

/** Longest line that is parsed, in bytes; longer ones are counted by their beginning. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Longest texts of a summary, in UTF-16 units. */
const MAX_TITLE_LENGTH = 120;
const MAX_PROMPT_LENGTH = 300;
const MAX_BRANCH_LENGTH = 120;
const MAX_PROJECT_LENGTH = 1024;

/** A session in a list. */
export interface SessionSummary {
  /** A UUID in lower case. */
  id: string;
  title: string;
  /** The first prompt; empty when there is no such text. */
  firstPrompt: string;
  /** ISO 8601. */
  modified: string;
  /** Messages of the user, including results of tools, and of Claude. */
  messages: number;
  /** Size of its transcript, in bytes. */
  bytes: number;
  /** Its last git branch; empty when there is none. */
  branch: string;
  /** The folder in which it was started. */
  project: string;
}

/** Options for a summary; secrets and paths stay by default. */
export interface SummaryOptions
  extends Partial<Pick<Redaction, "secrets" | "anonymous">> {
  /** Names of our options whose value is not secret. */
  openOptions: readonly string[];
  signal?: AbortSignal;
}

/**
 * Reads a summary.
 *
 * @returns `null` when the file contains no conversation, or only a subagent's.
 * @throws {Error} The system's error when the file cannot be read; the signal's reason.
 */
export async function summarize(
  { id, path, modified, size }: Transcript,
  { openOptions, secrets, anonymous, signal }: SummaryOptions,
): Promise<SessionSummary | null> {
  const safe = secrets ? new SummarySecrets(secrets, `${id}.jsonl`) : null;
  const reading = new SummaryReading(
    openOptions,
    (message) => safe?.take(message),
  );
  for await (const lines of readTranscript(path, MAX_LINE_BYTES)) {
    signal?.throwIfAborted();
    for (const line of lines) {
      if (line.length > line.bytes.length) reading.takeHead(line.bytes);
      else reading.take(decoder.decode(line.bytes));
    }
    await safe?.scan(reading.project);
  }
  await safe?.finish(reading.project, reading.texts);
  const found = reading.finish((text) => {
    const redacted = safe?.redact(text) ?? text;
    return anonymous?.(redacted) ?? redacted;
  });
  if (found === null) return null;
  return { id, ...found, modified: modified.toISOString(), bytes: size };
}

const decoder = new TextDecoder();

/** Bytes of a long line that are enough to tell whose message it is. */
const HEAD_BYTES = 4096;

/** The facts found so far in a transcript, line by line. */
export class SummaryReading {
  #messages = 0;
  #isSidechain = false;
  readonly #titles: { custom?: string; ai?: string; summary?: string } = {};
  #firstPrompt: string | null = null;
  #firstCommand: string | null = null;
  /** The command in the last message, if it was one. */
  #command: string | null = null;
  #branch = "";
  #project: string | null = null;
  readonly #secrets: PassphraseRedactor;

  /** @param onMessage Called with each message of a line that is read whole. */
  constructor(
    openOptions: readonly string[],
    private readonly onMessage?: (message: unknown) => void,
  ) {
    this.#secrets = new PassphraseRedactor(openOptions);
  }

  take(text: string): void {
    const line = parseObject(text);
    if (line === null) return;
    this.#secrets.learnFrom(line.message);
    this.onMessage?.(line.message);
    this.takeLine(line);
  }

  /** Takes a line in which no passphrase of ours can be. */
  takeLine(line: Record<string, unknown>): void {
    switch (line.type) {
      case "user":
      case "assistant":
        return this.#takeMessage(line);
      case "custom-title":
        this.#titles.custom = textOr(line.customTitle, this.#titles.custom);
        return;
      case "ai-title":
        this.#titles.ai = textOr(line.aiTitle, this.#titles.ai);
        return;
      case "summary":
        this.#titles.summary = textOr(line.summary, this.#titles.summary);
    }
  }

  /** Counts a line that is too long to hold whole. */
  takeHead(bytes: Uint8Array): void {
    const head = decoder.decode(bytes.subarray(0, HEAD_BYTES));
    if (/"role":"(?:user|assistant)"/.test(head)) this.#messages++;
  }

  /** The folder in which the session was started, so far. */
  get project(): string {
    return cleanLine(this.#project ?? "", MAX_PROJECT_LENGTH);
  }

  /** The texts that a summary shows, whole: a secret that is cut off would not be found. */
  get texts(): string[] {
    return [this.#title, this.#prompt, this.#branch];
  }

  /**
   * Returns the summary; `null` when there was no conversation, or only a subagent's.
   *
   * @param redact Changes texts before they are cut.
   */
  finish(
    redact: (text: string) => string = (text) => text,
  ): Omit<SessionSummary, "id" | "modified" | "bytes"> | null {
    if (this.#messages === 0 || this.#isSidechain) return null;
    const show = (text: string, length: number) => {
      const redacted = this.#secrets.redact(redact(text));
      return cleanLine(redacted.slice(0, CLEANED_TIMES * length), length);
    };
    const firstPrompt = show(this.#prompt, MAX_PROMPT_LENGTH);
    const title = show(this.#title, MAX_TITLE_LENGTH);
    return {
      title: title || cleanLine(firstPrompt, MAX_TITLE_LENGTH) || "(no title)",
      firstPrompt,
      messages: this.#messages,
      branch: show(this.#branch, MAX_BRANCH_LENGTH),
      project: this.project,
    };
  }

  get #title(): string {
    const { custom, ai, summary } = this.#titles;
    return custom ?? ai ?? summary ?? "";
  }

  get #prompt(): string {
    return this.#firstPrompt ?? this.#firstCommand ?? "";
  }

  #takeMessage(line: Record<string, unknown>): void {
    if (line.isSidechain === true) {
      // A subagent's own file begins with one; older versions of Claude Code mixed them
      // in.
      if (this.#messages === 0) this.#isSidechain = true;
      return;
    }
    this.#messages++;
    this.#project ??= textOr(line.cwd, undefined) ?? null;
    const branch = textOr(line.gitBranch, this.#branch) ?? "";
    // Claude Code writes this when a checkout has no branch.
    this.#branch = branch === "HEAD" ? "" : branch;
    if (this.#firstPrompt === null) this.#takePrompt(line);
  }

  #takePrompt(line: Record<string, unknown>): void {
    const text = promptText(line.message);
    // The text of a custom command follows it, hidden. A command of Claude Code's has none.
    const isBody = line.type === "user" && line.isMeta === true;
    if (isBody && !NO_PROMPT.test(text)) this.#firstPrompt = this.#command;
    this.#command = null;
    if (!isPrompt(line)) return;
    this.#command = typedCommand(text);
    if (this.#command !== null) this.#firstCommand ??= this.#command;
    else if (text.trim() !== "" && !NO_PROMPT.test(text)) {
      this.#firstPrompt = text;
    }
  }
}

/** Length of a text that is cleaned, in lengths that are shown: cleaning may shorten it. */
const CLEANED_TIMES = 4;

/** Words of Claude Code in place of a prompt. */
const NO_PROMPT =
  /^\s*(?:<(?:local-command|bash-|command-|system-reminder|task-notification)|\[Request interrupted|Caveat: )/;

function isPrompt(line: Record<string, unknown>): boolean {
  return line.type === "user" && line.isMeta !== true &&
    line.isCompactSummary !== true;
}

/** The text of a message, or of its first text block. */
function promptText(message: unknown): string {
  if (!isObject(message)) return "";
  const { content } = message;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const isText = (block: unknown) => isObject(block) && block.type === "text";
  return textOr(content.find(isText)?.text, undefined) ?? "";
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function textOr(
  value: unknown,
  otherwise: string | undefined,
): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : otherwise;
}
