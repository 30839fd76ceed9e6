/**
 * Skills that have asked the user something, and that nothing happens without their answer.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import {
  type Asked,
  ClaudeSession,
  LOOPBACK,
  questionIn,
} from "../../support/claude_session.ts";
import {
  type Conversation,
  conversation,
  sessionsOf,
  writeSession,
} from "../../support/conversations.ts";
import { Machine } from "../../support/machine.ts";
import { bundleOf, memoryOf, remember } from "../../support/memory.ts";
import { Offering } from "../sessions/_offering.ts";

/** Titles as people's sessions have them: with what could end a label or a list of labels. */
export const TITLES = ['Doors, "big" ones', "Windows", "Roof", "Cellar"];

/** The titles as options. */
export const LABELS = TITLES.map((title, i) =>
  `${i + 1}. ${title.replaceAll(",", ";").replaceAll('"', "'")}`
);

/** A skill that has asked. */
export interface Asking extends AsyncDisposable {
  skill: "sessions-share" | "memory-receive" | "sessions-receive";
  session: ClaudeSession;
  asked: Asked;
  /** Completes "… is shared" or "… is installed". */
  none: string;
  /** Checks that nothing has left this machine, or has been installed on it. */
  assertNothing(): Promise<void>;
}

/** Conversations on a machine, the first of which was used last. */
export async function converse(machine: Machine): Promise<Conversation[]> {
  const sessions = TITLES.map((title) => conversation(title));
  for (const [i, session] of sessions.entries()) {
    const path = await writeSession(machine, session);
    const then = new Date(Date.now() - i * 60_000);
    await Deno.utime(path, then, then);
  }
  return sessions;
}

/** The user has typed `sessions-share`, and has four sessions to choose from. */
export async function askToShare(): Promise<
  Asking & { sessions: Conversation[] }
> {
  const machine = await Machine.make();
  const sessions = await converse(machine);
  const session = new ClaudeSession(machine);
  await session.type("sessions-share", LOOPBACK);
  const listed = await session.run("sessions-share");
  assertSuccess(listed);
  return {
    skill: "sessions-share",
    session,
    asked: questionIn(listed),
    none: "Share nothing",
    sessions,
    assertNothing: async () => assertEquals(await machine.entries(), []),
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}

/** The memory that waits in {@linkcode askToInstall}, and the one that is there. */
export const MEMORY = {
  theirs: {
    "MEMORY.md": "- [Build](build.md) — make\n- [New](new.md) — new\n",
    "build.md": "theirs\n",
    "new.md": "new\n",
  },
  ours: { "MEMORY.md": "- [Build](build.md) — make\n", "build.md": "ours\n" },
};

/** Bob has typed `memory-receive`, and has received a memory that differs from his. */
export async function askToInstall(
  ours: Record<string, string> = MEMORY.ours,
): Promise<Asking & { bob: Machine; line: string }> {
  await using stack = new AsyncDisposableStack();
  const alice = stack.use(await Machine.make());
  const bob = stack.use(await Machine.make());
  await remember(bob, ours);
  const file = await alice.write("m.json", bundleOf(MEMORY.theirs));
  const sharing = stack.use(await alice.share(["--generate", file]));
  const session = new ClaudeSession(bob);
  const line = `${sharing.ready.invite} ${sharing.address}`;
  await session.type("memory-receive", line);
  const received = await session.run("memory-receive");
  assertSuccess(received);
  assert(await session.has("memory"), received.stderr);
  const all = stack.move();
  return {
    skill: "memory-receive",
    session,
    asked: questionIn(received),
    none: "Install nothing",
    bob,
    line,
    assertNothing: async () => assertEquals(await memoryOf(bob), ours),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Bob has typed `sessions-receive`, and has the list of Alice's sessions. */
export async function askToReceive(): Promise<
  Asking & { offering: Offering; sessions: Conversation[] }
> {
  const sessions = TITLES.map((title) => conversation(title));
  // The list begins with the session that was used last.
  const offering = await Offering.open(sessions.toReversed());
  const { bob, words, sharing } = offering;
  const session = new ClaudeSession(bob);
  await session.type("sessions-receive", `${words} ${sharing.address}`);
  const listed = await session.run("sessions-receive");
  assertSuccess(listed);
  return {
    skill: "sessions-receive",
    session,
    asked: questionIn(listed),
    none: "Install nothing",
    offering,
    sessions,
    assertNothing: async () => assertEquals(await sessionsOf(bob), []),
    [Symbol.asyncDispose]: () => offering[Symbol.asyncDispose](),
  };
}
