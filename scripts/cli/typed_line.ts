/**
 * The line that a user types after a command of the plugin in Claude Code: flags first; the rest
 * is the passphrase or invite, byte for byte, whatever it contains.
 *
 * The line is not a shell's: nothing in it is expanded or escaped, and only one pair of quotes
 * around the whole passphrase is removed. `typed_input.ts` reads it from its file.
 *
 * @module
 */

import { SpreadError, usage } from "../../lib/errors.ts";
import { isAddress } from "../../lib/room_code.ts";

/** A command that takes flags from the line. */
export type TypedCommand = "serve" | "receive" | "bundle" | "sessions" | "stop";

/** The value of a flag: none, any text, or only the address of a relay. */
type Value = "none" | "text" | "url";

interface FlagRule {
  value: Value;
  /** The command that takes the flag. */
  for: TypedCommand;
}

type Flags = Record<string, FlagRule>;

/** Builds the flags of one command. */
function flags(command: TypedCommand, names: Record<string, Value>): Flags {
  const rules = Object.entries(names).map(([name, value]) => [
    `--${name}`,
    { value, for: command },
  ]);
  return Object.fromEntries(rules);
}

const SERVE = flags("serve", {
  "relay": "url",
  "insecure-relay": "none",
  "once": "none",
  "keep-open": "text",
  "port": "text",
  "interface": "text",
  "anonymous": "none",
  "legacy": "none",
  "passphrase-file": "text",
});

const RECEIVE = flags("receive", {
  "relay": "url",
  "room": "text",
  "insecure-relay": "none",
  "timeout": "text",
  "interface": "text",
  "legacy": "none",
  "passphrase-file": "text",
});

/** Flags that the line of each skill may begin with. */
export const TYPED_FLAGS = {
  "distill-share": SERVE,
  "distill-receive": RECEIVE,
  "memory-share": {
    ...SERVE,
    ...flags("bundle", { raw: "none", only: "text", except: "text" }),
  },
  "memory-receive": RECEIVE,
  "sessions-share": {
    ...SERVE,
    ...flags("serve", { session: "text" }),
    ...flags("sessions", { all: "none" }),
  },
  "sessions-receive": { ...RECEIVE, ...flags("receive", { pick: "text" }) },
  "stop": flags("stop", { all: "none" }),
} satisfies Record<string, Flags>;

/** A skill whose line holds options and a passphrase or, for `stop`, the ID of a share. */
export type TypedSkill = keyof typeof TYPED_FLAGS;

/** A parsed line. */
export interface TypedLine {
  /** Flags with their values, as arguments of the commands that take them. */
  args: { for: TypedCommand; arg: string }[];
  /** The rest: the passphrase or invite, or an ID for `stop`; `null` when it is empty. */
  passphrase: string | null;
  /** The last word, if it is the address of a sender: `host:port`. */
  address: string | null;
}

/**
 * Parses a line.
 *
 * @throws {SpreadError} `USAGE`: an unknown flag, a flag without its value, or a passphrase that
 * Claude Code or the other side would misread.
 */
export function parseTypedLine(line: string, skill: TypedSkill): TypedLine {
  refuseFileMention(line);
  const { args, rest } = takeFlags(trim(line), skill);
  if (skill.endsWith("-receive")) return { args, ...splitAddress(rest) };
  refuseAddress(rest);
  return { args, passphrase: unquote(rest), address: null };
}

function takeFlags(
  line: string,
  skill: TypedSkill,
): { args: TypedLine["args"]; rest: string } {
  const known: Flags = TYPED_FLAGS[skill];
  const args: TypedLine["args"] = [];
  let rest = line;
  while (rest.startsWith("--")) {
    const [word, after] = splitWord(rest);
    if (word === "--") return { args, rest: after };
    const [name, given] = splitOnce(word, "=");
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (rule === undefined) throw unknownFlag(name, known);
    const [value, left] = given === null
      ? takeValue(after, name, rule.value)
      : [given, after];
    args.push({
      for: rule.for,
      arg: value === null ? name : `${name}=${value}`,
    });
    rest = left;
  }
  return { args, rest };
}

/** Returns the value that follows a flag, and the rest of the line. */
function takeValue(
  line: string,
  name: string,
  kind: Value,
): [value: string | null, rest: string] {
  if (kind === "none") return [null, line];
  const quoted = kind === "text"
    ? /^(["'])(.*?)\1(?=[ \t\r\n]|$)/s.exec(line)
    : null;
  if (quoted !== null) return [quoted[2]!, trim(line.slice(quoted[0].length))];
  const [word, rest] = splitWord(line);
  if (kind === "url") return isUrl(word) ? [word, rest] : [null, line];
  if (word !== "") return [word, rest];
  throw usage(`${name} needs a value`, `Write ${name} VALUE`);
}

function isUrl(word: string): boolean {
  return /^(wss?|https?):\/\//i.test(word);
}

function splitAddress(
  line: string,
): Pick<TypedLine, "passphrase" | "address"> {
  const last = lastWord(line);
  if (!isAddress(last)) return { passphrase: unquote(line), address: null };
  const before = trim(line.slice(0, line.length - last.length));
  return { passphrase: unquote(before), address: last };
}

/** Refuses a last word that looks like an address: the other side would split it off. */
function refuseAddress(passphrase: string): void {
  const last = lastWord(passphrase);
  if (!isAddress(last)) return;
  throw usage(
    `The receiver would take "${last}" for the sender's address`,
    "Put quotes around the whole passphrase, on both sides, or choose another",
  );
}

/** Refuses `@` before a word: Claude Code would read the file it names and show it to Claude. */
function refuseFileMention(line: string): void {
  const word = /(?:^|\s)(@\S+)/.exec(line)?.[1];
  if (word === undefined) return;
  throw usage(
    `Claude Code takes "${word}" for a file to read to Claude, not for a part of a passphrase`,
    "Choose a passphrase without a word that begins with @",
  );
}

function unknownFlag(name: string, known: Flags): SpreadError {
  return usage(
    `There is no option ${name} here`,
    `Options are ${
      Object.keys(known).join(", ")
    }; write -- before a passphrase that begins with dashes`,
  );
}

/** Removes a pair of quotes around the text; `null` when the text is empty. */
function unquote(text: string): string | null {
  if (text === "") return null;
  const isQuoted = /^(["']).*\1$/s.test(text);
  return isQuoted ? text.slice(1, -1) : text;
}

/** Splits off the first word and the blanks after it. */
function splitWord(text: string): [word: string, rest: string] {
  const end = text.search(/[ \t\r\n]/);
  return end === -1 ? [text, ""] : [text.slice(0, end), trim(text.slice(end))];
}

function splitOnce(
  text: string,
  separator: string,
): [before: string, after: string | null] {
  const at = text.indexOf(separator);
  return at === -1
    ? [text, null]
    : [text.slice(0, at), text.slice(at + separator.length)];
}

function lastWord(text: string): string {
  return /[^ \t\r\n]*$/.exec(text)![0];
}

/**
 * Removes ASCII blanks at both ends; others, such as the no-break space, belong to a passphrase.
 */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start]!)) start++;
  while (end > start && isBlank(text[end - 1]!)) end--;
  return text.slice(start, end);
}

function isBlank(character: string): boolean {
  return " \t\r\n".includes(character);
}
