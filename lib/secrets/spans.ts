/**
 * Spans: the places in one text where rules find something.
 *
 * @module
 */

import { isExample } from "./rules/example_values.ts";
import type { Literals } from "./literals.ts";
import type { PresetFinder } from "./rules/preset.ts";
import { PRESET_RULES, presetRuleId } from "./rules/preset_rules.ts";
import type { Rule } from "./rules/rule.ts";
import { placesIn, shownText } from "./shown_text.ts";
import { visitTriggers } from "./triggers.ts";

/** A place of a secret in a text, in UTF-16 units. */
export interface Span {
  /** Kind of secret, for people, such as "GitHub token". */
  kind: string;
  /** Stable name of the rule, for allow entries and `--json`. */
  rule: string;
  start: number;
  end: number;
}

/** A secret in one of the strings that were scanned. */
export interface Finding extends Span {
  /** The secret itself, as it is shown and no program has escaped it: never to be shown. */
  value: string;
  /** Index of the string in the batch. */
  string: number;
}

/** A span of one rule, before spans that overlap are united. */
interface Candidate extends Span {
  /** Whether a more specific rule that overlaps with it names the kind of the united span. */
  isGeneric: boolean;
}

/** The rule for literal values. */
export const ENV_VALUE = {
  kind: "environment value",
  rule: "env-value",
  isGeneric: true,
};

/** Finds the secrets in a text, ordered by place, without overlaps. */
export async function findSpans(
  text: string,
  literals: Literals,
): Promise<Span[]> {
  const found = await candidatesIn(text, literals);
  const shown = shownText(text);
  if (shown !== null) {
    for (const one of await candidatesIn(shown.text, literals)) {
      found.push({ ...one, ...placesIn(shown, one) });
    }
  }
  return united(found);
}

async function candidatesIn(
  text: string,
  literals: Literals,
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const called = new Set<string>();
  const effort = new Effort(text);
  visitTriggers(text, (at, { own, preset }) => {
    for (const name of preset) called.add(name);
    for (const rule of own) {
      const span = effort.allows(rule, at)
        ? matchAt(rule, text, at, effort)
        : null;
      if (span !== null) found.push(span);
    }
  });
  if (called.size > 0) {
    for (const span of await presetSpans(called, text)) found.push(span);
  }
  for (const [start, end] of literals.find(text)) {
    found.push({ ...ENV_VALUE, start, end });
  }
  return found;
}

/**
 * Keeps the matches of each rule in a text to a few times its length.
 *
 * They overlap where a value contains the trigger of its rule. A text of nothing but such values is
 * made to cost time: from some length on, a rule looks at no place for a second time.
 */
class Effort {
  readonly #matched = new Map<Rule, { length: number; end: number }>();
  readonly #max: number;

  constructor(text: string) {
    this.#max = 4 * text.length + 4096;
  }

  allows(rule: Rule, at: number): boolean {
    const matched = this.#matched.get(rule);
    return matched === undefined || matched.length <= this.#max ||
      at >= matched.end;
  }

  add(rule: Rule, { 0: { length }, index }: RegExpExecArray): void {
    const before = this.#matched.get(rule)?.length ?? 0;
    this.#matched.set(rule, { length: before + length, end: index + length });
  }
}

function matchAt(
  rule: Rule,
  text: string,
  at: number,
  effort: Effort,
): Candidate | null {
  rule.pattern.lastIndex = at;
  const match = rule.pattern.exec(text);
  if (match === null) return null;
  effort.add(rule, match);
  const { front = "", secret = match[0] } = match.groups ?? {};
  if (!rule.accepts(front + secret, match)) return null;
  // Asked for late, because the engine searches once more to know them.
  const { groups, 0: whole } = match.indices!;
  const [start, end] = groups?.secret ?? whole!;
  const { id, kind, isGeneric = false } = rule;
  return {
    kind: typeof kind === "string" ? kind : kind(match),
    rule: id,
    start: start - front.length,
    end,
    isGeneric,
  };
}

/** Escapes of strings, signs that no token has as URLs write them, and colors of a terminal. */
const ESCAPES =
  /\\[bfnrt]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%(?:0[AaDd]|2[0267Cc]|3[AaDd]|5[Bb])|\[[\d;]{0,20}[mK]/g;

let preset: Promise<Map<string, PresetFinder>> | null = null;

/** The spans of rules of the preset, which is loaded when a text needs it first. */
async function presetSpans(
  names: Iterable<string>,
  text: string,
): Promise<Candidate[]> {
  preset ??= import("./rules/preset.ts").then(({ loadPreset }) => loadPreset());
  const finders = await preset;
  // The rules know no escapes, after which a token may stand.
  const plain = text.replace(ESCAPES, ({ length }) => " ".repeat(length));
  const spans: Candidate[] = [];
  for (const name of names) {
    const { kind } = PRESET_RULES[name]!;
    const rule = presetRuleId(name);
    for (const [start, value] of finders.get(name)!(plain)) {
      if (isExample(value)) continue;
      const end = start + value.length;
      spans.push({ kind, rule, start, end, isGeneric: false });
    }
  }
  return spans;
}

/** Sorts spans and unites those that overlap; a specific rule names the whole. */
function united(candidates: Candidate[]): Span[] {
  candidates.sort((a, b) => a.start - b.start || b.end - a.end);
  const whole: Candidate[] = [];
  for (const span of candidates) {
    const last = whole.at(-1);
    if (last === undefined || span.start >= last.end) {
      whole.push({ ...span });
      continue;
    }
    last.end = Math.max(last.end, span.end);
    if (last.isGeneric && !span.isGeneric) {
      const { kind, rule } = span;
      Object.assign(last, { kind, rule, isGeneric: false });
    }
  }
  return whole.map(({ kind, rule, start, end }) => ({
    kind,
    rule,
    start,
    end,
  }));
}
