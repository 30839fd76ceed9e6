/**
 * The report that words for a pair are valid, for a program and for a person.
 *
 * @module
 */

import { formatCount } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";
import { type ReadyToReach, sayCommands } from "../serve/ready.ts";
import type { PairOptions } from "./options.ts";

/** Fields of the `ready` event of `pair`. */
export type PairReadiness = ReadyToReach & {
  /** ID for `stop`; absent when the entry could not be written. */
  id?: string;
  relay?: string;
  /** The words to type on the other machine, with the room's code if there is one. */
  invite: string | null;
  /** Name of this machine, for the other one. */
  own_name: string;
};

/** Reports readiness to a person or a program. */
export async function sayReady(
  terminal: Terminal,
  ready: PairReadiness,
  options: Pick<PairOptions, "qr" | "copy" | "child">,
): Promise<void> {
  // The process that started this one says it.
  if (options.child) return terminal.event("ready", { ...ready });
  const time = formatCount(ready.keep_open_min, "minute");
  terminal.say(
    `this machine is ${ready.own_name}; its words are valid for ${time}`,
  );
  await sayCommands(terminal, ready, options);
  terminal.event("ready", { ...ready });
}
