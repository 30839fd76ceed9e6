/**
 * The skill `sessions-receive`: lists the sessions that a sender offers, and installs those that
 * the user has named or chosen.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";
import { KINDS } from "../cli/kinds.ts";
import { sessionFacts } from "../cli/sessions/report.ts";
import { type Means, requireHooks, startReceiving } from "./means.ts";
import { ask, close, quotedName, readAnswer } from "./question.ts";
import type { TypedLine } from "./typed/line.ts";
import { ownOptions, wordsFor } from "./typed/input.ts";

/** A listed session, as the event `catalogue` has it: cleaned. */
interface Listed {
  id: string;
  title: string;
  modified: string;
  messages: number;
  bytes: number;
}

/** Lists sessions and has the user choose, unless they have; with `--yes`, takes the chosen. */
export async function receive(means: Means): Promise<void> {
  const { flags, input, session, terminal } = means;
  if (flags.has("yes")) {
    const ids = await readAnswer(means);
    const line = await input.take();
    if (ids.length > 0) await take(means, line, [`--pick=${ids.join(",")}`]);
    else terminal.say("nothing is installed, as the user chose");
    return await close(session);
  }
  const line = await input.take();
  const words = ownOptions(line);
  if (words.length > 0) return await undo(means, words, line);
  const isPicked = line.args.some(({ arg }) => arg.startsWith("--pick="));
  if (isPicked) requireHooks(means, "claude-spread receive --pick N WORDS");
  await take(means, line, []);
  if (isPicked) return;
  // The next command takes from the list with the same words.
  await input.keep();
  if (hasNewWork(means)) return tellWorkFirst(means);
  await askWhich(means, line.passphrase === null);
}

/** Whether work came along that the user was never asked about. */
function hasNewWork({ events, session }: Means): boolean {
  const work = events.get("work");
  return session.hasHooks && work !== undefined && work.asked !== true &&
    work.opened === undefined;
}

/** Has the work opened, if the user agrees, before a session is installed for it. */
function tellWorkFirst({ terminal }: Means): void {
  terminal.tell(
    "to Claude: run claude-spread skill work first, then the same command again",
  );
}

async function take(
  means: Means,
  line: TypedLine,
  args: string[],
): Promise<void> {
  const typed = wordsFor(line, "receive");
  await startReceiving(means, ["--kind=session", ...args], typed);
}

/** @param isBare Whether the sessions are those of a pair, and no words were typed. */
async function askWhich(means: Means, isBare: boolean): Promise<void> {
  const { events } = means;
  const words = isBare ? "" : " WORDS";
  const { sender, sessions } = events.get("catalogue") as {
    sender?: string;
    sessions: Listed[];
  };
  await ask(
    {
      text: `Which conversations from ${
        sender === undefined ? "the sender" : quotedName(sender)
      } do you want to install here, to continue them?`,
      header: "Install",
      isMultiple: true,
      choices: sessions.map((listed) => ({
        value: listed.id,
        label: listed.title,
        description: sessionFacts(listed).join(", "),
      })),
      none: { label: "Install nothing", description: "Nothing is taken" },
    },
    {
      skills: [`${KINDS.session.receive} --pick N,N${words}`],
      shell: `claude-spread receive --pick N${words}`,
    },
    means,
  );
}

/** Removes the session that was installed last, or the one that the user named. */
async function undo(
  means: Means,
  words: string[],
  { passphrase }: TypedLine,
): Promise<void> {
  if (!words.includes("--undo")) {
    throw usage("--force needs --undo", "Type --undo [ID] [--force]");
  }
  requireHooks(means, "claude-spread sessions undo");
  const { run } = await import("../sessions.ts");
  const { terminal, signal } = means;
  await run(
    {
      action: "undo",
      id: passphrase ?? undefined,
      force: words.includes("--force"),
    },
    terminal,
    signal,
  );
}
