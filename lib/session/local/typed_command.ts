/**
 * Commands and their output, and interruptions, as Claude Code keeps them in a conversation.
 *
 * @module
 */

/** A text as a person typed or saw it: one without Claude Code's own marks stays as it is. */
export function asTyped(text: string): string {
  if (!/^\s{0,99}[<[]/.test(text)) return text;
  return typedCommand(text) ?? commandOutput(text) ?? shellCommand(text) ??
    shellOutput(text) ?? interruption(text) ?? text;
}

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

/** A command for the shell, as it was typed after `!`. */
function shellCommand(text: string): string | null {
  if (!/^\s{0,99}<bash-input>/.test(text)) return null;
  const command = inside(text, "bash-input");
  return command === null ? null : `! ${command}`;
}

function shellOutput(text: string): string | null {
  if (!/^\s{0,99}<bash-std/.test(text)) return null;
  const streams = ["bash-stdout", "bash-stderr"];
  return streams.map((tag) => inside(text, tag) ?? "").join("\n").trim();
}

/** Claude Code sends this mark to the model, and shows other words, or none. */
function interruption(text: string): string | null {
  const isOne = /^\[Request interrupted by user(?: for tool use)?\]\s{0,99}$/
    .test(text);
  return isOne ? "[Interrupted by the user]" : null;
}

function inside(text: string, tag: string): string | null {
  const start = text.indexOf(`<${tag}>`);
  const end = text.indexOf(`</${tag}>`, start);
  return start === -1 || end === -1
    ? null
    : text.slice(start + tag.length + 2, end);
}
