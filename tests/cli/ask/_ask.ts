/**
 * Asks as a command does, and prints the answer as JSON: `words`, `passphrase`, or `twice`
 * for a passphrase that is typed twice. With `wait` it goes on until it is interrupted.
 *
 * @module
 */

import { pause } from "../../../lib/waiting.ts";
import { askPassphrase } from "../../../scripts/cli/ask/ask_passphrase.ts";
import { askWords } from "../../../scripts/cli/ask/ask_words.ts";
import { Interruption } from "../../../scripts/cli/surroundings.ts";
import { Terminal } from "../../../scripts/cli/terminal.ts";

async function main([what, then]: string[]): Promise<number> {
  const terminal = new Terminal({ json: false });
  using interruption = new Interruption();
  const { signal } = interruption;
  try {
    const answer = what === "words"
      ? await askWords(signal)
      : await askPassphrase({ twice: what === "twice" }, signal);
    terminal.print(`answer ${JSON.stringify(answer)}`);
    if (then === "wait") await pause(10_000, signal);
    signal.throwIfAborted();
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

Deno.exit(await main(Deno.args));
