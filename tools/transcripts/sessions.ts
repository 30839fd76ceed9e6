/**
 * Two sessions of Claude Code, of which the receiver takes one.
 *
 * @module
 */

import {
  ClaudeSession,
  questionIn,
} from "../../tests/support/claude_session.ts";
import { writeSession } from "../../tests/support/conversations.ts";
import { fixed, shortened } from "./fixed.ts";
import type { Stage, Typist } from "./stage.ts";

const WORDS = "prism-ankle-kitty-tidy";

const MINUTE_MS = 60_000;

/** @param project The folder that it speaks of. */
const refunds = (project: string) => ({
  id: "966b3555-2fb6-4cef-bffb-55ca2d35b169",
  title: "Refunds that keep cents",
  turns: [
    "Refunds lose a cent when an order has three items",
    `The amounts in ${project}/refund.ts are floats. Integers would fix it.`,
    "Do that",
    "Done; `make check` passes.",
  ],
});

const INVOICE = {
  id: "3f7f8ee3-aa22-4337-b3c4-4731b4006975",
  title: "Tests of the invoice",
  turns: ["Write tests for invoices", "Four tests are written; all pass."],
};

/** Makes the blocks `sessions-share`, `sessions-list`, `sessions-pick` and `sessions-status`. */
export async function sessions(stage: Stage): Promise<Record<string, string>> {
  const { alex, blake, folder } = stage;
  await write(alex);
  const shared = await share(alex);
  const words = /sessions-receive ([a-z-]+)/.exec(shared)![1]!;
  const listed = await blake.type(`claude-spread receive ${words}`);
  const picked = await blake.type(`claude-spread receive --pick 1 ${words}`);
  const status = await alex.type("claude-spread status");
  const examples = { folder, words: WORDS };
  return {
    "sessions-share": fixed(shortened(shared), examples),
    "sessions-list": fixed(listed, examples),
    "sessions-pick": fixed(picked, examples),
    "sessions-status": fixed(status, examples),
  };
}

async function write({ machine }: Typist): Promise<void> {
  const now = Date.now();
  // Yesterday, and always long enough ago to be called so.
  const yesterday = new Date(now).setUTCHours(0) - 13 * 60 * MINUTE_MS;
  for (
    const [session, at] of [
      [refunds(machine.work), now - 3 * MINUTE_MS],
      [INVOICE, yesterday],
    ] as const
  ) {
    const path = await writeSession(machine, session, machine.work);
    await Deno.utime(path, at / 1000, at / 1000);
  }
}

/** Alex types the skill's command, and answers that both are offered. */
async function share(alex: Typist): Promise<string> {
  const session = new ClaudeSession(alex.machine);
  const { env } = session;
  await session.type("sessions-share");
  const command = "claude-spread skill sessions-share";
  const asked = questionIn({ stderr: await alex.type(command, { env }) });
  const labels = asked.questions[0]!.options.map(({ label }) => label);
  await session.answer(asked, labels.slice(0, 2).join(", "));
  return await alex.type(`${command} --yes`, { env });
}
