/**
 * Redaction: secrets in texts become placeholders, the same one for the same secret.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import { Literals } from "./literals.ts";
import { KEY, LINE_END, type Placeholders } from "./placeholders.ts";
import type { Finding, Scanner } from "./scanner.ts";

/** Most different secrets of one redactor, and their length altogether, in UTF-16 units. */
export const MAX_SECRETS = 100_000;
export const MAX_SECRETS_LENGTH = 16 * 1024 * 1024;

/** A secret that was learned, where it stands in a text. */
export type Place = Pick<Finding, "kind" | "rule" | "value" | "start" | "end">;

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
   * @throws {SpreadError} `PAYLOAD_TOO_LARGE` when there are more secrets than
   *   {@linkcode MAX_SECRETS}, or longer ones than {@linkcode MAX_SECRETS_LENGTH}.
   */
  async learn(strings: readonly string[], path?: string): Promise<void> {
    for (const text of strings) this.#placeholders.reserve(text);
    for (const finding of await this.#scanner.scan(strings, path)) {
      if (!this.#secrets.has(finding.value)) this.#remember(finding);
    }
  }

  /** Whether it has learned no secret. */
  get isEmpty(): boolean {
    return this.#secrets.size === 0;
  }

  /** Yields the places of secrets that were learned. */
  *placesIn(text: string): Generator<Place> {
    this.#literals ??= new Literals(this.#secrets.keys());
    for (const [start, end] of this.#literals.find(text)) {
      yield { ...this.#secrets.get(text.slice(start, end))!, start, end };
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

  #remember({ kind, rule, value }: Finding): void {
    for (const form of formsOf(value)) {
      if (this.#secrets.has(form)) continue;
      this.#length += form.length;
      this.#secrets.set(form, { kind, rule, value });
    }
    this.#literals = null;
    if (
      this.#secrets.size > MAX_SECRETS || this.#length > MAX_SECRETS_LENGTH
    ) {
      throw new SpreadError(
        "PAYLOAD_TOO_LARGE",
        `Cannot take the secrets out: there are more than ${MAX_SECRETS} of them, or more than 16 MiB`,
        "Share less; to share it as it is, add --keep-secrets",
      );
    }
  }
}

/** Length from which one line of a private key is a part of it that nothing else has. */
const MIN_LINE_LENGTH = 40;

/** A secret as it is, as JSON and URLs write it, and the lines of a private key. */
function formsOf(value: string): string[] {
  const lines = value.startsWith(KEY)
    ? value.split(LINE_END).filter(({ length }) => length >= MIN_LINE_LENGTH)
    : [];
  return [value, JSON.stringify(value).slice(1, -1), inUrl(value), ...lines]
    .flatMap(piecesOf);
}

/**
 * Longest form that is searched for as a whole, in UTF-16 units. A text that repeats itself can be
 * one secret of megabytes, and comparing that at each place would take hours.
 */
const MAX_FORM_LENGTH = 8192;

/** The parts of a form that is too long, all of about the same length. */
function piecesOf(form: string): string[] {
  const count = Math.ceil(form.length / MAX_FORM_LENGTH);
  const length = Math.ceil(form.length / count);
  return Array.from(
    { length: count },
    (_, i) => form.slice(i * length, (i + 1) * length),
  );
}

function inUrl(value: string): string {
  // Half a surrogate pair, which a cut text may end with, cannot be written in a URL.
  return encodeURIComponent(value.toWellFormed());
}
