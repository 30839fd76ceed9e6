/**
 * The skills `status` and `stop`.
 *
 * @module
 */

import { parseFlags } from "../cli/flags.ts";
import type { Means } from "./means.ts";
import { wordsFor } from "./typed/input.ts";

/** Lists the shares of this machine. */
export async function status(means: Means): Promise<void> {
  const { run } = await import("../status.ts");
  await run(parseFlags("status", []), means);
}

/** Ends the share that the user named, or the only one. */
export async function stop(means: Means): Promise<void> {
  const typed = wordsFor(await means.input.take(), "stop");
  const { run } = await import("../stop.ts");
  await run(parseFlags("stop", typed.args), { ...means, typed });
}
