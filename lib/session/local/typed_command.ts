/**
 * Slash commands and what they printed, as the client keeps them in a conversation.
 *
 * @module
 */

/** A slash command as it was typed, or `null` when the text is none. */
export function typedCommand(text: string): string | null {
  if (!/^\s{0,99}<command-/.test(text)) return null;
  const name = inside(text, "command-name");
  if (name === null) return null;
  const command = name.startsWith("/") ? name : `/${name}`;
  return `${command} ${inside(text, "command-args") ?? ""}`.trim();
}

/** What a slash command printed, or `null` when the text is none of that. */
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
