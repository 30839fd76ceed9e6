/**
 * The skills `distill-share` and `distill-receive`, played by an obedient model: what tests of
 * more than one file do with them.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { runBlock, say, type Step, write } from "./_model.ts";
import type { AskOptions, Person } from "./_person.ts";
import type { Session } from "./_session.ts";
import { assertDone } from "./_told.ts";

/** The place that the skill names for the document. */
export const DOCUMENT_PATH =
  /~\/\.cache\/claude-spread\/distillation-[\w-]+\.md/;

/** Writes what was typed to the place that a command names, when the hooks are off. */
export function passOn(line: string): Step {
  return ({ request }) => {
    const said = JSON.stringify(request.messages);
    const path = /\/[^" ]*\/typed-[\w-]+\.txt|\/[^"]*?\/typed-[\w-]+\.txt/
      .exec(said.slice(said.lastIndexOf("letter by letter, to ")))?.[0];
    if (path === undefined) throw new Error(`No place named in ${said}`);
    return { tool: "Write", input: { file_path: path, content: line } };
  };
}

/** A text that nobody but the two may see. */
export const LAMP = `lamp ${crypto.randomUUID()}`;

/** The document that Claude writes. */
export const DOCUMENT = `# Session distillation: a lamp

## Summary

The ${LAMP} glows.
`;

/** The model's steps to share; it says this in the end. */
export const SHARE: Step[] = [
  write(DOCUMENT_PATH, DOCUMENT),
  runBlock(0),
  say("It is shared."),
];

/** Shares with `claude -p`, and checks that nothing was refused and nothing is left over. */
export async function share(
  person: Person,
  typed = "",
  options: AskOptions = {},
): Promise<Session> {
  const prompt = `/claude-spread:distill-share ${typed}`.trim();
  const session = await person.ask(prompt, SHARE, options);
  assertDone(session, ["Write", "Bash"]);
  assertEquals(await documentsOf(person), []);
  return session;
}

/** Names of the documents that wait to be shared. */
export async function documentsOf(person: Person): Promise<string[]> {
  const folder = Deno.readDir(`${person.home}/.cache/claude-spread`);
  return (await Array.fromAsync(folder)).map(({ name }) => name);
}

/** Receives with `claude -p`, and checks that it is what was shared. */
export async function receive(
  person: Person,
  typed: string,
  options: AskOptions = {},
): Promise<Session> {
  const prompt = `/claude-spread:distill-receive ${typed}`;
  const steps = [runBlock(0), say("It is here.")];
  const session = await person.ask(prompt, steps, options);
  assertDone(session, ["Bash"]);
  assertStringIncludes(session.calls[0]!.result, `The ${LAMP} glows.`);
  return session;
}
