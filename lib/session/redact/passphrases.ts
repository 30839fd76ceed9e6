/**
 * Redaction of our commands' secrets in the files that Claude Code keeps of a conversation.
 *
 * A passphrase that was typed after `/claude-spread:…` appears in a transcript many times:
 * as arguments, in the skill's text, in titles and queues, in heredocs that Claude wrote,
 * in the output of our commands, and in Claude's own words. The redactor removes it in its
 * known places, and then removes the secrets found there everywhere else. It does not guess
 * at other secrets. It removes short plain words ("kitten") only in known places: elsewhere
 * they could be ordinary text.
 *
 * @module
 */

import { secretsOnLine } from "./command_line.ts";
import {
  type OpenOptions,
  patternsOf,
  withoutOptions,
} from "./open_options.ts";
import {
  CODE,
  MIN_OURS_LENGTH,
  OURS,
  type PassphrasePlace,
  PLACES,
  type SecretSpan,
  spansOf,
} from "./passphrase_places.ts";

/** Replacement for a secret. */
export const REDACTED = "[redacted]";

/** Most secrets remembered from one session; further ones are removed only in their known places. */
const MAX_SECRETS = 1000;

/**
 * Path of the file to which Claude writes a typed line when Claude Code has not kept it for
 * our commands.
 */
const TYPED_FILE = /[\\/]claude-spread[\\/]typed-[\w-]{1,64}\.txt$/;

/** Depth to which a JSON value is searched: deeper than the input of a tool call may be. */
const MAX_DEPTH = 80;

/** Longest secret searched for outside its known places, in UTF-16 units. */
const MAX_SECRET_LENGTH = 4096;

/** Length, in UTF-16 units, from which a secret is searched for inside words too. */
const LONG_SECRET = 12;

/** A room code and the words after it (docs/protocol.md, section 10.3). */
const INVITE =
  /\b(?=[a-z]*\d)[a-hjkmnp-z2-9]{6}-(?<words>[a-z]{2,}(?:-[a-z]{2,}){3,})\b/g;

/** Four words, as a person types them, perhaps after a room code. */
const FOUR_WORDS =
  /^(?:[a-z0-9]{6}[\s_,\u2010-\u2015-]+)?[a-z]{3,5}(?:[\s_,\u2010-\u2015-]+[a-z]{3,5}){3}$/i;

/** The words that are typed on the other machine, as a share shows them to a person. */
const WORDS_TO_TYPE =
  /(?:(?:distill|memory|sessions)-receive|claude-spread:pair)(?:[ \t]{1,9}(?:--[a-z]{1,20}|wss?:\S{1,200}|[a-z2-9]{6})(?=[ \t])){0,9}[ \t]{1,9}(?<words>[a-z]{2,20}(?:-[a-z]{2,20}){3,20})\b/g;

/** Removes our commands' secrets from the texts of one session. */
export class PassphraseRedactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | null = null;
  #count = 0;
  readonly #open: OpenOptions;

  /** @param openOptions Names of our options whose value is not secret, short ones too. */
  constructor(openOptions: readonly string[]) {
    this.#open = patternsOf(openOptions);
  }

  /** Number of redactions so far. */
  get count(): number {
    return this.#count;
  }

  /** Number of secrets to be found anywhere. */
  get known(): number {
    return this.#secrets.size;
  }

  /**
   * Remembers the secrets in the known places of `text`, to find them elsewhere.
   *
   * @param isPart Whether it is a part of a file, such as the output of a tool.
   * @returns Whether there may be a known place in it at all.
   */
  learn(text: string, isPart = false): boolean {
    if (text.length < MIN_OURS_LENGTH || !OURS.test(text)) return false;
    for (const place of PLACES) {
      if (place.isLoose) continue;
      for (const [start, end] of spansOf(place, text, isPart)) {
        this.#secretsAt(place, text, start, end)
          .forEach((one) => this.#remember(one));
      }
    }
    for (const { 0: invite, groups } of text.matchAll(INVITE)) {
      this.#remember(invite);
      this.#remember(groups!.words!);
    }
    for (const { groups } of text.matchAll(WORDS_TO_TYPE)) {
      this.#remember(groups!.words!);
    }
    for (const [code] of text.matchAll(CODE)) this.#remember(code);
    return true;
  }

  /** Does the same for every string in a JSON value, such as a message, names of fields too. */
  learnFrom(value: unknown, depth = 0): boolean {
    if (typeof value === "string") return this.learn(value);
    if (typeof value !== "object" || value === null || depth > MAX_DEPTH) {
      return false;
    }
    let mayHold = false;
    for (const name of Object.keys(value)) {
      const part = (value as Record<string, unknown>)[name];
      if (this.learn(name)) mayHold = true;
      if (this.learnFrom(part, depth + 1)) mayHold = true;
    }
    return mayHold;
  }

  /**
   * Returns `text` without secrets: those learned, and those in known places.
   *
   * @param isPart Whether it is a part of a file.
   */
  redact(text: string, isPart = false): string {
    // The learned ones first, because a place may end in the middle of one.
    let redacted = this.#redactLearned(text);
    if (!OURS.test(redacted)) return redacted;
    redacted = redacted.replace(CODE, () => {
      this.#count++;
      return REDACTED;
    });
    for (const place of PLACES) {
      redacted = this.#redactAt(place, redacted, isPart);
    }
    return redacted;
  }

  /** Returns the lines of a part of a file, redacted; those over which a secret extends become one. */
  redactLines(text: string): string[] {
    // With the end of the last line, at which a command line may end.
    const whole = OURS.test(text)
      ? this.redact(`${text}\n`, true).slice(0, -1)
      : text;
    return whole.split("\n").map((line) => this.redact(line));
  }

  /** Returns the input of a tool call, without a typed line that Claude writes to a file for us. */
  redactTypedFile(input: Record<string, unknown>): Record<string, unknown> {
    const { file_path: path, content } = input;
    const isTyped = typeof path === "string" && TYPED_FILE.test(path) &&
      typeof content === "string" && holdsSecret(content, this.#open);
    if (!isTyped) return input;
    this.#count++;
    return { ...input, content: blanked(content, this.#open) };
  }

  #secretsAt(
    { isCommandLine }: PassphrasePlace,
    text: string,
    start: number,
    end: number,
  ): string[] {
    const typed = text.slice(start, end);
    if (!isCommandLine) return [...secretsIn(typed, this.#open)];
    const isServe = /serve(?:\.ts)?$/.test(text.slice(0, start).slice(-8));
    return secretsOnLine(isServe, typed, this.#open);
  }

  #redactAt(place: PassphrasePlace, text: string, isPart: boolean): string {
    let redacted = "";
    let at = 0;
    for (const [start, end] of spansOf(place, text, isPart)) {
      const secret = text.slice(start, end);
      if (!holdsSecret(secret, this.#open)) continue;
      redacted += text.slice(at, start) + blanked(secret, this.#open);
      at = end;
      this.#count++;
    }
    return redacted + text.slice(at);
  }

  #redactLearned(text: string): string {
    if (this.#secrets.size === 0) return text;
    this.#pattern ??= anyOf([...this.#secrets]);
    let redacted = "";
    let at = 0;
    for (const [start, end] of united(spansWithin(this.#pattern, text))) {
      redacted += text.slice(at, start) + REDACTED;
      at = end;
      this.#count++;
    }
    return redacted + text.slice(at);
  }

  #remember(secret: string): void {
    if (!isTelling(secret) || this.#secrets.size >= MAX_SECRETS) return;
    for (const form of formsOf(secret)) this.#secrets.add(form);
    this.#pattern = null;
  }
}

/** Whether a word is specific to a secret and not an ordinary word. */
function isTelling(secret: string): boolean {
  if (secret.length > MAX_SECRET_LENGTH) return false;
  return secret.length >= 8 || secret.length >= 4 && !/^\p{L}+$/u.test(secret);
}

/** A secret in plain form, and as JSON, a shell and Claude Code's own escapes write it. */
function formsOf(secret: string): string[] {
  const plain = [secret, secret.replaceAll("\\!", "!")];
  // Words are taken with blanks and in capitals too, and shown with hyphens.
  if (FOUR_WORDS.test(secret)) {
    plain.push(secret.toLowerCase().replace(/[\s_,\u2010-\u2015]+/g, "-"));
  }
  return plain.flatMap((form) => [
    form,
    JSON.stringify(form).slice(1, -1),
    form.replaceAll("'", "'\\''"),
  ]);
}

function anyOf(secrets: string[]): RegExp {
  secrets.sort((a, b) => b.length - a.length);
  const parts = secrets.map((secret) => {
    const literal = RegExp.escape(secret);
    return secret.length >= LONG_SECRET
      ? literal
      : `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`;
  });
  // A lookahead, so that overlapping secrets are all found.
  return new RegExp(`(?=(${parts.join("|")}))`, "gu");
}

function* spansWithin(pattern: RegExp, text: string): Generator<SecretSpan> {
  for (const { 1: secret, index } of text.matchAll(pattern)) {
    yield [index, index + secret!.length];
  }
}

/** Overlapping spans, merged; spans come in the order of their starts. */
function united(spans: Iterable<SecretSpan>): SecretSpan[] {
  const whole: SecretSpan[] = [];
  for (const [start, end] of spans) {
    const last = whole.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else whole.push([start, end]);
  }
  return whole;
}

/** The typed text as a whole, line by line, and without options and quotes. */
function secretsIn(typed: string, open: OpenOptions): Set<string> {
  const found = new Set<string>();
  for (const part of [typed, ...typed.split("\n")]) {
    const rest = withoutOptions(part, open);
    if (rest === "" || rest.includes(REDACTED)) continue;
    found.add(unquoted(rest));
    // On a command line, options may follow.
    found.add(unquoted(rest.replace(open.anywhere, "").trim()));
    for (
      const [, double, single] of part.replace(open.anywhere, "")
        .matchAll(/"([^"\n]+)"|'([^'\n]+)'/g)
    ) {
      found.add((double ?? single)!);
    }
  }
  return found;
}

function holdsSecret(typed: string, open: OpenOptions): boolean {
  const rest = withoutOptions(typed, open).replaceAll(REDACTED, "");
  return /[^\s"']/.test(rest);
}

/** Redacts typed text; keeps options at the front and blanks around it. */
function blanked(typed: string, open: OpenOptions): string {
  const trimmed = typed.trimEnd();
  const front = trimmed.slice(
    0,
    trimmed.length - withoutOptions(typed, open).length,
  );
  return front + REDACTED + typed.slice(trimmed.length);
}

function unquoted(text: string): string {
  return /^(["'])[\s\S]*\1$/.test(text) ? text.slice(1, -1) : text;
}
