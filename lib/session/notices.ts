/**
 * Notices of Claude Code among the messages of a conversation, which nobody said.
 *
 * @module
 */

/**
 * Texts of Claude Code in Claude's name, which it sends to the model and shows to nobody, or
 * shows in other words.
 */
const NOTICES = new Set([
  "(no content)",
  "No response requested.",
  "API Error: Request was aborted.",
  "Prompt is too long",
  "Credit balance is too low",
]);

/** Whether somebody said it: not blank, and no notice of Claude Code's. */
export function isSaid(type: "user" | "assistant", text: string): boolean {
  if (!/\S/.test(text)) return false;
  const said = text.trim();
  return type === "user" ? said !== "(no content)" : !NOTICES.has(said);
}
