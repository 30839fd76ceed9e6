/**
 * The line that the user typed in Claude Code. It is read from the file that the hook has kept for
 * this session. Where hooks are off, skills that receive read it from a file that Claude wrote, and
 * the others take it as empty. `line.ts` parses it.
 *
 * The line may hold a passphrase. So it is used once: the command that it is meant for removes the
 * file, and puts it back if it failed for a reason that has nothing to do with the line.
 *
 * @module
 */

import * as v from "valibot";
import { SpreadError, usage } from "../../../lib/errors.ts";
import { PLUGIN_NAME } from "../../../lib/plugin_name.ts";
import {
  type CommandName,
  type Skill,
  SKILL_NAMES,
} from "../../cli/commands.ts";
import type { TypedWords } from "../../cli/run_command.ts";
import { homeFolder, writtenFolder } from "../../cli/surroundings.ts";
import { readKept, type SkillSession, unusable } from "../session.ts";
import { parseTypedLine, type TypedLine } from "./line.ts";

/** Greatest age of Claude's file, in milliseconds: an older one is of a command that never ran. */
const MAX_PASSED_ON_AGE_MS = 30 * 60_000;

/** The fields used of Claude Code's hook event. */
const EventSchema = v.object({
  hook_event_name: v.literal("UserPromptExpansion"),
  session_id: v.string(),
  command_name: v.string(),
  command_args: v.string(),
});

/** The typed line of one skill. */
export class TypedInput {
  /** The removed file of the hook: its bytes. */
  #taken: Uint8Array | null = null;

  constructor(
    private readonly session: SkillSession,
    private readonly skill: Skill,
  ) {}

  /**
   * Reads the line, and leaves it for the command that takes the passphrase.
   *
   * @throws {SpreadError} `TYPED_MISSING`, `USAGE`.
   */
  async peek(): Promise<TypedLine> {
    if (this.#isUnknown) return parseTypedLine("", this.skill);
    return parseTypedLine((await this.#read()).line, this.skill);
  }

  /**
   * Reads the line and removes its file.
   *
   * @throws {SpreadError} `TYPED_MISSING`, `USAGE`.
   */
  async take(): Promise<TypedLine> {
    if (this.#isUnknown) return parseTypedLine("", this.skill);
    const { line, path, bytes } = await this.#read();
    await Deno.remove(path);
    const typed = parseTypedLine(line, this.skill);
    // Claude's file is not put back: it could not be told from a line typed later.
    if (this.session.hasHooks) this.#taken = bytes;
    else refuseHosts(typed);
    return typed;
  }

  /** Puts the line back if the command failed for a reason that has nothing to do with it. */
  async failed(error: unknown): Promise<void> {
    if (isWorthAnotherTry(error)) await this.keep();
  }

  /** Puts the line back for the next command of the same skill. */
  async keep(): Promise<void> {
    const bytes = this.#taken;
    this.#taken = null;
    if (bytes === null) return;
    // A line typed since must not be overwritten.
    const options = { createNew: true, mode: 0o600 };
    await Deno.writeFile(this.session.path("line.json"), bytes, options)
      .catch(() => {});
  }

  #read(): Promise<KeptLine> {
    return this.session.hasHooks ? this.#readKept() : this.#readPassedOn();
  }

  /**
   * Whether the typed line is unknown. Without hooks only Claude could name it. Claude may pass on
   * words to receive with, but must not choose how something is shared.
   */
  get #isUnknown(): boolean {
    return !this.session.hasHooks && !this.skill.endsWith("-receive");
  }

  async #readKept(): Promise<KeptLine> {
    const path = this.session.path("line.json");
    const bytes = await readKept(path, { isOwn: true });
    if (bytes === null) throw used();
    const event = parseEvent(path, bytes);
    if (event.session_id !== this.session.id) {
      throw unusable(path, ": it belongs to another session");
    }
    const name = SKILL_NAMES[this.skill] ?? this.skill;
    if (event.command_name !== `${PLUGIN_NAME}:${name}`) throw used();
    return { line: event.command_args, path, bytes };
  }

  async #readPassedOn(): Promise<KeptLine> {
    const path = `${writtenFolder()}/typed-${this.session.id}.txt`;
    const bytes = await readKept(path, { isOwn: false });
    if (bytes === null) throw notKept(path);
    const { mtime } = await Deno.lstat(path);
    if (Date.now() - mtime!.getTime() > MAX_PASSED_ON_AGE_MS) {
      await Deno.remove(path);
      throw notKept(path);
    }
    const line = new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
    await refuseDoubtful(line, path);
    return { line, path, bytes };
  }
}

/** A line and its file. */
interface KeptLine {
  line: string;
  path: string;
  bytes: Uint8Array;
}

/** The words of a line that one command takes; a path in them is expanded, as a shell would. */
export function wordsFor(
  { args, passphrase, address }: TypedLine,
  command: CommandName,
): TypedWords {
  const own = args.filter((flag) => flag.for.includes(command));
  return { args: own.map(({ arg }) => withHome(arg)), passphrase, address };
}

/** The options of a line that the skill itself takes. */
export function ownOptions({ args }: TypedLine): string[] {
  return args.filter((flag) => flag.for.length === 0).map(({ arg }) => arg);
}

/** Expands `~/` to the home folder. */
function withHome(arg: string): string {
  return arg.replace(
    /^(--passphrase-file=)~\//,
    (_, flag) => `${flag}${homeFolder() ?? "~"}/`,
  );
}

function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof SpreadError)) return false;
  return !AT_FAULT.has(error.code);
}

/** Errors after which the line is useless: it is invalid, already used, or no longer wanted. */
const AT_FAULT = new Set([
  "USAGE",
  "PASSPHRASE_REFUSED",
  "SECRET_MISMATCH",
  "TOO_MANY_GUESSES",
  "NO_RECEIVER",
  "INTERRUPTED",
]);

/** Refuses a line by Claude with a part that Claude may have changed, or must not name. */
async function refuseDoubtful(line: string, path: string): Promise<void> {
  if (/(?:^|\s)--passphrase-file(?:[\s=]|$)/.test(line)) {
    await Deno.remove(path);
    throw usage(
      "A file cannot be named while the plugin's hooks are off",
      "Leave --passphrase-file out, or turn the plugin's hooks on",
    );
  }
  // Claude Code puts a backslash before such a mark in the text that Claude sees; nobody can tell
  // whether the user typed that backslash.
  if (!/(?:^|\s)\\!/.test(line)) return;
  await Deno.remove(path);
  throw usage(
    'Claude Code may have changed the "!" in this passphrase',
    "Choose a passphrase without a word that begins with !, or turn the plugin's hooks on",
  );
}

/** Addresses of this machine and of local networks. */
const LOCAL_ADDRESS =
  /^(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d+)+:\d+$/;

/**
 * Refuses hosts elsewhere in a line by Claude: an address or a name that is looked up can carry
 * away what Claude has read.
 */
function refuseHosts({ args, address }: TypedLine): void {
  const isRelayNamed = args.some(({ arg }) => arg.startsWith("--relay="));
  const isLocal = address === null || LOCAL_ADDRESS.test(address);
  if (!isRelayNamed && isLocal) return;
  throw usage(
    "A relay, or a host outside the local network, cannot be named while the plugin's hooks are off",
    "Have the user type it themselves, ! claude-spread receive WORDS …, or turn the plugin's hooks on",
  );
}

function parseEvent(
  path: string,
  bytes: Uint8Array,
): v.InferOutput<typeof EventSchema> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return v.parse(EventSchema, JSON.parse(text));
  } catch (cause) {
    throw unusable(
      path,
      ": it is damaged, or written by an unknown version of Claude Code",
      { cause },
    );
  }
}

function used(): SpreadError {
  return new SpreadError(
    "TYPED_MISSING",
    "The line that the user typed is for another command, or has been used already",
    "Type the command in Claude Code again",
  );
}

function notKept(path: string): SpreadError {
  return new SpreadError(
    "TYPED_MISSING",
    "The line typed in Claude Code was not kept: the plugin's hooks are off",
    `Write the text in <command-args>, letter by letter, to ${path} with the Write tool (an empty file if there is none) and nowhere else, then run the same command again`,
  );
}
