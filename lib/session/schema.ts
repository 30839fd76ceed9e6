/**
 * The allow-list of a transcript: the parts that go from one machine to another.
 *
 * Messages of the user and of Claude, and the boundaries of compactions, are rebuilt field
 * by field. Everything else is left out and counted, because a transcript can act on the
 * machine that resumes it (modes, settings, snapshots that delete files). Both sides apply
 * the list: the sender so that nothing else leaves, the receiver because it does not trust
 * the sender. See docs/protocol.md, section 12.3.
 *
 * @module
 */

import * as v from "valibot";
import { mapStrings } from "../text/map_strings.ts";
import type { SessionTally } from "./tally.ts";

/** Most levels of nesting in the input of a tool call. */
const MAX_INPUT_DEPTH = 64;

/** Most parts of a message; checking each takes time. */
const MAX_BLOCKS = 10_000;

/** Most messages that a compaction may name. */
const MAX_NAMED = 10_000;

/** Name by which lines refer to each other: a UUID in practice, but nothing relies on that. */
const LinkSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

const NameSchema = v.pipe(v.string(), v.regex(/^[\w-]{1,128}$/));

/** Not empty: the model's service would refuse the whole conversation. */
const Base64Schema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+={0,2}$/));

const TextSchema = v.object({
  type: v.literal("text"),
  text: v.pipe(v.string(), v.regex(/\S/)),
});

/** Only data in the file itself: an address would be fetched. */
const ImageSchema = v.object({
  type: v.literal("image"),
  source: v.object({
    type: v.literal("base64"),
    media_type: v.picklist([
      "image/png",
      "image/jpeg",
      "image/gif",
      "image/webp",
    ]),
    data: Base64Schema,
  }),
});

const DocumentSchema = v.object({
  type: v.literal("document"),
  source: v.object({
    type: v.literal("base64"),
    media_type: v.literal("application/pdf"),
    data: Base64Schema,
  }),
});

const ToolUseSchema = v.object({
  type: v.literal("tool_use"),
  id: NameSchema,
  name: NameSchema,
  input: v.pipe(
    v.custom<Record<string, unknown>>(isPlainObject),
    v.check((input) => isShallow(input, MAX_INPUT_DEPTH)),
  ),
});

const ToolResultSchema = v.object({
  type: v.literal("tool_result"),
  tool_use_id: NameSchema,
  content: v.fallback(
    v.union([
      v.string(),
      v.pipe(v.array(v.unknown()), v.maxLength(MAX_BLOCKS)),
    ]),
    "",
  ),
  is_error: v.fallback(v.optional(v.boolean()), undefined),
});

const PERSONS_BLOCKS = v.variant("type", [
  TextSchema,
  ImageSchema,
  DocumentSchema,
  ToolResultSchema,
]);
const CLAUDES_BLOCKS = v.variant("type", [TextSchema, ToolUseSchema]);
const RESULT_BLOCKS = v.variant("type", [TextSchema, ImageSchema]);

/** A part of a message. */
export type Block =
  | v.InferOutput<typeof TextSchema>
  | v.InferOutput<typeof ImageSchema>
  | v.InferOutput<typeof DocumentSchema>
  | v.InferOutput<typeof ToolUseSchema>
  | v.InferOutput<typeof ToolResultSchema>;

const LinksSchema = {
  uuid: v.fallback(v.optional(LinkSchema), undefined),
  parentUuid: v.fallback(v.nullish(LinkSchema), undefined),
  timestamp: v.fallback(v.optional(v.string()), undefined),
};

const MessageSchema = v.object({
  ...LinksSchema,
  type: v.picklist(["user", "assistant"]),
  isCompactSummary: v.fallback(v.optional(v.literal(true)), undefined),
  message: v.object({
    /** Shared by the lines of one answer. */
    id: v.fallback(v.optional(NameSchema), undefined),
    content: v.unknown(),
  }),
});

const NamedSchema = v.pipe(v.array(LinkSchema), v.maxLength(MAX_NAMED));

const BoundarySchema = v.object({
  ...LinksSchema,
  type: v.literal("system"),
  subtype: v.literal("compact_boundary"),
  compactMetadata: v.fallback(
    v.optional(v.object({
      /** Messages that the compaction left unchanged. */
      preservedSegment: v.fallback(
        v.optional(v.object({
          headUuid: LinkSchema,
          anchorUuid: LinkSchema,
          tailUuid: LinkSchema,
        })),
        undefined,
      ),
      preservedMessages: v.fallback(
        v.optional(v.object({
          anchorUuid: LinkSchema,
          uuids: NamedSchema,
          allUuids: v.fallback(v.optional(NamedSchema), undefined),
        })),
        undefined,
      ),
    })),
    undefined,
  ),
});

/** Position of a line in the conversation; `undefined` when the line does not state it. */
export interface Links {
  uuid?: string;
  parentUuid?: string | null;
  timestamp?: string;
}

/** A message with allowed parts only; never empty. */
export interface Message extends Links {
  type: "user" | "assistant";
  isCompactSummary?: true;
  message: { id?: string; content: string | Block[] };
}

/** The end of the part that a compaction has summarized. */
export type Boundary = v.InferOutput<typeof BoundarySchema>;

/** A kept line, or one that is left out but that others may follow. */
export type Checked =
  | { kept: Message | Boundary }
  | { kept: null; links: Links };

/** Checks a line; counts in `tally` the parts left out. */
export function checkLine(
  line: Record<string, unknown>,
  tally: SessionTally,
): Checked {
  const kept = isPart(line) ? checkPart(line, tally) : leaveOut(line, tally);
  if (kept !== null) return { kept };
  return { kept, links: v.parse(v.object(LinksSchema), line) };
}

function isPart({ type, subtype }: Record<string, unknown>): boolean {
  return type === "user" || type === "assistant" ||
    type === "system" && subtype === "compact_boundary";
}

function checkPart(
  line: Record<string, unknown>,
  tally: SessionTally,
): Message | Boundary | null {
  if (line.type === "system") {
    return v.parse(BoundarySchema, line);
  }
  const { success, output } = v.safeParse(MessageSchema, line);
  if (!success) {
    tally.leaveOut("broken_lines");
    return null;
  }
  const content = checkContent(output.type, output.message.content, tally);
  if (content === null) return null;
  return { ...output, message: { id: output.message.id, content } };
}

/** @returns `null` when nothing is left. */
function checkContent(
  type: Message["type"],
  content: unknown,
  tally: SessionTally,
): string | Block[] | null {
  if (typeof content === "string" && type === "user") {
    return checkText(content, tally);
  }
  // Claude Code cannot read an answer that is not a list.
  const list = typeof content === "string"
    ? [{ type: "text", text: content }]
    : content;
  if (!Array.isArray(list) || list.length > MAX_BLOCKS) {
    tally.leaveOut("broken_lines");
    return null;
  }
  const schema = type === "user" ? PERSONS_BLOCKS : CLAUDES_BLOCKS;
  const blocks = checkBlocks(list, schema, tally).map((block) =>
    checkInside(block, tally)
  );
  return blocks.length === 0 ? null : blocks;
}

/** Drops Claude Code's own notice to Claude about the following text, which is not a user's message. */
function checkText(text: string, tally: SessionTally): string | null {
  if (!text.startsWith("<local-command-caveat>")) {
    return text.trim() === "" ? null : text;
  }
  tally.leaveOut("other_lines");
  return null;
}

function checkBlocks<Schema extends v.GenericSchema>(
  list: unknown[],
  schema: Schema,
  tally: SessionTally,
): v.InferOutput<Schema>[] {
  return list.flatMap((block) => {
    const { success, output } = v.safeParse(schema, block);
    if (success) return [output];
    tally.leaveOut(isThought(block) ? "thoughts" : "blocks");
    return [];
  });
}

function isThought(block: unknown): boolean {
  return isPlainObject(block) &&
    (block.type === "thinking" || block.type === "redacted_thinking");
}

/** Checks the blocks inside the result of a tool. */
function checkInside(block: Block, tally: SessionTally): Block {
  if (block.type !== "tool_result" || typeof block.content === "string") {
    return block;
  }
  const content = checkBlocks(block.content, RESULT_BLOCKS, tally);
  return { ...block, content };
}

/** The same content with its texts changed; tool names, ids and images stay. */
export function mapTexts(
  content: Message["message"]["content"],
  change: (text: string) => string,
): Message["message"]["content"] {
  if (typeof content === "string") return change(content);
  return content.map((block): Block => {
    switch (block.type) {
      case "text":
        return { ...block, text: change(block.text) };
      case "tool_use":
        return { ...block, input: mapStrings(block.input, change) };
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

/** Kinds of lines that users may ask about, by Claude Code's names for them. */
const KNOWN = new Map<unknown, "attachments" | "settings" | "snapshots">([
  ["attachment", "attachments"],
  ["file-history-snapshot", "snapshots"],
  ["file-history-delta", "snapshots"],
  ["permission-mode", "settings"],
  ["mode", "settings"],
  ["worktree-state", "settings"],
  ["agent-setting", "settings"],
  ["agent-name", "settings"],
  ["agent-color", "settings"],
]);

function leaveOut(line: Record<string, unknown>, tally: SessionTally): null {
  tally.leaveOut(KNOWN.get(line.type) ?? "other_lines");
  return null;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Limits the depth, so that a deeply nested value cannot overflow the stack. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 &&
    Object.values(value).every((part) => isShallow(part, depth - 1));
}
