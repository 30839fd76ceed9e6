/**
 * A relay of one's own, tried on one machine.
 *
 * @module
 */

import { root } from "../../tests/support/places.ts";
import { fixed, shortened } from "./fixed.ts";
import type { Stage } from "./stage.ts";

const WORDS = "niece-broke-zippy-iron";

/** A line in which Deno repeats what a task runs. */
const ECHO = /^Task relay .*\n/m;

/** Makes the block `relay`. */
export async function relay(stage: Stage): Promise<Record<string, string>> {
  const { alex, folder } = stage;
  const running = alex.start("deno task relay", {
    cwd: root,
    onTerminal: true,
  });
  await running.says(/("event":"started".*)/);
  await alex.machine.write("notes.md", "# Notes\n");
  const serving = alex.start(
    "claude-spread serve --relay ws://127.0.0.1:9784 notes.md",
  );
  await serving.says(/or in a (terminal)/);
  const transcript = running.transcript.replace(ECHO, "") +
    shortened(serving.transcript);
  return { relay: fixed(transcript, { folder, words: WORDS }) };
}
