/**
 * The skill `pair`: makes a pair of this machine and another one.
 *
 * @module
 */

import { parseFlags } from "../cli/flags.ts";
import { type Means, requireHooks } from "./means.ts";
import { wordsFor } from "./typed/input.ts";

/** Takes the words that the user typed; without any it shows words, which stay valid by themselves. */
export async function pair(means: Means): Promise<void> {
  requireHooks(means, "claude-spread pair");
  const typed = wordsFor(await means.input.take(), "pair");
  const isSwitch = typed.args.some((arg) => /^--(?:stop-)?notify$/.test(arg));
  const showsWords = typed.passphrase === null && !isSwitch;
  const flags = parseFlags("pair", [
    ...typed.args,
    ...showsWords ? ["--detach"] : [],
  ]);
  const { run } = await import("../pair.ts");
  await run(flags, { ...means, typed });
}
