/**
 * The name of the plugin, as `.claude-plugin/plugin.json` says it, and where it is installed from.
 * Claude Code puts the name before those of the skills.
 *
 * @module
 */

/** The name, which a user types before the colon. */
export const PLUGIN_NAME = "claude-spread";

/** The repository on GitHub that the plugin is installed from, as README.md names it. */
export const REPOSITORY = "NAMYUNWOO/claudeSpread";

/** The marketplace in that repository, as `.claude-plugin/marketplace.json` names it. */
export const MARKETPLACE = "ai-spread";

/** Returns the command that a user types in Claude Code to run a skill. */
export function skillCommand(skill: string): string {
  return `/${PLUGIN_NAME}:${skill}`;
}
