/**
 * Questions to the user, whose answers decide what is shared or installed.
 *
 * A command makes the question, Claude asks it with AskUserQuestion, and a hook keeps the answer
 * (`hooks/keep-answer`). The answer counts only if it is to exactly this question, in this session
 * and for the skill that made it.
 *
 * @module
 */

import * as v from "valibot";
import { SpreadError } from "../../lib/errors.ts";
import { cleanLine, quoteName } from "../../lib/text/clean_text.ts";
import type { Means } from "./means.ts";
import { readKept, type SkillSession, unusable } from "./session.ts";

/** Most options that AskUserQuestion takes, with the one that refuses. */
const MAX_OPTIONS = 4;

/** Longest label that is shown whole, in UTF-16 units. */
const MAX_LABEL_LENGTH = 60;

/** One thing to choose. */
export interface AnswerChoice {
  /** Value that the answer stands for. */
  value: string;
  label: string;
  description: string;
}

/** A question and its choices. */
export interface SkillQuestion {
  text: string;
  /** A word or two, in front of the question. */
  header: string;
  /** Whether several can be chosen; their labels then begin with their numbers. */
  isMultiple: boolean;
  /** The choices. The first three are options; the user chooses others by number. */
  choices: AnswerChoice[];
  /** The last option, which chooses nothing. */
  none: Pick<AnswerChoice, "label" | "description">;
}

/** Further fields of questions and options are kept: some change what the user sees. */
const InputSchema = v.object({
  questions: v.array(v.looseObject({
    question: v.string(),
    header: v.string(),
    multiSelect: v.optional(v.boolean(), false),
    options: v.array(
      v.looseObject({ label: v.string(), description: v.string() }),
    ),
  })),
});

/** An open question, as it is kept. */
const OpenSchema = v.object({
  skill: v.string(),
  input: InputSchema,
  none: v.string(),
  /** Values by label. */
  values: v.record(v.string(), v.string()),
  /** Values by number, from 1. */
  numbered: v.array(v.string()),
});

/** The fields used of Claude Code's hook event. */
const EventSchema = v.object({
  hook_event_name: v.literal("PostToolUse"),
  tool_name: v.literal("AskUserQuestion"),
  session_id: v.string(),
  tool_input: InputSchema,
  tool_response: v.object({ answers: v.record(v.string(), v.string()) }),
});

/** Longest name from another machine in a question, in UTF-16 units. */
const MAX_NAME_LENGTH = 64;

/** A name that another machine gave, which cannot pass for a part of the question. */
export function quotedName(name: string): string {
  return quoteName(name, MAX_NAME_LENGTH);
}

/** Commands that the user can type instead of answering. */
export interface Instead {
  /** Commands in Claude Code, for where no question can be asked. */
  skills: string[];
  /** A shell's command, for where no hook can keep the answer. */
  shell: string;
}

/**
 * Opens a question and tells Claude to ask it. The earlier one, and its answer, no longer count.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function ask(
  question: SkillQuestion,
  { skills, shell }: Instead,
  { skill, session, terminal }: Means,
): Promise<void> {
  if (!session.hasHooks) {
    return terminal.say(
      `the plugin's hooks are off, so this ends here; to go on, type in Claude Code: ! ${shell}`,
    );
  }
  const { text, header, isMultiple, choices, none } = question;
  const numbered = choices.map((choice, i) => ({
    ...choice,
    label: labelOf(choice.label, isMultiple ? i + 1 : null),
  }));
  const options = [...numbered.slice(0, MAX_OPTIONS - 1), none]
    .map(({ label, description }) => ({ label, description }));
  const input = {
    questions: [{ question: text, header, multiSelect: isMultiple, options }],
  };
  await session.remove("answer.json");
  await session.write("question.json", {
    skill,
    input,
    none: none.label,
    values: Object.fromEntries(
      numbered.map(({ label, value }) => [label, value]),
    ),
    numbered: isMultiple ? numbered.map(({ value }) => value) : [],
  });
  terminal.tell(
    `to Claude: ask exactly this with AskUserQuestion, then run the same command with --yes: ${
      JSON.stringify(input)
    }`,
  );
  terminal.tell(
    `to Claude: if you do not have that tool, end here. Nothing has happened yet; the user can type ${
      skills.join(" or ")
    }`,
  );
}

/**
 * A label that tells its option from all others, and that can stand in a list of answers: Claude
 * Code joins labels with commas, and its versions differ in what they do with quotes and commas in
 * them.
 */
function labelOf(text: string, number: number | null): string {
  const label = cleanLine(text, MAX_LABEL_LENGTH).replaceAll(",", ";")
    .replaceAll('"', "'");
  return number === null ? label : `${number}. ${label}`.trimEnd();
}

/**
 * Reads what the user answered; empty when they chose nothing.
 *
 * @throws {SpreadError} `NOT_AGREED` when they were not asked, or answered something else;
 * `TYPED_MISSING` when what is kept cannot be trusted.
 */
export async function readAnswer(
  { skill, session }: Means,
): Promise<string[]> {
  const open = await readOpen(session);
  const event = await read(session, "answer.json", EventSchema);
  if (open === null || event === null) throw notAsked();
  if (open.skill !== skill) throw notAsked();
  if (event.session_id !== session.id) throw notAsked();
  if (!isSame(event.tool_input, open.input)) throw notAsked();
  const answer = event.tool_response.answers[open.input.questions[0]!.question];
  if (answer === undefined) throw notAsked();
  return valuesOf(answer, open);
}

/** Closes the question: its answer has been carried out. */
export async function close(session: SkillSession): Promise<void> {
  await session.remove("question.json");
  await session.remove("answer.json");
}

async function readOpen(
  session: SkillSession,
): Promise<v.InferOutput<typeof OpenSchema> | null> {
  return await read(session, "question.json", OpenSchema);
}

async function read<Schema extends v.GenericSchema>(
  session: SkillSession,
  name: "question.json" | "answer.json",
  schema: Schema,
): Promise<v.InferOutput<Schema> | null> {
  const path = session.path(name);
  const bytes = await readKept(path, { isOwn: true });
  if (bytes === null) return null;
  try {
    return v.parse(schema, JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw unusable(path, ": it is not what was asked", { cause });
  }
}

/** Whether the user saw the question as it was made: its text and every option, and nothing more. */
function isSame(
  asked: v.InferOutput<typeof InputSchema>,
  made: v.InferOutput<typeof InputSchema>,
): boolean {
  return JSON.stringify(asked) === JSON.stringify(made);
}

/** Labels, or numbers that the user wrote instead. */
function valuesOf(
  answer: string,
  { none, values, numbered }: v.InferOutput<typeof OpenSchema>,
): string[] {
  // Claude Code quotes some answers when there are several.
  const parts = answer.replaceAll('"', "").split(",").map((part) =>
    part.trim()
  );
  // Whoever chose "nothing" beside something was not sure.
  if (parts.includes(none)) return [];
  const chosen = parts.flatMap((part) => {
    if (Object.hasOwn(values, part)) return [values[part]!];
    const words = part.split(/[\s;+&]+|\band\b/).filter((word) => word !== "");
    return words.map((word) => {
      const value = /^\d{1,4}$/.test(word)
        ? numbered[Number(word) - 1]
        : undefined;
      if (value === undefined) throw notUnderstood(answer);
      return value;
    });
  });
  if (chosen.length === 0) throw notUnderstood(answer);
  return [...new Set(chosen)];
}

function notUnderstood(answer: string): SpreadError {
  return new SpreadError(
    "NOT_AGREED",
    `Cannot tell what the user chose by "${cleanLine(answer, 80)}"`,
    "Ask the same question again. An answer is one of its options or, where they are numbered, numbers such as 1, 3",
  );
}

function notAsked(): SpreadError {
  return new SpreadError(
    "NOT_AGREED",
    "Nothing was done: the user has not been asked this question, or has not answered it",
    "Ask the question that the command gave, exactly as it stands, and run this again; without a question, run the command without --yes first",
  );
}
