/**
 * Places of the state folder and of Claude Code's folder, as grants name them.
 *
 * @module
 */

/** Its path, whatever XDG_STATE_HOME says. */
export const PAIRS = "home/.local/state/claude-spread/pairs";
/** Entries of shares and of drops. */
export const OWN = ["state/claude-spread/shares", "state/claude-spread/drops"];
export const SHARE = [
  ...OWN,
  "state/claude-spread/spool",
  "home/.cache/claude-spread",
  PAIRS,
];
/** The place of what the hook says of pairs. */
export const NOTICE = "home/.local/state/claude-spread/notice";
/** The place of received work. */
export const WORK = "state/claude-spread/work";
/** Places of a receiver: what has arrived; and the notice, which is out of date then. */
export const PARTIAL = ["state/claude-spread/partial", NOTICE, WORK];
export const HISTORY = [
  "state/claude-spread/sessions",
  "home/.claude/projects",
];
export const MEMORY = [
  "home/.claude/projects",
  "state/claude-spread/memory",
];
