/**
 * A resumed conversation from both sides: what the terminal shows, and what the model was sent.
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Block, ModelRequest } from "./_model.ts";

/** Characters at the beginning of a text by which it is looked for, blanks not counted. */
const LENGTH = 40;

/** A call of a tool, as the older client shows it. */
const CALL = /^(?:Bash|Read|Search|Glob|Grep)\(/;

/**
 * Checks that each text and image of a request stands on the screen, in the same order, and that
 * nothing else is there that somebody said. The client folds calls of tools and their results.
 *
 * @param screen Up to the last thing that was sent.
 */
export function assertSameView(request: ModelRequest, screen: string): void {
  const sent = sentTexts(request);
  const seen = squeezed(screen);
  let at = 0;
  for (const text of sent) {
    const found = seen.indexOf(text, at);
    assert(
      found !== -1,
      `"${text}" was sent, and is not shown here:\n${screen}`,
    );
    at = found + text.length;
  }
  const shown = screen.match(/^[❯●] ?\S.*$|\[Image #/gm) ?? [];
  for (
    const line of shown.map((line) => beginning(line.replace(/^[❯●]/, "")))
  ) {
    const isSent = CALL.test(line) ||
      sent.some((text) => text.startsWith(line) || line.startsWith(text));
    assert(isSent, `"${line}" is shown, and was not sent`);
  }
}

/** Beginnings of the texts and images of a conversation, without what the client adds. */
function sentTexts({ messages = [] }: ModelRequest): string[] {
  return messages.filter(({ role }) => role !== "system")
    .flatMap(({ content }): Block[] =>
      typeof content === "string" ? [{ type: "text", text: content }] : content
    )
    .filter(({ type, text = "" }) =>
      !type.startsWith("tool_") && !text.startsWith("<system-reminder>")
    )
    .map(({ text = "[Image #" }) => beginning(text));
}

function beginning(text: string): string {
  return squeezed(text).slice(0, LENGTH);
}

/** Text without blanks, which are others on a screen, and without marks of Markdown. */
function squeezed(text: string): string {
  return text.replace(/[*`\s]/g, "");
}
