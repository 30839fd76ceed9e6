/**
 * Secrets in a session from another machine: its sender may have kept them, or may not have known
 * them.
 *
 * @module
 */

import { openScanner } from "../../secrets/scanner.ts";
import { countKinds, type SecretCount } from "../../secrets/places.ts";
import { TextBatch } from "../redact/text_batch.ts";

/** Counts the secrets in texts, and keeps none of them. */
export class SecretCounter {
  readonly #scanner = openScanner();
  #counts: SecretCount[] = [];
  readonly #batch = new TextBatch();

  take(text: string): void {
    this.#batch.add(text);
  }

  /** Scans the texts, if they are enough for a batch. */
  async scan(): Promise<void> {
    await this.#count(this.#batch.take());
  }

  /** Scans the rest, and returns all counts. */
  async finish(): Promise<SecretCount[]> {
    await this.#count(this.#batch.takeRest());
    return this.#counts;
  }

  async #count(texts: string[]): Promise<void> {
    const findings = await this.#scanner.scan(texts);
    this.#counts = countKinds(findings, this.#counts);
  }
}
