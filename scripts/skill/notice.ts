/**
 * The notice of a skill's command: the lines that the user sees, the same that Claude gets. A hook
 * shows them (`hooks/show`), because Claude Code folds the output of commands away.
 *
 * Where no hook can show them (hooks off, `claude -p`), the command asks Claude to repeat them.
 *
 * The hook does not run when Claude wraps the command or a client moves it to the background, and
 * runs once for two commands on a line: what it has not shown yet is shown with the next message.
 *
 * @module
 */

import type { Terminal } from "../cli/terminal.ts";
import { readKept, type SkillSession } from "./session.ts";

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
    const isShown = session.hasScreen && await this.#isLeft(session);
    if (isShown && this.#text.length <= MAX_LENGTH) {
      return terminal.tell(
        'to Claude: the user has seen every line that begins with "spread:", and each command; do not repeat them',
      );
    }
    // A flood of lines must not hide a warning among them.
    const seen = isShown ? "only the beginning and the end" : "nothing";
    terminal.tell(
      `to Claude: the user has seen ${seen} of this. Tell them what the lines say that begin with "spread:", and give each command letter by letter, alone in a code block`,
    );
  }

  async #isLeft(session: SkillSession): Promise<boolean> {
    const text = `${await notShown(session)}${this.#text}`;
    const systemMessage = `\n${shortened(text.trimEnd())}`;
    return await session.write("message.json", { systemMessage })
      .then(() => true, () => false);
  }
}

/** Lines of earlier commands that the hook has not shown yet. */
async function notShown(session: SkillSession): Promise<string> {
  try {
    const bytes = await readKept(session.path("message.json"), { isOwn: true });
    if (bytes === null) return "";
    const { systemMessage } = JSON.parse(new TextDecoder().decode(bytes));
    return `${String(systemMessage).trim()}\n`;
  } catch {
    return "";
  }
}

/** Cuts a text in the middle: what counts stands at its ends. */
function shortened(text: string): string {
  if (text.length <= MAX_LENGTH) return text;
  const half = Math.floor(MAX_LENGTH / 2);
  const [before, after] = [text.slice(0, half), text.slice(-half)];
  return `${before.toWellFormed()}\n[…]\n${after.toWellFormed()}`;
}
