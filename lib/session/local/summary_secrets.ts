/**
 * The secrets of a session, as far as its entry in a list goes.
 *
 * @module
 */

import type { SecretRedactor } from "../../secrets/redactor.ts";
import { visitTexts } from "../redact/message_texts.ts";
import type { SessionShareSecrets } from "../redact/share_secrets.ts";
import { TextBatch } from "../redact/text_batch.ts";
import { isObject } from "../schema.ts";

/**
 * Length of the texts that are scanned, from the beginning of a session, in UTF-16 units: a list may
 * have hundreds of sessions. The whole session is scanned when it is packed.
 */
const MAX_SCANNED_LENGTH = 8 * 1024 * 1024;

/** Learns the secrets of a session while its summary is read. */
export class SummarySecrets {
  readonly #batch = new TextBatch();
  #redactor: SecretRedactor | null = null;
  #left = MAX_SCANNED_LENGTH;

  /** @param file Name of the transcript. */
  constructor(
    private readonly secrets: SessionShareSecrets,
    private readonly file: string,
  ) {}

  take(message: unknown): void {
    if (this.#left <= 0 || !isObject(message)) return;
    visitTexts(message.content, (text) => {
      this.#batch.add(text);
      this.#left -= text.length;
    });
  }

  /** Scans the texts, if they are enough for a batch. */
  async scan(project: string): Promise<void> {
    await this.#learn(this.#batch.take(), project);
  }

  /** Scans the rest, and the texts that the list shows. */
  async finish(project: string, shown: string[]): Promise<void> {
    await this.#learn([...this.#batch.takeRest(), ...shown], project);
  }

  redact(text: string): string {
    return this.#redactor?.redact(text) ?? text;
  }

  async #learn(texts: string[], project: string): Promise<void> {
    if (texts.length === 0) return;
    this.#redactor ??= await this.secrets.redactor(project);
    await this.#redactor.learn(texts, this.file);
  }
}
