/**
 * Places of the state folder and of Claude Code's folder, as grants name them.
 *
 * @module
 */

/** Where it is, whatever XDG_STATE_HOME says. */
export const PAIRS = "home/.local/state/claude-spread/pairs";
/** Entries of shares and of drops. */
export const OWN = ["state/claude-spread/shares", "state/claude-spread/drops"];
export const SHARE = [
  ...OWN,
  "state/claude-spread/spool",
  "home/.cache/claude-spread",
  PAIRS,
];
/** What a receiver changes: partial payloads, and what is said of pairs. */
export const PARTIAL = [
  "state/claude-spread/partial",
  "home/.local/state/claude-spread/notice",
];
export const HISTORY = [
  "state/claude-spread/sessions",
  "home/.claude/projects",
];
export const MEMORY = [
  "home/.claude/projects",
  "state/claude-spread/memory",
];
