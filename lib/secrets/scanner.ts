/**
 * The scanner: finds secrets in decoded strings.
 *
 * It knows forms of tokens and keys, names that say that a value is secret, and the literal values
 * of the project's `.env` files. It is a filter and no guarantee: docs/threat_model.md says what
 * it cannot find.
 *
 * @module
 */

import type { Allowed } from "./allow.ts";
import { Literals } from "./literals.ts";
import { isPlaceholder } from "./placeholder_text.ts";
import type { PresetFinder } from "./preset.ts";
import { PREFIX, PRESET_RULES } from "./preset_rules.ts";
import type { Rule } from "./rules/rule.ts";
import { visitTriggers } from "./triggers.ts";

/** A secret in one of the strings that were scanned. */
export interface Finding {
  /** Kind of secret, for people, such as "GitHub token". */
  kind: string;
  /** Stable name of the rule, for allow entries and `--json`. */
  rule: string;
  /** The secret itself: never to be shown, see `mask.ts`. */
  value: string;
  /** Index of the string in the batch. */
  string: number;
  /** Place in that string, in UTF-16 units. */
  start: number;
  end: number;
}

/** Finds secrets. */
export interface Scanner {
  /**
   * Finds the secrets in a batch, ordered by place, without overlaps.
   *
   * @param strings Decoded texts; about 1 MB a batch keeps memory low.
   * @param path Name of the file that they come from, for allow entries that name one.
   */
  scan(strings: readonly string[], path?: string): Promise<Finding[]>;
}

/** Things of a project that a scanner goes by. */
export interface ScannerOptions {
  /** Literal values to be found; see `env_values.ts`. */
  values?: readonly string[];
  /** False alarms. */
  allow?: Allowed | null;
}

/** Makes a scanner; the preset is loaded at the first string that it could find something in. */
export function openScanner(
  { values = [], allow = null }: ScannerOptions = {},
): Scanner {
  const literals = new Literals(values);
  return {
    async scan(strings, path) {
      const findings: Finding[] = [];
      for (const [index, text] of strings.entries()) {
        const spans = await spansIn(text, literals);
        for (const { kind, rule, start, end } of united(spans)) {
          const value = text.slice(start, end);
          findings.push({ kind, rule, value, string: index, start, end });
        }
      }
      return allow === null ? findings : await allow.without(findings, path);
    },
  };
}

/** A place where a rule found something. */
interface Span {
  kind: string;
  rule: string;
  start: number;
  end: number;
  isGeneric: boolean;
}

let preset: Promise<Map<string, PresetFinder>> | null = null;

async function spansIn(text: string, literals: Literals): Promise<Span[]> {
  const spans: Span[] = [];
  const called = new Set<string>();
  visitTriggers(text, (at, { own, preset }) => {
    for (const name of preset) called.add(name);
    for (const rule of own) {
      const span = matchAt(rule, text, at);
      if (span !== null) spans.push(span);
    }
  });
  for (const name of called) spans.push(...await presetSpans(name, text));
  for (const [start, end] of literals.find(text)) {
    spans.push({ ...ENV_VALUE, start, end, isGeneric: true });
  }
  return spans;
}

const ENV_VALUE = { kind: "environment value", rule: "env-value" };

function matchAt(rule: Rule, text: string, at: number): Span | null {
  rule.pattern.lastIndex = at;
  const match = rule.pattern.exec(text);
  if (match === null) return null;
  const { groups, 0: whole } = match.indices!;
  const [begin, end] = groups?.secret ?? whole!;
  const start = groups?.front?.[0] ?? begin;
  if (!rule.accepts(text.slice(start, end), match)) return null;
  const { id, kind, isGeneric = false } = rule;
  return { kind, rule: id, start, end, isGeneric };
}

async function presetSpans(name: string, text: string): Promise<Span[]> {
  preset ??= (await import("./preset.ts")).loadPreset();
  const find = (await preset).get(name)!;
  const { kind } = PRESET_RULES[name]!;
  const rule = PREFIX + name;
  const spans: Span[] = [];
  for (const [start, value] of find(text)) {
    if (isPlaceholder(value)) continue;
    spans.push({
      kind,
      rule,
      start,
      end: start + value.length,
      isGeneric: false,
    });
  }
  return spans;
}

/** Sorts spans and unites those that overlap; a specific rule names the whole. */
function united(spans: Span[]): Span[] {
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const whole: Span[] = [];
  for (const span of spans) {
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
  return whole;
}
