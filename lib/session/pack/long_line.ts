/**
 * Lines of a transcript that are too long to go: the note that takes the place of each.
 *
 * The note is made from the beginning of the line, which says whose message it is and which
 * call it belongs to, so that a call keeps its result.
 *
 * @module
 */

/** Text that takes the place of a message. */
const NOTE = "[Left out: longer than 16 MiB]";

/** Characters at the beginning of a line that are looked at. */
const HEAD_LENGTH = 8192;

/** A string in JSON, without its quotes. */
const STRING = String.raw`((?:[^"\\]|\\.){1,1024})`;

const RESULTS = new RegExp(`"tool_use_id":"${STRING}"`, "g");
const CALL = new RegExp(
  `"type":"tool_use","id":"${STRING}","name":"${STRING}"`,
);
const UUID = new RegExp(`"uuid":"${STRING}"`);
const PARENT = new RegExp(`"parentUuid":"${STRING}"`);

/** @returns A line of a transcript; `null` when the line is not a message. */
export function replacementOf(line: string): Record<string, unknown> | null {
  // A quote inside of a string is escaped, so that nothing is found inside of a text.
  const head = line.slice(0, HEAD_LENGTH);
  const isTyped = head.includes('"type":"queued_command"');
  const role = /"role":"(user|assistant)"/.exec(head)?.[1];
  const type = isTyped ? "user" : role;
  if (type === undefined) return null;
  return {
    type,
    uuid: stringAt(UUID, head),
    parentUuid: stringAt(PARENT, head) ?? null,
    isSidechain: head.includes('"isSidechain":true'),
    message: { content: type === "user" ? resultsIn(head) : callIn(head) },
  };
}

function resultsIn(head: string): unknown {
  const results = Array.from(head.matchAll(RESULTS), ([, id]) => ({
    type: "tool_result",
    tool_use_id: unescaped(id!),
    content: NOTE,
  }));
  return results.length === 0 ? NOTE : results;
}

function callIn(head: string): unknown[] {
  const [, id, name] = CALL.exec(head) ?? [];
  if (id === undefined) return [{ type: "text", text: NOTE }];
  return [{
    type: "tool_use",
    id: unescaped(id),
    name: unescaped(name!),
    input: { note: NOTE },
  }];
}

function stringAt(pattern: RegExp, head: string): string | undefined {
  const found = pattern.exec(head)?.[1];
  return found === undefined ? undefined : unescaped(found);
}

/** The text; unchanged when it is not JSON. */
function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    return text;
  }
}
