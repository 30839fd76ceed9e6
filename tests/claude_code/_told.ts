/**
 * Texts of the skills' commands, for Claude and for the person, as tests read them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Step } from "./_model.ts";
import type { Session } from "./_session.ts";

/** The text of a share, by its parts. */
export interface Told {
  /** The line for Claude Code on the other machine. */
  command: string;
  /** The part that is typed there after the command. */
  line: string;
  /** The words that the share has made, with the code of a room; `null` for somebody's own. */
  invite: string | null;
  room?: string;
  addresses: string[];
}

/** Reads the text of the share that the last command of a session has started. */
export function toldBy({ calls }: Session): Told {
  const text = calls.at(-1)!.result;
  const command = /^ {4}(\/claude-spread:\S+ .*)$/m.exec(text)?.[1];
  assert(command !== undefined, text);
  const line = command.replace(/^\S+ /, "");
  const isOwn = line.includes("<the same passphrase>");
  const addresses = /add the address: (.*)$/m.exec(text)?.[1]?.split(" or ");
  const room = /--room (\w+)/.exec(line)?.[1] ??
    /(?:^|\s)([a-z0-9]{6})-\w+-\w+-\w+-\w+$/.exec(line)?.[1];
  return {
    command,
    line,
    invite: isOwn ? null : line,
    room,
    addresses: addresses ?? [],
  };
}

/** Checks that these tools were used and no others, and that none was denied or failed. */
export function assertDone(session: Session, tools: string[]): void {
  const { calls, denials, code } = session;
  assertEquals([code, denials], [0, []]);
  assertEquals(calls.map(({ tool }) => tool), tools);
  for (const { result, isError } of calls) assert(!isError, result);
}

/** A question as AskUserQuestion takes it. */
export interface Asked {
  questions: {
    question: string;
    multiSelect: boolean;
    options: { label: string; description: string }[];
  }[];
}

/** Asks the question that the last command gives, as it stands there. */
export function askAsTold(change: (asked: Asked) => void = () => {}): Step {
  return ({ request }) => {
    const text = JSON.stringify(request.messages);
    const asked = questionIn(text);
    change(asked);
    return { tool: "AskUserQuestion", input: { ...asked } };
  };
}

/** The question in a request, in which it is text inside JSON. */
function questionIn(request: string): Asked {
  const start = request.lastIndexOf("run the same command with --yes: ");
  assert(start !== -1, request);
  const from = request.indexOf("{", start);
  const end = request.indexOf("}]}]}", from) + "}]}]}".length;
  return JSON.parse(JSON.parse(`"${request.slice(from, end)}"`));
}
