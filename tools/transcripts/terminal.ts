/**
 * A document, from one terminal to another.
 *
 * @module
 */

import { fixed } from "./fixed.ts";
import type { Stage } from "./stage.ts";

const WORDS = "niece-broke-zippy-iron";

/** A document of 10,100 bytes. */
const NOTES = `# Notes\n${"Amounts are integers in cents.\n".repeat(400)}`
  .slice(0, 10_099) + "\n";

/** Makes the blocks `serve` and `receive`. */
export async function terminal(stage: Stage): Promise<Record<string, string>> {
  const { alex, blake, folder } = stage;
  await alex.machine.write("notes.md", NOTES);
  const serving = alex.start("claude-spread serve --once notes.md");
  const words = await serving.says(/claude-spread receive ([a-z-]+)/);
  await serving.says(/add the (address)/);
  const received = await blake.type(
    `claude-spread receive --output notes.md ${words}`,
  );
  const served = await serving.ends();
  const examples = { folder, words: WORDS };
  return {
    serve: fixed(served, examples),
    receive: fixed(received, examples),
  };
}
