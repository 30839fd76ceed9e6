/**
 * The report: one line for each finding, with what to do below it, fitted to the terminal.
 *
 * @module
 */

import { hasColors, styled } from "../cli/screen/streams.ts";
import type { Screen } from "../cli/screen/table.ts";
import { pad } from "../cli/screen/width.ts";
import { indent, wrap } from "../cli/screen/wrap.ts";
import { formatCount } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { CheckFinding, State } from "./finding.ts";

/** Columns of the state and of the subject, each with the blanks after it. */
const STATE_WIDTH = 9;
const SUBJECT_WIDTH = 11;

/** Narrowest terminal in which the text stands beside the subject, in columns. */
const MIN_WIDTH_OF_THREE = 60;

/** Widest text: longer lines are hard to read, in columns. */
const MAX_TEXT_WIDTH = 100;

/** Prints findings as they come, and counts them. */
export class Report {
  readonly #counts: Record<State, number> = {
    ok: 0,
    hint: 0,
    wrong: 0,
    unknown: 0,
  };

  /** @param home The home folder, which people see as `~`. */
  constructor(
    private readonly terminal: Terminal,
    private readonly home: string,
  ) {}

  /** Whether something needs to be done. */
  get isWrong(): boolean {
    return this.#counts.wrong > 0;
  }

  /** Prints a finding, or reports it to a program. */
  add(finding: CheckFinding): void {
    this.#counts[finding.state]++;
    const { check, state, text, todo, fields } = finding;
    this.terminal.event("check", { check, state, text, todo, ...fields });
    const { tableScreen } = this.terminal;
    this.terminal.printUnlessJson(format(finding, tableScreen, this.home));
  }

  /** Says how many things are wrong. */
  end(): void {
    const { wrong, hint, unknown } = this.#counts;
    const text = [
      wrong === 0
        ? "nothing is wrong"
        : `${formatCount(wrong, "thing")} ${wrong === 1 ? "is" : "are"} wrong`,
      ...hint === 0 ? [] : [formatCount(hint, "hint")],
      ...unknown === 0 ? [] : [`${unknown} unknown`],
    ].join(", ");
    this.terminal.say(text, "checked", { wrong, hints: hint, unknown });
  }
}

/**
 * Formats a finding; without a terminal nothing is broken into lines.
 *
 * @param home The home folder; empty for none.
 */
export function format(
  finding: CheckFinding,
  screen: Screen,
  home: string,
): string {
  const { columns } = screen;
  const { check, state, text, todo, details = [] } = finding;
  const isNarrow = columns !== null && columns < MIN_WIDTH_OF_THREE;
  const margin = isNarrow ? 2 : STATE_WIDTH + SUBJECT_WIDTH;
  const width = columns === null
    ? Infinity
    : Math.min(columns - margin, MAX_TEXT_WIDTH);
  const head = colored(state, pad(state, STATE_WIDTH)) +
    (isNarrow ? check : pad(check, SUBJECT_WIDTH));
  const body = [text, ...details, ...todo === undefined ? [] : [`-> ${todo}`]]
    .map((line, i) => hang(clean(shorten(line, home)), width, i === 0 ? 0 : 2));
  const lines = indent(body.join("\n"), margin);
  return isNarrow ? `${head}\n${lines}` : head + lines.slice(margin);
}

/** Breaks a line; those after its first begin further in. */
function hang(text: string, width: number, columns: number): string {
  const [first = "", ...rest] = wrap(text, width - columns).split("\n");
  return [first, ...rest.map((line) => indent(line, columns))].join("\n");
}

/** Writes paths in the home as a shell takes them, but for those in quotation marks. */
function shorten(text: string, home: string): string {
  if (!home.startsWith("/")) return text;
  return text.replaceAll(` ${home}/`, " ~/").replace(
    new RegExp(`^${RegExp.escape(home)}/`),
    "~/",
  );
}

/** Names of files and interfaces can hold anything. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}

function colored(state: State, text: string): string {
  if (!hasColors(Deno.stdout)) return text;
  switch (state) {
    case "wrong":
      return styled(text, "error");
    case "hint":
      return styled(text, "warning");
    default:
      return styled(text, "side");
  }
}
