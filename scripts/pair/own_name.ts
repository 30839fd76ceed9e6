/**
 * The name of this machine, by which the other side of a pair calls it.
 *
 * @module
 */

import * as v from "valibot";
import { type SpreadError, usage } from "../../lib/errors.ts";
import { cleanName, NameSchema } from "../../lib/pairs/pair.ts";
import type { Key } from "../cli/ask/keys.ts";
import { edit, type EditedLine, lineOf, textOf } from "../cli/ask/line.ts";
import { ask, RawTerminal } from "../cli/ask/prompt.ts";
import { canAsk } from "../cli/terminal.ts";

/** Name of a machine whose host name has no letter or digit. */
const NAMELESS = "machine";

/**
 * Returns a name that a person typed.
 *
 * @throws {SpreadError} `USAGE` when it is none; the hint shows what would be.
 */
export function checkName(text: string): string {
  if (v.is(NameSchema, text)) return text;
  throw notName(text);
}

/**
 * Returns the name of this machine: the person's choice on a terminal, which offers the host name;
 * elsewhere the host name.
 *
 * @param isAsked Whether the person may be asked.
 * @throws {SpreadError} `INTERRUPTED`; the reason of `signal`.
 */
export async function ownName(
  isAsked: boolean,
  signal: AbortSignal,
): Promise<string> {
  const [host = ""] = Deno.hostname().split(".", 1);
  const usual = cleanName(host) || NAMELESS;
  if (!isAsked || !canAsk()) return usual;
  using terminal = new RawTerminal();
  return await ask(
    {
      label: "Name of this machine: ",
      start: nameState(usual),
      step: stepName,
      show: (state) => state,
      answer: ({ answer }) => answer,
    },
    terminal,
    signal,
  );
}

/** The question in the middle of its answer. */
export interface NameState {
  line: EditedLine;
  note: string;
  answer: string | null;
}

/** The question with this text in its line. */
export function nameState(text: string): NameState {
  return { line: lineOf(text), note: "", answer: null };
}

/** Returns the state after a key. */
export function stepName(state: NameState, key: Key): NameState {
  if (key.kind !== "control" || key.name !== "enter") {
    return { ...nameState(""), line: edit(state.line, key) };
  }
  const text = textOf(state.line).trim();
  if (v.is(NameSchema, text)) return { ...nameState(text), answer: text };
  const meant = cleanName(text);
  if (meant === "") return { ...state, note: FORM };
  return { ...nameState(meant), note: `Enter takes ${meant}. ${FORM}` };
}

const FORM =
  "A name has 1 to 32 lowercase letters and digits, with -, _ and . between them";

function notName(text: string): SpreadError {
  const meant = cleanName(text);
  return usage(
    `"${text.slice(0, 64)}" is not the name of a machine`,
    meant === "" ? FORM : `Write --name ${meant}. ${FORM}`,
  );
}
