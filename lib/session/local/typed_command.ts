/**
 * Slash commands and their output, as Claude Code keeps them in a conversation.
 *
 * @module
 */

/** A slash command as it was typed, or `null` when the text is not one. */
export function typedCommand(text: string): string | null {
  if (!/^\s{0,99}<command-/.test(text)) return null;
  const name = inside(text, "command-name");
  if (name === null) return null;
  const command = name.startsWith("/") ? name : `/${name}`;
  return `${command} ${inside(text, "command-args") ?? ""}`.trim();
}

/** The output of a slash command, or `null` when the text is something else. */
export function commandOutput(text: string): string | null {
  if (!/^\s{0,99}<local-command-std/.test(text)) return null;
  return inside(text, "local-command-stdout") ??
    inside(text, "local-command-stderr");
}

function inside(text: string, tag: string): string | null {
  const start = text.indexOf(`<${tag}>`);
  const end = text.indexOf(`</${tag}>`, start);
  return start === -1 || end === -1
    ? null
    : text.slice(start + tag.length + 2, end);
}
