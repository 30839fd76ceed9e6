/**
 * Redaction of a session that leaves: passphrases of ours, secrets, and the user's name in paths.
 *
 * All that may leave is learned first, in batches; then texts are redacted, without waiting. So
 * what is found in one place is taken out in all others, before and after it.
 *
 * @module
 */

import {
  linesOf,
  listCounts,
  type SecretCount,
  type SecretPlace,
} from "../../secrets/places.ts";
import type { SecretRedactor } from "../../secrets/redactor.ts";
import type { Anonymizer } from "../../text/anonymous_paths.ts";
import type { Block, Message } from "../schema.ts";
import { mapTexts, visitTexts } from "./message_texts.ts";
import { PassphraseRedactor } from "./passphrases.ts";
import type { SessionShareSecrets } from "./share_secrets.ts";
import { TextBatch } from "./text_batch.ts";

/** The choice of what is taken out of sessions. */
export interface Redaction {
  /** Names of our options whose value is not secret. */
  openOptions: readonly string[];
  /** `null` when the person keeps secrets where they are. */
  secrets: SessionShareSecrets | null;
  /** Takes the user's name out of paths; `null` when it stays. */
  anonymous: Anonymizer | null;
  /** Called with every secret that is taken out. */
  onSecret?: (place: SecretPlace) => void;
}

/** The place of a text, for a preview. */
export type TextPlace = Pick<SecretPlace, "file" | "part" | "line">;

/** Learns the secrets of one session, and takes them out of its texts. */
export class SessionRedactor {
  readonly #passphrases: PassphraseRedactor;
  readonly #batch = new TextBatch();
  #place: TextPlace = { file: "" };

  private constructor(
    private readonly secrets: SecretRedactor | null,
    private readonly redaction: Omit<Redaction, "secrets">,
  ) {
    this.#passphrases = new PassphraseRedactor(redaction.openOptions);
  }

  /** @param project Folder of the session's project. */
  static async open(
    project: string,
    { secrets, ...redaction }: Redaction,
  ): Promise<SessionRedactor> {
    const redactor = await secrets?.redactor(project);
    return new SessionRedactor(redactor ?? null, redaction);
  }

  /** Number of passphrases taken out so far. */
  get passphrases(): number {
    return this.#passphrases.count;
  }

  /** Secrets taken out so far, by kind. */
  get taken(): SecretCount[] {
    return listCounts(this.secrets?.counts ?? new Map());
  }

  /**
   * Learns a message that nobody has checked yet.
   *
   * @returns Whether a passphrase of ours may be in it.
   */
  learnMessage(message: Record<string, unknown>): boolean {
    if (this.secrets !== null) visitTexts(message.content, this.learnText);
    return this.#passphrases.learnFrom(message);
  }

  /** Learns the secrets of a text; it waits for its batch. */
  readonly learnText = (text: string): void => {
    if (this.secrets !== null) this.#batch.add(text);
  };

  /** Learns a part of an output of a tool, the secrets of our commands in it too. */
  learnOutput(text: string): void {
    this.learnText(text);
    this.#passphrases.learn(text, true);
  }

  /**
   * Scans the texts that wait, if they are enough for a batch.
   *
   * @param file Name of the file that they come from.
   */
  async scan(file: string): Promise<void> {
    const texts = this.#batch.take();
    if (texts.length > 0) await this.secrets?.learn(texts, file);
  }

  /** Scans all texts that wait. */
  async scanRest(file?: string): Promise<void> {
    await this.secrets?.learn(this.#batch.takeRest(), file);
  }

  /** Says where the texts are that are redacted from now on. */
  setPlace(place: TextPlace): void {
    this.#place = place;
  }

  /**
   * Returns the same message with its texts redacted.
   *
   * @param isMarked Whether a passphrase of ours may be in it, by {@linkcode learnMessage}.
   */
  redactMessage(message: Message, isMarked: boolean): Message {
    const mayHold = isMarked || this.#passphrases.known > 0;
    const { secrets, redaction: { anonymous } } = this;
    if (!mayHold && anonymous === null && (secrets?.isEmpty ?? true)) {
      return message;
    }
    const content = mapTexts(
      mayHold ? this.#withoutTypedFiles(message) : message.message.content,
      mayHold ? this.redact : this.#redactOthers,
    );
    return { ...message, message: { content } };
  }

  /** Redacts the lines of one text; lines over which a secret extends become one line. */
  redactLines(lines: string[]): string[] {
    const { line = 1 } = this.#place;
    const text = this.#withoutSecrets(lines.join("\n"), (at) => line + at - 1);
    return this.#passphrases.redactLines(text)
      .map((line) => this.#anonymous(line));
  }

  /** Redacts a text. */
  readonly redact = (text: string): string =>
    this.#anonymous(this.#passphrases.redact(this.#withoutSecrets(text)));

  /** The same for a text in which no passphrase of ours is. */
  readonly #redactOthers = (text: string): string =>
    this.#anonymous(this.#withoutSecrets(text));

  /** Whether there is nothing to redact in a name. */
  isClean(name: string): boolean {
    const { done = false } = this.secrets?.placesIn(name).next() ??
      { done: true };
    return done && this.#passphrases.redact(name) === name &&
      this.#anonymous(name) === name;
  }

  #withoutTypedFiles({ message: { content } }: Message): string | Block[] {
    if (typeof content === "string") return content;
    return content.map((block): Block =>
      block.type === "tool_use"
        ? { ...block, input: this.#passphrases.redactTypedFile(block.input) }
        : block
    );
  }

  /** @param lineOf Line of a place, by its line in the text; by default that of the text. */
  #withoutSecrets(text: string, lineOf?: (at: number) => number): string {
    const { secrets, redaction: { onSecret } } = this;
    if (secrets === null) return text;
    if (onSecret !== undefined) {
      for (const found of linesOf(text, secrets.placesIn(text))) {
        const line = lineOf?.(found.line!);
        onSecret({
          ...found,
          line: undefined,
          ...this.#place,
          ...line && { line },
        });
      }
    }
    return secrets.redact(text);
  }

  #anonymous(text: string): string {
    return this.redaction.anonymous?.(text) ?? text;
  }
}
