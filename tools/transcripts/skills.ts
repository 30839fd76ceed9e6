/**
 * A distillation, from one Claude Code to another: what each person types and is shown. Claude's
 * part, which is to write the document and to run the command, is played here.
 *
 * @module
 */

import { ClaudeSession } from "../../tests/support/claude_session.ts";
import { fixed, shortened } from "./fixed.ts";
import type { Stage, Typist } from "./stage.ts";

export const WORDS = "game-opal-jury-pod";

/** ID of the sender's session. */
export const SENDER = "50498c3e-0b0a-4d55-8a0f-6d1d3bfa2c11";

/** Makes a checkout of the project in the folder. */
export const COMMIT = "git init -q -b main && " +
  "git remote add origin https://git.example.org/shop.git && " +
  "git -c user.name=alex -c user.email=alex@example.org " +
  "commit -q --allow-empty -m 'Keep the cents'";

/** With these the hash of the commit is always the same. */
export const DATES = {
  GIT_AUTHOR_DATE: "2026-11-20T12:00:00Z",
  GIT_COMMITTER_DATE: "2026-11-20T12:00:00Z",
};

/** The document that Claude writes. */
export const DOCUMENT = `# Session distillation: refunds keep their cents

## Summary

Refunds now add up to the cent. One test is left.

## Next step

Fix refund_test.ts: it still expects a float.
`;

/** Makes the block `distill-share`. */
export async function skills(stage: Stage): Promise<Record<string, string>> {
  const [shared] = await handOver(stage);
  return { "distill-share": shortened(shared) };
}

/** Hands the document over. @returns What each of them typed and was shown. */
export async function handOver(
  { alex, blake, folder }: Stage,
): Promise<[shared: string, received: string]> {
  await commit(alex);
  await commit(blake);
  const sender = new ClaudeSession(alex.machine, { id: SENDER });
  await sender.writeDocument(DOCUMENT);
  const shared = await type(alex, sender, "distill-share");
  const words = /distill-receive ([a-z-]+)/.exec(shared)![1]!;
  const receiver = new ClaudeSession(blake.machine);
  const received = await type(blake, receiver, "distill-receive", words);
  const examples = { folder, words: WORDS };
  return [fixed(shared, examples), fixed(received, examples)];
}

/** Makes the project a checkout with one commit, which is the same everywhere. */
async function commit(person: Typist): Promise<void> {
  await person.type(COMMIT, { env: DATES });
}

/** Someone types a command of the plugin, and Claude runs what its skill says. */
async function type(
  person: Typist,
  session: ClaudeSession,
  skill: string,
  line = "",
): Promise<string> {
  const { env } = session;
  await session.type(skill, line);
  const printed = await person.type(`claude-spread skill ${skill}`, { env });
  const shown = await session.shown();
  if (shown === null) throw new Error(`Nothing is shown: ${printed}`);
  return `> /claude-spread:${skill} ${line}`.trimEnd() +
    `\n\n${shown.trim()}\n`;
}
