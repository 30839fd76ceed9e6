/**
 * Asks for a passphrase of a person's own, on a terminal, without showing it.
 *
 * @module
 */

import { usage } from "../../../lib/errors.ts";
import type { Key } from "./keys.ts";
import { charactersOf, edit, type EditedLine, EMPTY, textOf } from "./line.ts";
import { ask, type Prompt, RawTerminal } from "./prompt.ts";
import { canAsk } from "../terminal.ts";

/** A hidden line, and what is wrong with it. */
export interface HiddenState {
  line: EditedLine;
  note: string;
  answer: string | null;
}

/**
 * Asks for a passphrase.
 *
 * @param options.twice Whether to ask again, to find a mistyped one: whoever sets a
 * passphrase has nothing to compare it with.
 * @throws {SpreadError} `USAGE` without a terminal, `INTERRUPTED`; the reason of `signal`.
 */
export async function askPassphrase(
  { twice }: { twice: boolean },
  signal: AbortSignal,
): Promise<string> {
  if (!canAsk()) {
    throw usage(
      "Cannot ask for the passphrase without a terminal",
      "Name a file with --passphrase-file (- is standard input), or set " +
        "CLAUDE_SPREAD_PASSPHRASE",
    );
  }
  using terminal = new RawTerminal();
  const askOnce = (label: string, note = "") =>
    ask(promptHidden(label, note), terminal, signal);
  for (let note = "";; note = "The two passphrases differ; type both again") {
    const passphrase = await askOnce("Passphrase: ", note);
    const isSame = !twice || await askOnce("Repeat it: ") === passphrase;
    if (isSame) return passphrase;
  }
}

function promptHidden(label: string, note: string): Prompt<HiddenState> {
  return {
    label,
    start: { line: EMPTY, note, answer: null },
    step: stepHidden,
    show: ({ line, note }) => ({ line: hidden(line), note }),
    answer: ({ answer }) => answer,
  };
}

/** Returns the state after a key. */
export function stepHidden(state: HiddenState, key: Key): HiddenState {
  const line = edit(state.line, key);
  const isEnter = key.kind === "control" && key.name === "enter";
  if (!isEnter) return { line, note: "", answer: null };
  const text = textOf(line);
  return text === ""
    ? { line, note: "Type the passphrase; Ctrl+C stops", answer: null }
    : { line, note: "", answer: text };
}

/** A star for each character. */
function hidden({ before, after }: EditedLine): EditedLine {
  const stars = (text: string) => "*".repeat(charactersOf(text).length);
  return { before: stars(before), after: stars(after) };
}
