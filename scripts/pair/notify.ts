/**
 * The switch for the line at the start of Claude Code that says what pairs have left for this
 * machine (`hooks/say-waiting`).
 *
 * @module
 */

import { cannotStore } from "../../lib/files/cannot_store.ts";
import { noticeFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";

/**
 * Switches the line on or off. Off also forgets what was found last.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function switchNotice(
  isOn: boolean,
  terminal: Terminal,
): Promise<void> {
  const folder = noticeFolder();
  try {
    if (isOn) {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      await Deno.writeTextFile(`${folder}/on`, "", { mode: 0o600 });
    } else {
      await Deno.remove(folder, { recursive: true }).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  } catch (cause) {
    throw cannotStore(folder, cause);
  }
  terminal.say(
    isOn
      ? "Claude Code will say at its start when a pair has left something for this machine; " +
        "it asks the relay for that every 15 minutes at most"
      : "Claude Code no longer says when a pair has left something for this machine",
  );
}
