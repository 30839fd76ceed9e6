/**
 * Asks for the words of a sender, on a terminal.
 *
 * @module
 */

import { usage } from "../../../lib/errors.ts";
import { ask, RawTerminal } from "./prompt.ts";
import { canAsk } from "../terminal.ts";
import { NO_WORDS, stepWords } from "./words_prompt.ts";

/**
 * Asks for words or an invite, with completion from the word list; Enter twice takes a
 * passphrase of the person's own. Mistyped words are never returned.
 *
 * @throws {SpreadError} `USAGE` without a terminal, `INTERRUPTED`; the reason of `signal`.
 */
export async function askWords(signal: AbortSignal): Promise<string> {
  if (!canAsk()) {
    throw usage(
      "The sender's words are missing, and there is no terminal to ask for them",
      "Type them after the command; or name a file with --passphrase-file (- is standard " +
        "input), or set CLAUDE_SPREAD_PASSPHRASE",
    );
  }
  using terminal = new RawTerminal();
  return await ask(
    {
      label: "Words from the sender: ",
      start: NO_WORDS,
      step: stepWords,
      show: (state) => state,
      answer: ({ answer }) => answer,
    },
    terminal,
    signal,
  );
}
