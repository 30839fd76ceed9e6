/**
 * Messages without the passphrases of ours that are in them.
 *
 * @module
 */

import { mapStrings } from "../../text/map_strings.ts";
import type { PassphraseRedactor } from "../redact/passphrases.ts";
import type { Block, Message } from "../schema.ts";

type Content = Message["message"]["content"];

/** Returns the same message with its texts redacted, and with names of tools. */
export function withoutSecrets(
  message: Message,
  secrets: PassphraseRedactor,
): Message {
  const { content } = message.message;
  const redact = (text: string) => secrets.redact(text);
  if (typeof content === "string") {
    return { ...message, message: { content: redact(content) } };
  }
  const typed = content.map((block): Block =>
    block.type === "tool_use"
      ? { ...block, input: secrets.redactTypedFile(block.input) }
      : block
  );
  return { ...message, message: { content: mapTexts(typed, redact) } };
}

/** The same content with its texts and names of tools changed; ids and images stay. */
function mapTexts(
  content: Content,
  change: (text: string) => string,
): Content {
  if (typeof content === "string") return change(content);
  return content.map((block): Block => {
    switch (block.type) {
      case "text":
        return { ...block, text: change(block.text) };
      case "tool_use":
        return {
          ...block,
          name: change(block.name),
          input: mapStrings(block.input, change),
        };
      case "tool_result":
        return {
          ...block,
          content: mapTexts(block.content as Block[] | string, change),
        };
      default:
        return block;
    }
  });
}
