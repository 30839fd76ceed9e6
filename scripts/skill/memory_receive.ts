/**
 * The skill `memory-receive`: receives a memory, shows it, and installs it when the user has agreed.
 *
 * Until then the memory waits in the folder of the session. A document, which nobody installs, does
 * not wait.
 *
 * @module
 */

import { SpreadError, usage } from "../../lib/errors.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { KINDS } from "../cli/kinds.ts";
import { formatPath } from "../cli/screen/format.ts";
import { flagsFor, type Means, requireHooks, startReceiving } from "./means.ts";
import {
  type AnswerChoice,
  ask,
  close,
  quotedName,
  readAnswer,
} from "./question.ts";
import type { TypedLine } from "./typed/line.ts";
import { ownOptions, wordsFor } from "./typed/input.ts";

/** Choices about files that differ. */
const CHOICES: AnswerChoice[] = [
  {
    value: "keep-both",
    label: "Install it; keep both where they differ",
    description: "Nothing of either memory is lost",
  },
  {
    value: "theirs",
    label: "Install it; take theirs where they differ",
    description: "A copy of yours is kept; --undo brings it back",
  },
  {
    value: "ours",
    label: "Install it; keep mine where they differ",
    description: "Only what is new here is added",
  },
];

/** Receives and shows a memory; with `--yes`, does what the user answered. */
export async function receive(means: Means): Promise<void> {
  const { flags, input } = means;
  if (flags.has("yes")) {
    return await carryOut(means, await readAnswer(means));
  }
  if (flags.has("full")) return await show(means, ["--full"]);
  const line = await input.take();
  if (ownOptions(line).length > 0) return await decide(means, line);
  await refuseWaiting(means);
  // If this fails, writing the memory fails too, with a better error.
  await means.session.makeFolder().catch(() => {});
  const output = `--output=${means.session.path("memory")}`;
  await startReceiving(
    means,
    ["--kind=memory", output],
    wordsFor(line, "receive"),
  );
  await show(means, []);
}

/** Does what the user typed: `--install [HOW]`, `--discard` or `--undo`. */
async function decide(means: Means, line: TypedLine): Promise<void> {
  const [word, ...more] = ownOptions(line);
  const how = line.passphrase ?? CHOICES[0]!.value;
  if (more.length > 0 || word !== "--install" && line.passphrase !== null) {
    throw usage(
      `${word} cannot be combined with anything else`,
      "Type one of --install [keep-both | theirs | ours], --discard and --undo",
    );
  }
  if (!CHOICES.some(({ value }) => value === how)) {
    throw usage(
      `"${cleanLine(how, 80)}" is not a way to install`,
      "Type --install alone, or with keep-both, theirs or ours after it",
    );
  }
  if (word === "--undo") return await undo(means);
  if (word === "--discard") return await carryOut(means, []);
  requireHooks(means, "claude-spread install FILE");
  await carryOut(means, [how]);
}

async function undo(means: Means): Promise<void> {
  requireHooks(means, "claude-spread install --undo");
  await install(means, ["--undo"]);
}

/** Installs the memory that waits, or discards it when nothing was chosen. */
async function carryOut(means: Means, [how]: string[]): Promise<void> {
  const file = means.session.path("memory");
  if (!await isWaiting(means)) throw nothingWaits();
  await install(
    means,
    how === undefined
      ? ["--discard", "--", file]
      : ["--yes", `--on-conflict=${how}`, "--remove-file", "--", file],
  );
  await close(means.session);
}

/** Shows the memory that waits, and asks what to do with it unless all of it is here already. */
async function show(means: Means, args: string[]): Promise<void> {
  const { session, terminal, events } = means;
  const file = session.path("memory");
  if (!await isWaiting(means)) throw nothingWaits();
  await install(means, ["--dry-run", ...args, "--", file])
    .catch(async (error) => {
      // A memory that nobody can install must not wait.
      if (SpreadError.is(error, "BUNDLE_REFUSED", "NAME_REFUSED")) {
        await Deno.remove(file);
      }
      throw error;
    });
  const memory = events.get("memory");
  const outcomes = outcomesOf(memory);
  if (memory === undefined || !isNew(memory, outcomes)) {
    await Deno.remove(file);
    if (memory === undefined) return;
    terminal.say("the received memory is discarded: all of it is here already");
    return;
  }
  const { sender, project } = memory as { sender?: string; project: string };
  const from = sender === undefined ? "somebody" : quotedName(sender);
  const differs = outcomes.includes("kept_both");
  await ask(
    {
      text: `Install the memory of ${
        quotedName(project)
      } from ${from}? Claude will read it in every session here.`,
      header: "Install",
      isMultiple: false,
      choices: differs ? CHOICES : [{ ...CHOICES[0]!, label: "Install it" }],
      none: {
        label: "Install nothing",
        description: "The received memory is discarded",
      },
    },
    {
      skills: [
        `${KINDS.memory.receive} --install`,
        `${KINDS.memory.receive} --discard`,
      ],
      shell: `claude-spread install --remove-file ${formatPath(file)}`,
    },
    means,
  );
}

function outcomesOf(memory: Record<string, unknown> | undefined): string[] {
  const files = memory?.files as { outcome: string }[] | undefined;
  return (files ?? []).map(({ outcome }) => outcome);
}

function isNew(memory: Record<string, unknown>, outcomes: string[]): boolean {
  const gains = memory.index_gains as unknown[];
  return gains.length > 0 || outcomes.some((outcome) => outcome !== "same");
}

async function install(means: Means, args: string[]): Promise<void> {
  const { run } = await import("../memory/install.ts");
  const typed = { args: [], passphrase: null, address: null };
  await run(flagsFor("install", means, args), { ...means, typed });
}

async function isWaiting({ session }: Means): Promise<boolean> {
  return await Deno.lstat(session.path("memory")).then(() => true, () => false);
}

async function refuseWaiting(means: Means): Promise<void> {
  if (!await isWaiting(means)) return;
  throw new SpreadError(
    "USAGE",
    "Another memory that was received in this session still waits to be installed",
    `Show it with --full, and ask the question that this gives; or the user types ${KINDS.memory.receive} --install or --discard first`,
  );
}

function nothingWaits(): SpreadError {
  return new SpreadError(
    "USAGE",
    "No received memory waits to be installed in this session",
    `Type ${KINDS.memory.receive} with the words from the sender`,
  );
}
