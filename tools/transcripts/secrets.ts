/**
 * A document with secrets in it, which is refused.
 *
 * @module
 */

import { fixed } from "./fixed.ts";
import type { Stage } from "./stage.ts";

/** An invented token, in parts: nobody should take it for one. */
const TOKEN = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF9f2a";

/** An invented value of an environment file. */
const VALUE = "po" + "Rt4Lw9xKd" + "7Q";

/** Makes the block `secrets`. */
export async function secrets(stage: Stage): Promise<Record<string, string>> {
  const { alex, folder } = stage;
  const lines = Array.from({ length: 40 }, (_, i) => `Step ${i + 1}.`);
  lines[11] = `Use ${TOKEN} for the clone.`;
  lines[39] = `The shop answers to ${VALUE}.`;
  await alex.machine.write("notes.md", lines.join("\n") + "\n");
  await alex.machine.write(".env", `SHOP_KEY=${VALUE}\n`);
  const refused = await alex.type("claude-spread serve notes.md");
  return { secrets: fixed(refused, { folder }) };
}
