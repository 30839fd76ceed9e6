/**
 * What each kind of payload is called, and which command receives it.
 *
 * @module
 */

import type { Kind } from "../../lib/payload.ts";

/** Words for one kind. */
export interface KindWords {
  /** With its article, in sentences. */
  name: string;
  /** What a payload without a name of its own is called. */
  fileName: string;
  /** What its skills' names begin with. */
  skill: "distill" | "memory" | "sessions";
  /** What the receiver types in Claude Code. */
  receive: string;
}

/** The words for every kind. */
export const KINDS: Record<Kind, KindWords> = {
  distillation: {
    name: "a distillation",
    fileName: "distillation.md",
    skill: "distill",
    receive: "/claude-spread:distill-receive",
  },
  memory: {
    name: "a memory",
    fileName: "memory.md",
    skill: "memory",
    receive: "/claude-spread:memory-receive",
  },
  session: {
    name: "sessions",
    fileName: "sessions",
    skill: "sessions",
    receive: "/claude-spread:sessions-receive",
  },
};
