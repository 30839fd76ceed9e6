/**
 * Runs a command: parses its arguments and the line typed in Claude Code, prints its help, and
 * turns an error into a message and an exit code.
 *
 * @module
 */

import type { CommandName, Skill } from "./commands.ts";
import { type Flags, parseFlags, UnknownName, wantsJson } from "./flags.ts";
import { Interruption } from "./surroundings.ts";
import { Terminal } from "./terminal.ts";
import type { TypedInput, TypedWords } from "./typed_input.ts";

/** The means of a command. */
export interface Running {
  terminal: Terminal;
  /** Aborted by Ctrl+C and by the system's request to end. */
  signal: AbortSignal;
  /** The passphrase and address in the line typed in Claude Code; `null` without one. */
  typed: TypedWords | null;
  /** Puts the typed line back for the next command of the same skill. */
  keepTyped: () => Promise<void>;
}

/** How a command uses the line typed in Claude Code. */
export interface TypedUse {
  /** The skill after which it was typed. */
  skill: Skill;
  /** Whether the line stays for the command that takes the passphrase. */
  isEarly?: boolean;
}

/**
 * Runs a command.
 *
 * @param body The command itself.
 * @param useTyped How it uses the typed line, for commands with `--typed`.
 * @returns The exit code.
 */
export async function runCommand(
  name: CommandName,
  args: string[],
  body: (flags: Flags, running: Running) => Promise<void>,
  useTyped?: (flags: Flags) => TypedUse | Promise<TypedUse>,
): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  const { signal } = interruption;
  const line = new TypedLineOf(name);
  try {
    let flags = parseFlags(name, args);
    if (flags.has("help")) {
      const { commandHelp, helpWidth } = await import("./help/help_text.ts");
      terminal.print(commandHelp(name, helpWidth()));
      return 0;
    }
    if (flags.has("typed") && useTyped !== undefined) {
      await line.read(flags.get("typed")!, await useTyped(flags));
      flags = parseFlags(name, [...line.words!.args, ...args]);
    }
    const keepTyped = () => line.keep();
    await body(flags, { terminal, signal, typed: line.words, keepTyped });
    return 0;
  } catch (error) {
    await line.failed(error);
    return terminal.fail(await suggested(error));
  }
}

/** The line typed in Claude Code for one command. */
class TypedLineOf {
  words: TypedWords | null = null;
  #input: TypedInput | null = null;

  constructor(private readonly command: CommandName) {}

  async read(place: string, { skill, isEarly }: TypedUse): Promise<void> {
    const { peekFlags, TypedInput } = await import("./typed_input.ts");
    if (isEarly) {
      const args = await peekFlags(place, skill, this.command);
      this.words = { args, passphrase: null, address: null };
      return;
    }
    this.#input = new TypedInput();
    this.words = await this.#input.take(place, skill, this.command);
  }

  async failed(error: unknown): Promise<void> {
    await this.#input?.failed(error);
  }

  async keep(): Promise<void> {
    await this.#input?.keep();
  }
}

/** Adds the name that was probably meant to an error about one that does not exist. */
async function suggested(error: unknown): Promise<unknown> {
  if (!(error instanceof UnknownName)) return error;
  const { withSuggestion } = await import("./help/suggestion.ts");
  return withSuggestion(error);
}
