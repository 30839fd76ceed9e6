/**
 * The line that a user types after a command of the plugin in Claude Code: flags first; the rest
 * is the passphrase or invite, byte for byte, whatever it contains.
 *
 * The line is not a shell's: nothing in it is expanded or escaped, and only one pair of quotes
 * around the whole passphrase is removed. `input.ts` reads it from its file.
 *
 * @module
 */

import { SpreadError, usage } from "../../../lib/errors.ts";
import { isAddress } from "../../../lib/room_code.ts";
import {
  type CommandName,
  COMMANDS,
  type Option,
  type Skill,
  SKILL_WORDS,
  SKILLS,
} from "../../cli/commands.ts";
import { isBareValue, mayLack } from "../../cli/flags.ts";

/** An option of the line, and the commands that take it; none for one of the skill itself. */
interface TypedOption {
  for: CommandName[];
  value: Option["value"];
}

/** Options that the line of a skill may begin with, by their name with dashes. */
function typedOptions(skill: Skill): Record<string, TypedOption> {
  const words = SKILL_WORDS[skill] ?? [];
  const found: Record<string, TypedOption> = Object.fromEntries(
    words.map((name) => [`--${name}`, { for: [], value: undefined }]),
  );
  for (const command of SKILLS[skill]) {
    const options: Record<string, Option> = COMMANDS[command].options;
    for (const [name, { typed, value }] of Object.entries(options)) {
      const isTyped = typed === true || typed?.includes(skill);
      if (!isTyped) continue;
      const option = found[`--${name}`] ??= { for: [], value };
      option.for.push(command);
    }
  }
  return found;
}

/** A parsed line. */
export interface TypedLine {
  /** Flags with their values, as arguments of the commands that take them; none for the skill's own. */
  args: { for: CommandName[]; arg: string }[];
  /** The rest: the passphrase or invite, or an ID for `stop`; `null` when it is empty. */
  passphrase: string | null;
  /** The last word, if it is the address of a sender: `host:port`. */
  address: string | null;
}

/**
 * Parses a line.
 *
 * @throws {SpreadError} `USAGE`: an unknown flag, a flag without its value, or a passphrase that
 * the other side would misread.
 */
export function parseTypedLine(line: string, skill: Skill): TypedLine {
  const { args, rest, isEnded } = takeFlags(trim(line), skill);
  if (skill.endsWith("-receive") || skill === "pair") {
    return { args, ...splitAddress(rest) };
  }
  if (skill.endsWith("-share") && !isEnded) refuseLateOption(rest, skill);
  refuseAddress(rest);
  return { args, passphrase: unquote(rest), address: null };
}

/** Takes the flags off a line; `isEnded` says whether `--` ended them. */
function takeFlags(
  line: string,
  skill: Skill,
): { args: TypedLine["args"]; rest: string; isEnded: boolean } {
  const known = typedOptions(skill);
  const args: TypedLine["args"] = [];
  let rest = line;
  while (rest.startsWith("--")) {
    const [word, after] = splitWord(rest);
    if (word === "--") return { args, rest: after, isEnded: true };
    const [name, given] = splitOnce(word, "=");
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (rule === undefined) throw unknownFlag(name, known);
    const [value, left] = given === null
      ? takeValue(after, name, rule.value)
      : takeWord(rest.slice(`${name}=`.length));
    args.push({
      for: rule.for,
      arg: value === null ? name : `${name}=${value}`,
    });
    rest = left;
  }
  return { args, rest, isEnded: false };
}

/** Returns the value that follows a flag, and the rest of the line. */
function takeValue(
  line: string,
  name: string,
  kind: Option["value"],
): [value: string | null, rest: string] {
  if (kind === undefined) return [null, line];
  if (mayLack(kind)) {
    const [word, rest] = splitWord(line);
    return isBareValue(kind, word) ? [word, rest] : [null, line];
  }
  if (line !== "") return takeWord(line);
  throw usage(`${name} needs a value`, `Write ${name} VALUE`);
}

/** Splits off the first word, or the text in a pair of quotes that a blank or the end follows. */
function takeWord(line: string): [word: string, rest: string] {
  const quoted = /^(["'])(.*?)\1(?=[ \t\r\n]|$)/s.exec(line);
  if (quoted === null) return splitWord(line);
  return [quoted[2]!, trim(line.slice(quoted[0].length))];
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
    "Put quotes around the whole passphrase, on both sides, or choose another passphrase",
  );
}

/**
 * Refuses an option among the words of a passphrase: whoever typed it there expects it to act, and
 * would share without it.
 */
function refuseLateOption(passphrase: string, skill: Skill): void {
  if (isQuoted(passphrase)) return;
  const known = typedOptions(skill);
  const late = passphrase.split(/\s+/)
    .map((word) => splitOnce(word, "=")[0])
    .find((name) => Object.hasOwn(known, withPlainDashes(name)));
  if (late === undefined) return;
  throw usage(
    `${late} stands where the passphrase is`,
    "Options come first; put quotes around a passphrase that contains such a word, on both sides",
  );
}

/** An option with the two dashes that an editor has made one of. */
function withPlainDashes(name: string): string {
  return name.replace(/^[\u2013\u2014]{1,2}/, "--");
}

function unknownFlag(
  name: string,
  known: Record<string, TypedOption>,
): SpreadError {
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
  return isQuoted(text) ? text.slice(1, -1) : text;
}

/** Whether a pair of quotes is around the whole text. */
function isQuoted(text: string): boolean {
  return /^(["']).*\1$/s.test(text);
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
