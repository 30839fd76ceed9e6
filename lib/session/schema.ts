/**
 * The allow-list of a transcript: the parts that go from one machine to another.
 *
 * Messages of the user and of Claude are rebuilt field by field, in the order in which they
 * stand. Everything else is left out and counted, because a transcript can act on the
 * machine that resumes it (modes, settings, snapshots that delete files). Both sides apply
 * the list: the sender so that nothing else leaves, the receiver because it does not trust
 * the sender. See docs/protocol.md, section 12.3.
 *
 * @module
 */

import { createHash } from "node:crypto";
import * as v from "valibot";
import { isSaid } from "./notices.ts";
import type { SessionTally } from "./tally.ts";

/** Most levels of nesting in the input of a tool call. */
const MAX_INPUT_DEPTH = 64;

/** Most parts of a message; checking each takes time. */
const MAX_BLOCKS = 10_000;

/** Ids that the model's service takes. */
const PLAIN_ID = /^[\w-]{1,128}$/;

/** Id of a call; gateways to other models make ids of their own kind. */
const IdSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(1024),
  v.transform(plainId),
);

/** Name of a tool; most become text. */
const ToolNameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

/** Not empty: the model's service would refuse the whole conversation. */
const Base64Schema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+={0,2}$/));

const TextSchema = v.object({
  type: v.literal("text"),
  text: v.pipe(v.string(), v.check((text) => isSaid("user", text))),
});

const AnswerSchema = v.object({
  type: v.literal("text"),
  text: v.pipe(v.string(), v.check((text) => isSaid("assistant", text))),
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
  id: IdSchema,
  name: ToolNameSchema,
  input: v.pipe(
    v.custom<Record<string, unknown>>(isObject),
    v.check((input) => isShallow(input, MAX_INPUT_DEPTH)),
  ),
});

const ToolResultSchema = v.object({
  type: v.literal("tool_result"),
  tool_use_id: IdSchema,
  content: v.fallback(
    v.union([
      v.string(),
      v.pipe(v.array(v.unknown()), v.maxLength(MAX_BLOCKS)),
    ]),
    "",
  ),
  is_error: v.fallback(v.optional(v.boolean()), undefined),
});

/** Schemas of the parts of a message, by their types. */
type Blocks = Record<string, v.GenericSchema<unknown, Block>>;

const PERSONS_BLOCKS: Blocks = {
  text: TextSchema,
  image: ImageSchema,
  document: DocumentSchema,
  tool_result: ToolResultSchema,
};
const CLAUDES_BLOCKS: Blocks = { text: AnswerSchema, tool_use: ToolUseSchema };
const RESULT_BLOCKS: Blocks = {
  text: TextSchema,
  image: ImageSchema,
  document: DocumentSchema,
};

/** A part of a message. */
export type Block =
  | v.InferOutput<typeof TextSchema>
  | v.InferOutput<typeof ImageSchema>
  | v.InferOutput<typeof DocumentSchema>
  | v.InferOutput<typeof ToolUseSchema>
  | v.InferOutput<typeof ToolResultSchema>;

/** A message that a person typed while Claude worked. */
const QueuedSchema = v.object({
  timestamp: v.fallback(v.optional(v.string()), undefined),
  attachment: v.object({
    type: v.literal("queued_command"),
    prompt: v.unknown(),
    commandMode: v.optional(v.picklist(["prompt", "bash"])),
    /** Others come from tasks, channels and other sessions. */
    origin: v.optional(v.object({ kind: v.literal("human") })),
    isMeta: v.optional(v.literal(false)),
  }),
});

/** A message with allowed parts only; never empty. */
export interface Message {
  type: "user" | "assistant";
  timestamp?: string;
  message: { content: string | Block[] };
}

/**
 * Checks a line; counts in `tally` the parts left out.
 *
 * @returns `null` when the line is left out.
 */
export function checkLine(
  line: Record<string, unknown>,
  tally: SessionTally,
): Message | null {
  if (line.isApiErrorMessage === true) {
    tally.leaveOut("api_errors");
    return null;
  }
  if (line.type === "user" || line.type === "assistant") {
    return checkMessage(line, tally);
  }
  const queued = queuedMessage(line);
  if (queued === null) return leaveOut(line, tally);
  const message = checkMessage(queued, tally);
  if (message !== null) tally.change("queued");
  return message;
}

/** Text that a person typed while Claude worked, as a message; `null` for any other line. */
export function queuedMessage(
  line: Record<string, unknown>,
): Record<string, unknown> | null {
  if (line.type !== "attachment") return null;
  const { success, output } = v.safeParse(QueuedSchema, line);
  if (!success) return null;
  const { timestamp, attachment } = output;
  return { type: "user", timestamp, message: { content: attachment.prompt } };
}

function checkMessage(
  line: Record<string, unknown>,
  tally: SessionTally,
): Message | null {
  if (!isObject(line.message)) {
    tally.leaveOut("broken_lines");
    return null;
  }
  const type = line.type as Message["type"];
  const content = checkContent(type, line.message.content, tally);
  if (content === null) return null;
  const { timestamp } = line;
  return {
    type,
    timestamp: typeof timestamp === "string" ? timestamp : undefined,
    message: { content },
  };
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
    return isSaid("user", text) ? text : null;
  }
  tally.leaveOut("other_lines");
  return null;
}

function checkBlocks(
  list: unknown[],
  schemas: Blocks,
  tally: SessionTally,
): Block[] {
  const checked: Block[] = [];
  for (const block of list) {
    const type = isObject(block) ? block.type : undefined;
    const schema = typeof type === "string" && Object.hasOwn(schemas, type)
      ? schemas[type]
      : undefined;
    const { success, output } = v.safeParse(schema ?? v.never(), block);
    if (success) checked.push(output);
    else tally.leaveOut(isThought(block) ? "thoughts" : "blocks");
  }
  return checked;
}

function isThought(block: unknown): boolean {
  return isObject(block) &&
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

/** Counts a line that is not a message. */
export function leaveOut(
  line: Record<string, unknown>,
  tally: SessionTally,
): null {
  tally.leaveOut(KNOWN.get(line.type) ?? "other_lines");
  return null;
}

/** Whether a value of JSON is an object, and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An id that the model's service takes; the same one for the same id. */
function plainId(id: string): string {
  if (PLAIN_ID.test(id)) return id;
  const hash = createHash("sha256").update(id).digest("hex");
  return `toolu_${hash.slice(0, 32)}`;
}

/** Limits the depth, so that a deeply nested value cannot overflow the stack. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 &&
    Object.values(value).every((part) => isShallow(part, depth - 1));
}
