/**
 * The notice of a skill's command: the lines that the user sees, the same that Claude gets. A hook
 * shows them (`hooks/show`), because Claude Code folds the output of commands away.
 *
 * Where no hook can show them (hooks off, `claude -p`), the command asks Claude to repeat them.
 *
 * @module
 */

import type { Terminal } from "../cli/terminal.ts";
import type { SkillSession } from "./session.ts";

/** Most characters, in UTF-16 units: Claude Code puts longer messages into a file instead. */
const MAX_LENGTH = 9_000;

/** Collects what a command says. */
export class Notice {
  #text = "";

  /** Takes a line as it was printed, with its line break. */
  hear(line: string): void {
    // deno-lint-ignore no-control-regex
    this.#text += line.replace(/\x1b\[[\d;]*m/g, "");
  }

  /** Leaves the text to the hook, and tells Claude whether the user sees it. */
  async deliver(session: SkillSession, terminal: Terminal): Promise<void> {
    if (this.#text === "") return;
    if (session.hasScreen && await this.#isLeft(session)) {
      terminal.tell(
        'to Claude: the user has seen every line that begins with "spread:", and each command; do not repeat them',
      );
      return;
    }
    terminal.tell(
      'to Claude: the user has seen nothing of this. Tell them what the lines say that begin with "spread:", and give each command letter by letter, alone in a code block',
    );
  }

  async #isLeft(session: SkillSession): Promise<boolean> {
    const systemMessage = `\n${shortened(this.#text.trimEnd())}`;
    return await session.write("message.json", { systemMessage })
      .then(() => true, () => false);
  }
}

/** Cuts a text in the middle: what counts stands at its ends. */
function shortened(text: string): string {
  if (text.length <= MAX_LENGTH) return text;
  const half = Math.floor(MAX_LENGTH / 2);
  const [before, after] = [text.slice(0, half), text.slice(-half)];
  return `${before.toWellFormed()}\n[…]\n${after.toWellFormed()}`;
}
