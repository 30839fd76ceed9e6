/**
 * The two sides of a transcript that Claude Code resumes: what the model gets of it, and what
 * the terminal shows. Modeled after versions 2.1.197 and 2.1.332, for tests; the tests in the
 * real client look whether it holds.
 *
 * @module
 */

import type { Fields } from "./session.ts";

/** A part of a conversation in short: whose, of which sort, and its content. */
export type Seen = string;

/** Texts that are sent to the model, and shown in other words or not at all. */
const NOTICES: Record<string, RegExp> = {
  user: /^\s*(?:\(no content\)|\[Request interrupted by user.*\])\s*$/,
  assistant:
    /^\s*(?:\(no content\)|No response requested\.|API Error: Request was aborted\.|Prompt is too long|Credit balance is too low)\s*$/,
};

/** Longest text of a person that is shown whole. */
const MAX_SHOWN = 10_000;

/** Marks that hide a message from the person. */
const HIDING = ["isMeta", "isCompactSummary", "isVisibleInTranscriptOnly"];

/** Returns the messages that the model gets, in its order. */
export function sentToModel(lines: Fields[]): Seen[] {
  const { messages, results } = read(lines);
  const groups: { id: unknown; type: string; blocks: Fields[] }[] = [];
  for (const { type, id, blocks } of messages) {
    const last = groups.at(-1);
    const isSame = last?.type === type && (type === "user" || last.id === id);
    if (isSame) last.blocks.push(...blocks);
    else groups.push({ id, type, blocks: [...blocks] });
  }
  return groups.flatMap(({ type, blocks }, i) => {
    if (type === "user") return blocks.flatMap((one) => sent(type, one));
    const calls = blocks.filter(({ type, id }) =>
      type === "tool_use" && isAnsweredBy(groups[i + 1]?.blocks, id)
    );
    const texts = blocks.filter(({ type }) => type !== "tool_use");
    return [...texts, ...calls].flatMap((one) => sent(type, one));
  }).filter((seen) => !seen.startsWith("user result") || results.has(seen));
}

function isAnsweredBy(blocks: Fields[] | undefined, id: unknown): boolean {
  return blocks?.some(({ tool_use_id }) => tool_use_id === id) === true;
}

function sent(type: string, block: Fields): Seen[] {
  return [`${type} ${inShort(block)}`];
}

/**
 * Returns the lines that the terminal shows, in its order. A result stands with its call: those of
 * calls made at once follow the calls, in the order in which they were given.
 */
export function shownToPerson(lines: Fields[]): Seen[] {
  const { messages, results } = read(lines);
  const given = [...results];
  const shown: Seen[] = [];
  let waiting: Seen[] = [];
  let answer: unknown;
  const showResults = () => {
    shown.push(...inOrder(waiting));
    waiting = [];
  };
  const show = (seen: Seen) => {
    showResults();
    shown.push(seen);
  };
  const inOrder = (some: Seen[]) =>
    some.sort((a, b) => given.indexOf(a) - given.indexOf(b));
  for (const { type, line, id, blocks } of messages) {
    if (HIDING.some((mark) => line[mark] === true)) continue;
    if (type === "assistant" && id !== answer) showResults();
    if (type === "assistant") answer = id;
    for (const block of blocks) {
      const text = String(block.text ?? "");
      const isCut = type === "user" && text.length > MAX_SHOWN;
      if (block.type === "document" || NOTICES[type]!.test(text)) continue;
      if (block.type === "tool_result") continue;
      if (block.type !== "tool_use") {
        show(isCut ? `${type} text cut` : `${type} ${inShort(block)}`);
        continue;
      }
      const result = given.find((one) =>
        one.startsWith(`user result ${block.id} `)
      );
      if (result === undefined) continue;
      shown.push(`assistant ${inShort(block)}`);
      waiting.push(result);
    }
  }
  showResults();
  return shown;
}

interface Said {
  line: Fields;
  type: string;
  id: unknown;
  blocks: Fields[];
}

/** The messages on the way to the last line, and the results of calls among them. */
function read(lines: Fields[]): { messages: Said[]; results: Set<Seen> } {
  const byName = new Map(lines.map((line) => [line.uuid, line]));
  const way = new Set<Fields>();
  let line = lines.findLast(({ uuid }) => uuid !== undefined);
  while (line !== undefined && !way.has(line)) {
    way.add(line);
    line = byName.get(line.parentUuid);
  }
  const messages = [...way].reverse().flatMap((line): Said[] => {
    if (line.type !== "user" && line.type !== "assistant") return [];
    const { id, content } = line.message as Fields;
    const blocks = typeof content === "string"
      ? [{ type: "text", text: content }]
      : content as Fields[];
    return [{ line, type: line.type, id, blocks }];
  });
  const called = new Set<unknown>();
  const results = new Set<Seen>();
  for (const block of messages.flatMap(({ blocks }) => blocks)) {
    if (block.type === "tool_use") called.add(block.id);
    const isAnswer = block.type === "tool_result" &&
      called.delete(block.tool_use_id);
    if (isAnswer) results.add(`user ${inShort(block)}`);
  }
  return { messages, results };
}

function inShort(block: Fields): string {
  switch (block.type) {
    case "text":
      return `text ${String(block.text).trim()}`;
    case "tool_use":
      return `call ${block.id} ${JSON.stringify(block.input)}`;
    case "tool_result":
      return `result ${block.tool_use_id} ${JSON.stringify(block.content)}`;
    default:
      return `${block.type}`;
  }
}
