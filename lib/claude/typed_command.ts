/**
 * Slash commands, as the client keeps them in a conversation.
 *
 * @module
 */

/** A slash command as it was typed, or `null` when the text is none. */
export function typedCommand(text: string): string | null {
  if (!/^\s{0,99}<command-/.test(text)) return null;
  const name = /<command-name>\/?([^<]*)<\/command-name>/.exec(text)?.[1];
  if (name === undefined) return null;
  const start = text.indexOf(ARGS) + ARGS.length;
  const end = text.indexOf(ARGS_END, start);
  const isThere = start >= ARGS.length && end !== -1;
  return `/${name} ${isThere ? text.slice(start, end) : ""}`.trim();
}

const ARGS = "<command-args>";
const ARGS_END = "</command-args>";
