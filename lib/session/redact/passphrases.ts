/**
 * Our own commands' secrets in what Claude Code keeps of a conversation.
 *
 * A passphrase that was typed after `/claude-spread:…` stands in a transcript many times: as
 * arguments, in the skill's text, in titles and queues, in heredocs that Claude wrote, in
 * what our commands printed, and in Claude's own words. Where it is known to stand it is
 * taken out, and what was found there is taken out everywhere else. Other people's secrets
 * are not guessed at. Short plain words ("kitten") are taken out only where they are known
 * to stand: everywhere else they could be ordinary text.
 *
 * @module
 */

import {
  OURS,
  type Place,
  PLACES,
  type Span,
  spansOf,
} from "./passphrase_places.ts";

/** What stands in a secret's place. */
export const REDACTED = "[redacted]";

/** Secrets remembered from one session; further ones are taken out where they stand only. */
const MAX_SECRETS = 1000;

/** What Claude writes a typed line to, where the client has not kept it for our commands. */
const TYPED_FILE = /[\\/]claude-spread[\\/]typed-[\w-]{1,64}\.txt$/;

/** How deep a JSON value is looked into: deeper than the client nests what people type. */
const MAX_DEPTH = 64;

/** Longest secret that is looked for elsewhere, in UTF-16 units. */
const MAX_SECRET_LENGTH = 4096;

/** From this length on, in UTF-16 units, a secret is looked for inside words too. */
const LONG_SECRET = 12;

/** A room code and the words after it (docs/protocol.md, section 10.3). */
const INVITE =
  /\b(?=[a-z]*\d)[a-hjkmnp-z2-9]{6}-(?<words>[a-z]{2,}(?:-[a-z]{2,}){3,})\b/g;

/** The words that a receiver is to type, as a share tells a person. */
const WORDS_TO_TYPE =
  /(?:distill|memory|sessions)-receive(?:[ \t]{1,9}(?:--[a-z]{1,20}|wss?:\S{1,200}|[a-z2-9]{6})(?=[ \t])){0,9}[ \t]{1,9}(?<words>[a-z]{2,20}(?:-[a-z]{2,20}){3,20})\b/g;

/** Takes our commands' secrets out of texts of one session. */
export class PassphraseRedactor {
  readonly #secrets = new Set<string>();
  #pattern: RegExp | null = null;
  #count = 0;

  /** How many places were redacted so far. */
  get count(): number {
    return this.#count;
  }

  /** Whether a line of JSON can hold a place where our secrets stand: a cheap look before the others. */
  static mayBeInJson(text: string): boolean {
    // An escape could hide our name.
    return OURS.test(text) || text.includes("\\u00");
  }

  /** Remembers the secrets that stand in `text`, to find them elsewhere. */
  learn(text: string): void {
    if (!OURS.test(text)) return;
    for (const place of PLACES) {
      if (place.isLoose) continue;
      for (const [start, end] of spansOf(place, text)) {
        secretsIn(text.slice(start, end)).forEach((one) => this.#remember(one));
      }
    }
    for (const { 0: invite, groups } of text.matchAll(INVITE)) {
      this.#remember(invite);
      this.#remember(groups!.words!);
    }
    for (const { groups } of text.matchAll(WORDS_TO_TYPE)) {
      this.#remember(groups!.words!);
    }
  }

  /** The same for every text in a JSON value, such as a line of a transcript. */
  learnFrom(value: unknown, depth = 0): void {
    if (typeof value === "string") return this.learn(value);
    if (typeof value !== "object" || value === null || depth > MAX_DEPTH) {
      return;
    }
    for (const part of Object.values(value)) this.learnFrom(part, depth + 1);
  }

  /** `text` without secrets: those learned, and those that stand where they are known to. */
  redact(text: string): string {
    // Those that are known first, because a place may end in the middle of one.
    let redacted = this.#redactLearned(text);
    if (!OURS.test(redacted)) return redacted;
    for (const place of PLACES) redacted = this.#redactAt(place, redacted);
    return redacted;
  }

  /** The input of a tool's call, without a line that was typed and is written to a file for us. */
  redactTypedFile(input: Record<string, unknown>): Record<string, unknown> {
    const { file_path: path, content } = input;
    const isTyped = typeof path === "string" && TYPED_FILE.test(path) &&
      typeof content === "string" && holdsSecret(content);
    if (!isTyped) return input;
    this.#count++;
    return { ...input, content: blanked(content) };
  }

  #redactAt(place: Place, text: string): string {
    let redacted = "";
    let at = 0;
    for (const [start, end] of spansOf(place, text)) {
      const secret = text.slice(start, end);
      if (!holdsSecret(secret)) continue;
      redacted += text.slice(at, start) + blanked(secret);
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

/** Whether a word is a secret's and not an ordinary one. */
function isTelling(secret: string): boolean {
  if (secret.length > MAX_SECRET_LENGTH) return false;
  return secret.length >= 8 || secret.length >= 4 && !/^\p{L}+$/u.test(secret);
}

/** A secret as it is, and as JSON, a shell and the client's own escapes write it. */
function formsOf(secret: string): string[] {
  const plain = [secret, secret.replaceAll("\\!", "!")];
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
  // Looked ahead for, so that secrets that overlap are all found.
  return new RegExp(`(?=(${parts.join("|")}))`, "gu");
}

function* spansWithin(pattern: RegExp, text: string): Generator<Span> {
  for (const { 1: secret, index } of text.matchAll(pattern)) {
    yield [index, index + secret!.length];
  }
}

/** Spans that overlap, taken together; they come in the order of their starts. */
function united(spans: Iterable<Span>): Span[] {
  const whole: Span[] = [];
  for (const [start, end] of spans) {
    const last = whole.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else whole.push([start, end]);
  }
  return whole;
}

/** Options of our commands, and values that are no secret: a relay, an address, a number, a room code. */
const OPEN_WORD =
  /^(?:-{1,2}[a-z][a-z-]*(?:=\S*)?|-|wss?:\/\/\S+|\d+|\[?[0-9a-z.:%-]+\]?:\d{1,5}|[a-z2-9]{6}(?<=\d[a-z2-9]*))$/i;

/** Options of our commands whose value is no secret, such as a project's folder. */
const OPEN_OPTION = String
  .raw`--(?:project|typed|kind|session|pick|output|interface|keep-open|port|timeout|room|passphrase-file)(?:=|[ \t]{1,99})(?:"[^"\n]{0,999}"|'[^'\n]{0,999}'|[^\s"']{1,999})(?!\S)`;
const OPTION_AT_FRONT = new RegExp(`^${OPEN_OPTION}`);
const OPTIONS = new RegExp(OPEN_OPTION, "g");

/** What was typed, as a whole, line by line, and without options and quotes. */
function secretsIn(typed: string): Set<string> {
  const found = new Set<string>();
  for (const part of [typed, ...typed.split("\n")]) {
    const rest = withoutOptions(part);
    if (rest === "" || rest.includes(REDACTED)) continue;
    found.add(unquoted(rest));
    // On a command line options may follow.
    found.add(unquoted(rest.replace(OPTIONS, "").trim()));
    for (
      const [, double, single] of part.replace(OPTIONS, "")
        .matchAll(/"([^"\n]+)"|'([^'\n]+)'/g)
    ) {
      found.add((double ?? single)!);
    }
  }
  return found;
}

function holdsSecret(typed: string): boolean {
  const rest = withoutOptions(typed).replaceAll(REDACTED, "");
  return /[^\s"']/.test(rest);
}

/** Options at the front, and blanks around, stay as they are. */
function blanked(typed: string): string {
  const trimmed = typed.trimEnd();
  const front = trimmed.slice(0, trimmed.length - withoutOptions(typed).length);
  return front + REDACTED + typed.slice(trimmed.length);
}

function withoutOptions(typed: string): string {
  let rest = typed.trim();
  for (;;) {
    const option = OPTION_AT_FRONT.exec(rest)?.[0];
    const [word = ""] = /^\S*/.exec(rest)!;
    if (option === undefined && !OPEN_WORD.test(word)) return rest;
    rest = rest.slice((option ?? word).length).trimStart();
  }
}

function unquoted(text: string): string {
  return /^(["'])[\s\S]*\1$/.test(text) ? text.slice(1, -1) : text;
}
