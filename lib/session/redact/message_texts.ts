/**
 * The texts in a message: what was said, and names, inputs and outputs of tools.
 *
 * Ids, images and documents are not texts.
 *
 * @module
 */

import { mapStrings } from "../../text/map_strings.ts";
import { type Block, isObject, type Message } from "../schema.ts";
import { namedValues } from "./named_values.ts";

type Content = Message["message"]["content"];

/** Depth to which a value is searched: deeper than the input of a tool call may be. */
const MAX_DEPTH = 80;

/** The same content with its texts changed. */
export function mapTexts(
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

/** Calls `visit` with every text in a content that nobody has checked yet. */
export function visitTexts(
  content: unknown,
  visit: (text: string) => void,
): void {
  if (typeof content === "string") return visit(content);
  if (!Array.isArray(content)) return;
  for (const block of content) {
    if (!isObject(block)) continue;
    if (block.type === "text") visitStrings(block.text, visit);
    if (block.type === "tool_use") {
      visitStrings(block.name, visit);
      visitStrings(block.input, visit);
    }
    if (block.type === "tool_result") visitResult(block.content, visit);
  }
}

/** Results hold texts and images, and no further results. */
function visitResult(content: unknown, visit: (text: string) => void): void {
  if (typeof content === "string") return visit(content);
  if (!Array.isArray(content)) return;
  for (const block of content) {
    if (isObject(block) && block.type === "text") {
      visitStrings(block.text, visit);
    }
  }
}

/** Visits every string in a value, names of fields too, and those that tell what they are. */
function visitStrings(
  value: unknown,
  visit: (text: string) => void,
  depth = 0,
): void {
  if (typeof value === "string") return visit(value);
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return;
  for (const text of namedValues(value)) visit(text);
  for (const name of Object.keys(value)) {
    if (!Array.isArray(value)) visit(name);
    visitStrings((value as Record<string, unknown>)[name], visit, depth + 1);
  }
}
