/**
 * The name of the plugin, as `.claude-plugin/plugin.json` says it. Claude Code puts it before the
 * names of the skills.
 *
 * @module
 */

/** The name, which a user types before the colon. */
export const PLUGIN_NAME = "claude-spread";

/** Returns the command that a user types in Claude Code to run a skill. */
export function skillCommand(skill: string): string {
  return `/${PLUGIN_NAME}:${skill}`;
}
