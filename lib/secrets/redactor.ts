/**
 * Redaction: secrets in texts become placeholders, the same one for the same secret.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import { formsOf } from "./forms.ts";
import { Literals } from "./literals.ts";
import type { Placeholders } from "./placeholders.ts";
import type { Scanner } from "./scanner.ts";
import { shown } from "./shown_text.ts";
import type { Finding } from "./spans.ts";
import { ENV_VALUE } from "./spans.ts";

/** Most forms of secrets in one redactor; a secret has up to twenty, and long ones more. */
export const MAX_FORMS = 100_000;
/** Most length of these forms altogether, in UTF-16 units. */
const MAX_FORMS_LENGTH = 16 * 1024 * 1024;

/** A secret that was learned, where it stands in a text. */
export type LearnedSecret = Pick<
  Finding,
  "kind" | "rule" | "value" | "start" | "end"
>;

/** Learns the secrets of some texts, then takes them out wherever they stand. */
export class SecretRedactor {
  readonly #scanner: Scanner;
  readonly #placeholders: Placeholders;
  /** The secret that each form stands for. */
  readonly #secrets = new Map<
    string,
    Pick<Finding, "kind" | "rule" | "value">
  >();
  #length = 0;
  #literals: Literals | null = null;

  /** Places that were replaced, by kind of secret. */
  readonly counts: Map<string, number> = new Map();

  constructor(scanner: Scanner, placeholders: Placeholders) {
    this.#scanner = scanner;
    this.#placeholders = placeholders;
  }

  /**
   * Scans a batch of decoded texts and remembers the secrets in them.
   *
   * @param path Name of the file that they come from, for allow entries that name one.
   * @throws {SpreadError} `PAYLOAD_TOO_LARGE` when the secrets have more than
   *   {@linkcode MAX_FORMS} forms, or these are too long.
   */
  async learn(strings: readonly string[], path?: string): Promise<void> {
    for (const text of strings) this.#placeholders.reserve(text);
    for (const finding of await this.#scanner.scan(strings, path)) {
      const { value, string, start, end } = finding;
      const written = shown(strings[string]!.slice(start, end));
      // A value that is known from elsewhere may be written here in a form that is not.
      if (!this.#secrets.has(value) || !this.#secrets.has(written)) {
        this.#remember(finding, written);
      }
    }
  }

  /** Whether it has learned no secret. */
  get isEmpty(): boolean {
    return this.#secrets.size === 0;
  }

  /** Yields the places of secrets that were learned. */
  *placesIn(text: string): Generator<LearnedSecret> {
    this.#literals ??= new Literals(this.#secrets.keys());
    for (const { start, end, form } of this.#literals.findShown(text)) {
      yield { ...this.#secrets.get(form)!, start, end };
    }
  }

  /** Returns a text with a placeholder in the place of every secret that was learned. */
  redact(text: string): string {
    let redacted = "";
    let at = 0;
    for (const { kind, value, start, end } of this.placesIn(text)) {
      this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
      redacted += text.slice(at, start) + this.#placeholders.of(kind, value);
      at = end;
    }
    return at === 0 ? text : redacted + text.slice(at);
  }

  /** @param written The value as it is shown where it was found. */
  #remember({ kind, rule, value }: Finding, written: string): void {
    const isEncoded = rule === ENV_VALUE.rule || written !== value;
    for (const form of formsOf(value, isEncoded)) {
      if (this.#secrets.has(form)) continue;
      this.#length += form.length;
      this.#secrets.set(form, { kind, rule, value });
    }
    this.#literals = null;
    if (
      this.#secrets.size > MAX_FORMS || this.#length > MAX_FORMS_LENGTH
    ) {
      throw new SpreadError(
        "PAYLOAD_TOO_LARGE",
        `Cannot take the secrets out: they and their escaped forms are more than ${MAX_FORMS}, or more than 16 MiB`,
        "Share less; to share it as it is, add --keep-secrets",
      );
    }
  }
}
