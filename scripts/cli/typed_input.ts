/**
 * What the person typed in Claude Code, from where it is: the file that the plugin's hook
 * (`hooks/keep-typed`) kept for this session, or, without the hook, one that Claude has
 * written. What a line means: `typed_line.ts`.
 *
 * Either file holds a passphrase. So it is used only if nobody else can have written or read
 * it, and removed as soon as it is read by the command that it is for.
 *
 * @module
 */

import * as v from "valibot";
import { SpreadError } from "../../lib/errors.ts";
import {
  parseTypedLine,
  type TypedCommand,
  type TypedSkill,
} from "./typed_line.ts";

/** Largest file, in bytes: what `hooks/keep-typed` keeps. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Longest, in milliseconds, that what Claude has written is meant: later it belongs to a
 * command that was never run.
 */
const MAX_PASSED_ON_AGE_MS = 30 * 60_000;

/** What a line says to one command. */
export interface TypedWords {
  /** Flags with their values, as arguments. */
  args: string[];
  /** The passphrase or invite; `null` when none was typed. */
  passphrase: string | null;
  /** Where the sender is, as `host:port`; `null` when it was not typed. */
  address: string | null;
}

/** What of Claude Code's event is used. */
const EventSchema = v.object({
  hook_event_name: v.literal("UserPromptExpansion"),
  session_id: v.string(),
  command_name: v.string(),
  command_args: v.string(),
});

/**
 * The flags that were typed for an early step of a skill; the line stays for the command that
 * takes the passphrase.
 *
 * @param place The folder of the plugin's data.
 * @throws {SpreadError} `TYPED_MISSING`, `USAGE`.
 */
export async function peekFlags(
  place: string,
  skill: TypedSkill,
  command: TypedCommand,
): Promise<string[]> {
  const { line } = await readLine(place, skill);
  return wordsFor(command, line, skill).args;
}

/** The line as used by the command that it is for: once, unless that has to be run again. */
export class TypedInput {
  /** What was removed: its path and bytes. */
  #file: KeptFile | null = null;

  /**
   * Reads the line and removes it from where it was kept.
   *
   * @throws {SpreadError} `TYPED_MISSING`, `USAGE`.
   */
  async take(
    place: string,
    skill: TypedSkill,
    command: TypedCommand,
  ): Promise<TypedWords> {
    const { line, file } = await readLine(place, skill);
    await Deno.remove(file.path);
    // Nothing would tell what Claude wrote from what is typed next.
    if (file.isFromHook) this.#file = file;
    return wordsFor(command, line, skill);
  }

  /** Puts the line back, when the command failed for a reason that has nothing to do with it. */
  async failed(error: unknown): Promise<void> {
    if (isWorthAnotherTry(error)) await this.keep();
  }

  /** Puts the line back for a command of the same skill that comes after this one. */
  async keep(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    // Not over a line that was typed since.
    const options = { createNew: true, mode: 0o600 };
    await Deno.writeFile(file.path, file.bytes, options).catch(() => {});
  }
}

interface KeptFile {
  path: string;
  bytes: Uint8Array;
  isFromHook: boolean;
}

function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof SpreadError)) return false;
  return !AT_FAULT.has(error.code);
}

/** The words themselves do not fit, or they have been used, or are no longer wanted. */
const AT_FAULT = new Set([
  "USAGE",
  "PASSPHRASE_REFUSED",
  "TOO_MANY_GUESSES",
  "NO_RECEIVER",
  "INTERRUPTED",
]);

function wordsFor(
  command: TypedCommand,
  line: string,
  skill: TypedSkill,
): TypedWords {
  const { args, passphrase, address } = parseTypedLine(line, skill);
  const own = args.filter((flag) => flag.for === command);
  return { args: own.map(({ arg }) => withHome(arg)), passphrase, address };
}

/** `~/` stands for the home folder, as people are used to. */
function withHome(arg: string): string {
  return arg.replace(
    /^(--passphrase-file=)~\//,
    (_, flag) => `${flag}${Deno.env.get("HOME") ?? "~"}/`,
  );
}

/** A line, and the file that it is in. */
interface KeptLine {
  line: string;
  file: KeptFile;
}

async function readLine(place: string, skill: TypedSkill): Promise<KeptLine> {
  const id = Deno.env.get("CLAUDE_CODE_SESSION_ID") ?? "";
  if (!/^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/.test(id)) {
    throw missing("Claude Code has not said which session this is");
  }
  try {
    const file = await readKept(`${place}/typed/${id}.json`, true);
    return { line: lineOf(file, id, skill), file };
  } catch (error) {
    const file = await readPassedOn(id);
    if (file === null) throw error;
    return { line: await passedOnLineOf(file), file };
  }
}

/**
 * What Claude has written where there is no hook; `null` when it has not, of late. Other users
 * cannot reach the folder from then on: the files that Claude writes can be read by everybody.
 */
async function readPassedOn(id: string): Promise<KeptFile | null> {
  const folder = `${Deno.env.get("HOME") ?? ""}/.cache/claude-spread`;
  const path = `${folder}/typed-${id}.txt`;
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    if (Deno.build.os !== "windows") await Deno.chmod(folder, 0o700);
    const { mtime } = await Deno.lstat(path);
    if (Date.now() - mtime!.getTime() > MAX_PASSED_ON_AGE_MS) {
      await Deno.remove(path);
      return null;
    }
    return await readKept(path, false);
  } catch {
    // The hook's absence is what is told, and what to do about it.
    return null;
  }
}

/** One line end behind it is not part of it. */
async function passedOnLineOf({ path, bytes }: KeptFile): Promise<string> {
  const line = new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
  // In what it shows to Claude, Claude Code puts a backslash before such a mark; nobody can
  // tell whether it was typed.
  if (!/(?:^|\s)\\!/.test(line)) return line;
  await Deno.remove(path);
  throw new SpreadError(
    "USAGE",
    'Claude Code may have changed the "!" in this passphrase',
    "Choose a passphrase without a word that begins with !, or allow the plugin's hooks",
  );
}

async function readKept(path: string, isFromHook: boolean): Promise<KeptFile> {
  const why = distrust(await lookAt(path), isFromHook);
  if (why !== null) throw missing(`Cannot use "${path}": ${why}`);
  try {
    return { path, bytes: await Deno.readFile(path), isFromHook };
  } catch (cause) {
    throw missing(`Cannot read "${path}"`, { cause });
  }
}

async function lookAt(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.lstat(path);
  } catch (cause) {
    throw cause instanceof Deno.errors.NotFound
      ? missing("What was typed was not kept", { cause })
      : missing(`Cannot read "${path}"`, { cause });
  }
}

/** Why a file cannot be trusted; `null` when it can. Claude's is kept from others by its folder. */
function distrust(info: Deno.FileInfo, isFromHook: boolean): string | null {
  if (!info.isFile) return "it is not a file";
  if (info.size > MAX_FILE_BYTES) return "it is larger than 1 MiB";
  // Windows has neither.
  if (info.uid !== null && info.uid !== Deno.uid()) {
    return "it belongs to another user";
  }
  const isShared = isFromHook && info.mode !== null &&
    (info.mode & 0o077) !== 0;
  if (isShared && Deno.build.os !== "windows") {
    return "other users may read or change it";
  }
  return null;
}

function lineOf(
  { path, bytes }: KeptFile,
  id: string,
  skill: TypedSkill,
): string {
  const event = parseEvent(path, bytes);
  if (event.session_id !== id) {
    throw missing(`Cannot use "${path}": it is of another session`);
  }
  if (event.command_name !== `claude-spread:${skill}`) {
    throw missing(`What was typed last is not for ${skill}`);
  }
  return event.command_args;
}

function parseEvent(
  path: string,
  bytes: Uint8Array,
): v.InferOutput<typeof EventSchema> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return v.parse(EventSchema, JSON.parse(text));
  } catch (cause) {
    throw missing(
      `Cannot use "${path}": it is damaged, or Claude Code is of a version that is not known here`,
      { cause },
    );
  }
}

function missing(message: string, options?: ErrorOptions): SpreadError {
  return new SpreadError(
    "TYPED_MISSING",
    message,
    "Write what the user typed to ~/.cache/claude-spread/typed-SESSION.txt, and run the command again",
    options,
  );
}
