/**
 * Places of the state folder and of Claude Code's folder, as grants name them.
 *
 * @module
 */

export const SHARE = [
  "state/claude-spread/shares",
  "state/claude-spread/spool",
  "home/.cache/claude-spread",
];
export const PARTIAL = ["state/claude-spread/partial"];
export const HISTORY = [
  "state/claude-spread/sessions",
  "home/.claude/projects",
];
export const MEMORY = [
  "home/.claude/projects",
  "state/claude-spread/memory",
];
