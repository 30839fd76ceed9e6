/**
 * The line that the user typed in Claude Code: read from the file that the plugin's hook
 * (`hooks/keep-typed`) wrote for this session or, without the hook, from one that Claude wrote.
 * `typed_line.ts` parses it.
 *
 * Both files hold a passphrase. So a file is used only if no other user can have written or read
 * it, and the command that it is meant for removes it after reading.
 *
 * @module
 */

import * as v from "valibot";
import { SpreadError } from "../../lib/errors.ts";
import type { CommandName, Skill } from "./commands.ts";
import { parseTypedLine } from "./typed_line.ts";

/** Largest file, in bytes; the same limit as in `hooks/keep-typed`. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Greatest age of Claude's file, in milliseconds: an older one is of a command that never ran.
 */
const MAX_PASSED_ON_AGE_MS = 30 * 60_000;

/** The part of a typed line that one command takes. */
export interface TypedWords {
  /** Flags with their values, as arguments. */
  args: string[];
  /** The passphrase or invite; `null` when none was typed. */
  passphrase: string | null;
  /** Address of the sender, as `host:port`; `null` when it was not typed. */
  address: string | null;
}

/** The fields used of Claude Code's hook event. */
const EventSchema = v.object({
  hook_event_name: v.literal("UserPromptExpansion"),
  session_id: v.string(),
  command_name: v.string(),
  command_args: v.string(),
});

/**
 * Reads the flags typed for an early step of a skill; leaves the line for the command that takes
 * the passphrase.
 *
 * @param place Data folder of the plugin.
 * @throws {SpreadError} `TYPED_MISSING`, `USAGE`.
 */
export async function peekFlags(
  place: string,
  skill: Skill,
  command: CommandName,
): Promise<string[]> {
  const { line } = await readLine(place, skill);
  return wordsFor(command, line, skill).args;
}

/** The typed line, used once by the command it is meant for, unless that must run again. */
export class TypedInput {
  /** The removed file: its path and bytes. */
  #file: KeptFile | null = null;

  /**
   * Reads the line and removes its file.
   *
   * @throws {SpreadError} `TYPED_MISSING`, `USAGE`.
   */
  async take(
    place: string,
    skill: Skill,
    command: CommandName,
  ): Promise<TypedWords> {
    const { line, file } = await readLine(place, skill);
    await Deno.remove(file.path);
    // Claude's file is not put back: it could not be told from a line typed later.
    if (file.isFromHook) this.#file = file;
    return wordsFor(command, line, skill);
  }

  /** Puts the line back if the command failed for a reason that has nothing to do with it. */
  async failed(error: unknown): Promise<void> {
    if (isWorthAnotherTry(error)) await this.keep();
  }

  /** Puts the line back for the next command of the same skill. */
  async keep(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    // A line typed since must not be overwritten.
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

/** Errors after which the line is useless: it is invalid, already used, or no longer wanted. */
const AT_FAULT = new Set([
  "USAGE",
  "PASSPHRASE_REFUSED",
  "TOO_MANY_GUESSES",
  "NO_RECEIVER",
  "INTERRUPTED",
]);

function wordsFor(
  command: CommandName,
  line: string,
  skill: Skill,
): TypedWords {
  const { args, passphrase, address } = parseTypedLine(line, skill);
  const own = args.filter((flag) => flag.for === command);
  return { args: own.map(({ arg }) => withHome(arg)), passphrase, address };
}

/** Expands `~/` to the home folder, as a shell would. */
function withHome(arg: string): string {
  return arg.replace(
    /^(--passphrase-file=)~\//,
    (_, flag) => `${flag}${Deno.env.get("HOME") ?? "~"}/`,
  );
}

/** A line and its file. */
interface KeptLine {
  line: string;
  file: KeptFile;
}

async function readLine(place: string, skill: Skill): Promise<KeptLine> {
  const id = Deno.env.get("CLAUDE_CODE_SESSION_ID") ?? "";
  if (!/^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/.test(id)) {
    throw missing(
      "Claude Code did not name its session (CLAUDE_CODE_SESSION_ID)",
    );
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
 * Reads the file that Claude wrote without the hook; `null` when it is missing or too old. Closes
 * the folder to other users, because every user can read the files that Claude writes.
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
    // The caller reports that the hook's file is missing, and what to do about it.
    return null;
  }
}

/** Returns the line without one line end after it. */
async function passedOnLineOf({ path, bytes }: KeptFile): Promise<string> {
  const line = new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
  // Claude Code puts a backslash before such a mark in the text that Claude sees; it is not
  // possible to tell whether the user typed that backslash.
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
      ? missing("The line typed in Claude Code was not kept", { cause })
      : missing(`Cannot read "${path}"`, { cause });
  }
}

/** Returns why a file is not trusted; `null` when it is. Its folder protects Claude's file. */
function distrust(info: Deno.FileInfo, isFromHook: boolean): string | null {
  if (!info.isFile) return "it is not a file";
  if (info.size > MAX_FILE_BYTES) return "it is larger than 1 MiB";
  // Windows has neither user ids nor modes.
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
  skill: Skill,
): string {
  const event = parseEvent(path, bytes);
  if (event.session_id !== id) {
    throw missing(`Cannot use "${path}": it belongs to another session`);
  }
  if (event.command_name !== `claude-spread:${skill}`) {
    throw missing(`The line typed last is not for ${skill}`);
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
      `Cannot use "${path}": it is damaged, or written by an unknown version of Claude Code`,
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
