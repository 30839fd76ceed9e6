/**
 * Values of names that say that they are secret: `DB_PASSWORD=…`, `"apiKey": "…"`,
 * `the token is …`.
 *
 * @module
 */

import { isExample } from "./example_values.ts";
import { isPassword, isRandom, isWeak } from "./likeness.ts";
import { isReal, type Rule } from "./rule.ts";

const WORD = String
  .raw`(?<word>pass(?:wor[dt]|wd|phrase|code)?|pwd|secret|token|key|credentials?)`;
const TAIL = String.raw`(?<tail>[A-Za-z0-9_-]{0,40})`;
const QUOTE = String.raw`\\{0,3}["'\x60]`;
const BLANK = String.raw`(?:\s|\\[nrt]){0,40}`;

/** Signs between a name and its value. */
const SIGN = [
  // A list of variables: {"name": "DB_PASSWORD", "value": "…"}, in JSON or YAML.
  String.raw`,?${BLANK}(?:${QUOTE})?value(?:${QUOTE})?[ \t]{0,3}[:=][ \t]{0,3}`,
  String.raw`[ \t]{0,9}(?::=|=>|\?=|=|:)[ \t]{0,9}`,
  String.raw`[ \t]{1,3}(?:is|was|to)(?: now)?:?[ \t]{1,3}`,
  String.raw`(?<tag>(?: [a-z]{1,20}="[^"\r\n]{0,40}"){0,3}>)`,
  // A call that sets it: define('DB_PASSWORD', '…').
  String.raw`(?<=["'])(?<comma>,[ \t]{0,20})(?=["'])`,
  // An option: --password …
  String.raw`(?<=--[\w-]{1,60})[ \t]{1,3}`,
  // SQL: PASSWORD '…'
  String.raw`[ \t]{1,3}(?=${QUOTE})`,
].join("|");

const QUOTED = String
  .raw`(?<quote>${QUOTE})(?<secret>(?:(?!\k<quote>)[^\r\n]){6,500})\k<quote>`;
const BARE = String
  .raw`(?<secret>(?:[^\s"'\x60,;<>(){}[\]\\&]|&(?![\w.%-]{1,40}[=;])){6,2000})`;

const PATTERN = new RegExp(
  `${WORD}${TAIL}(?:${QUOTE})?\\]?(?:${SIGN})(?:${QUOTED}|${BARE})`,
  "dyi",
);

/** Names of things that are not secret, or only name a secret. */
const OPEN_NAME =
  /publi[ck]|(?:^|[_.-])pub(?:[_.-]|$)|foreign|primary|partition|sort|cache|idempot|csrf|xsrf|nonce|next|page|cursor|continu|sync|cancel|hash|digest|sha\d|checksum|finger|thumb|object|host_?key|^(?:old)?pwd$/i;
const OPEN_TAIL =
  /^s?[_-]?(?:names?|ids?|types?|kinds?|counts?|ur[il]s?|endpoints?|paths?|files?|dirs?|refs?|arns?|fields?|labels?|hints?|len(?:gth)?|sizes?|limits?|budgets?|pre(?:fix)?|suffix|patterns?|regex|formats?|expir\w*|ttl|managers?|stores?|versions?|hash\w*|polic\w*|reset\w*|status|usage|algo\w*|index|indices|column|table|attr\w*|placeholder|title|message|error|code|alias|group|scope|issuer|audience|provider|chain|ring|map|set|list)(?:[_-]|$)/i;

/** The part of a name that makes a key a secret one. */
const SECRET_KEY =
  /(?:api|app|application|access|account|secret|private|priv|auth|encrypt\w*|sign\w*|master|service|shared|storage|licen[sc]e|session|jwt|hmac|aes|admin|server|client|deploy\w*|webhook|ingest\w*|subscription|function|consumer|root|write|security|integration|project|team|crypt\w*|cipher|service_role|ssh|ssl|tls)[_.-]?$/i;

/** Functions that give a value to a name in quotes. */
const SETTER =
  /\b(?:define|(?:set|put|get)?_?env|set|put|add|append|setItem|header)\( ?["'][\w.-]{0,60}$/i;

/** Kinds of values, by the first letters of the word in their name. */
const KINDS: Record<string, string> = {
  pas: "password",
  pwd: "password",
  sec: "secret",
  tok: "token",
  key: "key",
  cre: "credential",
};

/** Values that their names call secret. */
export const ASSIGNMENT_RULES: readonly Rule[] = [{
  id: "aws-secret-key",
  kind: "AWS secret key",
  triggers: ["secret_access_key", "secretaccesskey"],
  isAnyCase: true,
  pattern: new RegExp(
    String
      .raw`secret_?access_?key(?:${QUOTE})?[ \t]{0,9}(?:=>|=|:)[ \t]{0,9}(?:${QUOTE})?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])`,
    "dyi",
  ),
  accepts: isReal,
}, {
  id: "assignment",
  kind: ({ groups }) => KINDS[groups!.word!.slice(0, 3).toLowerCase()]!,
  triggers: ["pass", "pwd", "secret", "token", "key", "credential"],
  isAnyCase: true,
  pattern: PATTERN,
  isGeneric: true,
  accepts: isSecretOf,
}];

function isSecretOf(secret: string, match: RegExpExecArray): boolean {
  const { word, tail, tag, comma } = match.groups!;
  const { input, index } = match;
  const front = nameBefore(input, index);
  if (!isWord(front, word!, tail!) || OPEN_NAME.test(front + word)) {
    return false;
  }
  if (OPEN_TAIL.test(tail!)) return false;
  const before = input.slice(Math.max(0, index - 60), index);
  if (tag !== undefined && !before.includes("<")) return false;
  if (comma !== undefined && !SETTER.test(before)) return false;
  // What goes on with a bracket is a call, or a part of a larger value, in a program.
  if (/[([{]/.test(input[index + match[0].length] ?? "")) {
    return false;
  }
  return isValue(secret, front, match) && !secret.includes("://") &&
    !isExample(secret);
}

/** The part of a name that stands before a place, as far as it may matter. */
function nameBefore(text: string, end: number): string {
  let start = end;
  while (start > 0 && end - start < 60 && /[\w.-]/.test(text[start - 1]!)) {
    start--;
  }
  return text.slice(start, end);
}

/** Whether a word is one of its own in a name, so that `compass` and `keyboard` are none. */
function isWord(front: string, word: string, tail: string): boolean {
  const isUpper = word === word.toUpperCase();
  const end = isUpper ? /^S?(?:[_0-9-]|$)/ : /^s?(?:[_0-9A-Z-]|$)/;
  if (!end.test(tail)) return false;
  const isShort = /^(?:pass|pwd|key)$/i.test(word);
  const isStart = isUpper
    ? !/[A-Z]$/.test(front)
    : !/[a-z]$/.test(front) || /^[A-Z]/.test(word);
  return !isShort || isStart || SECRET_KEY.test(front);
}

/** A line of a shell or a container, whose value may be a plain word. */
const SHELL_LINE =
  /^[A-Z_]+=(?:[a-z]{8,40}|[A-Za-z]{4,40}\d{1,4})$|^[A-Z_]+=[a-z]+(?:-[a-z]+){2,7}$/;

/** A name such as `shop-tls-2`, which a field `secret` holds in some files. */
const NAME_OF_SECRET = /^[a-z0-9]+(?:[-_./][a-z0-9]+)+$/;

function isValue(
  secret: string,
  front: string,
  { groups, 0: whole }: RegExpExecArray,
): boolean {
  const word = groups!.word!.toLowerCase();
  if (word === "key") {
    const isUpper = groups!.word === "KEY" && front !== "";
    return isRandom(secret) && (isUpper || SECRET_KEY.test(front));
  }
  if (isRandom(secret)) return true;
  if (word === "token") return false;
  const isQuoted = groups!.quote !== undefined;
  if (isPassword(secret, isQuoted)) {
    return /^p/.test(word) || !NAME_OF_SECRET.test(secret);
  }
  // Nothing but a password would stand there.
  return SHELL_LINE.test(whole) && !isWeak(secret);
}
