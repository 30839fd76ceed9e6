/**
 * Names of each kind of payload, and the command that receives it.
 *
 * @module
 */

import { SpreadError, usage } from "../../lib/errors.ts";
import type { Kind } from "../../lib/payload.ts";
import { skillCommand } from "../../lib/plugin_name.ts";
import type { Flags } from "./flags.ts";

/** Names for one kind. */
export interface KindWords {
  /** Name with its article, for sentences. */
  name: string;
  /** File name of a payload without a name of its own. */
  fileName: string;
  /** Command that the receiver types in Claude Code. */
  receive: string;
}

/** The names of every kind. */
export const KINDS: Record<Kind, KindWords> = {
  distillation: {
    name: "a distillation",
    fileName: "distillation.md",
    receive: skillCommand("distill-receive"),
  },
  memory: {
    name: "a memory",
    fileName: "memory.md",
    receive: skillCommand("memory-receive"),
  },
  session: {
    name: "sessions",
    fileName: "sessions",
    receive: skillCommand("sessions-receive"),
  },
};

/**
 * Returns the kind that the options insist on.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function readKind(flags: Flags): Kind | undefined {
  const kind = flags.choice("kind") as Kind | undefined;
  if (kind === "session" && flags.has("legacy")) {
    throw usage(
      "--legacy does not support sessions",
      "Leave --legacy out: sessions need this version on both machines",
    );
  }
  return kind;
}

/**
 * Error for an offer of another kind than the wanted one.
 *
 * @param sender Our name for its sender, if it is paired with this machine.
 */
export function unwanted(
  offered: Kind,
  wanted: Kind,
  sender?: string,
): SpreadError {
  const { name, receive } = KINDS[offered];
  return new SpreadError(
    "PAYLOAD_UNWANTED",
    `${sender ?? "The sender"} shares ${name}, not ${KINDS[wanted].name}`,
    `Use ${receive} (--kind ${offered}), or ask ${sender ?? "the sender"} for ${
      KINDS[wanted].name
    }`,
  );
}
