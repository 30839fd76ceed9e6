/**
 * Words that stay valid after the command has returned: they are shown by a process of their own,
 * which ends once a machine has typed them, by itself, or through `stop`.
 *
 * @module
 */

import { startDetached } from "../serve/detached/start_detached.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { PairOptions } from "./options.ts";
import { type PairReadiness, sayReady } from "./ready.ts";

/**
 * Starts the process and waits until the words are valid.
 *
 * @param args Arguments of this command that the process needs.
 * @throws {SpreadError} Any error that kept it from opening; the signal's reason.
 */
export async function detach(
  args: string[],
  options: PairOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await startDetached(["pair", "--json", "--child", ...args], {
    feed: (stdin) => stdin.close(),
    terminal,
    isReady: (event) =>
      sayReady(terminal, event as unknown as PairReadiness, options),
    signal,
  });
}
