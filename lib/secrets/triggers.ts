/**
 * Triggers: the short texts with which all secrets begin that rules know.
 *
 * One expression finds them in a text, so that rules look at their own triggers and at nothing
 * else.
 *
 * @module
 */

import { PRESET_RULES } from "./preset_rules.ts";
import { OWN_RULES } from "./rules/own_rules.ts";
import type { Rule } from "./rules/rule.ts";

/** The rules that a trigger calls. */
export interface Called {
  own: Rule[];
  /** Names of rules of the preset. */
  preset: string[];
}

const CALLED = new Map<string, Called>();

for (const rule of OWN_RULES) {
  for (const trigger of rule.triggers) calledBy(trigger).own.push(rule);
}
for (const [name, { triggers }] of Object.entries(PRESET_RULES)) {
  for (const trigger of triggers) calledBy(trigger).preset.push(name);
}
// A longer trigger is found in the place of a shorter one that it begins with.
for (const [trigger, called] of CALLED) {
  for (const [shorter, { own, preset }] of CALLED) {
    if (shorter === trigger || !trigger.startsWith(shorter)) continue;
    called.own.push(...own.filter((rule) => !called.own.includes(rule)));
    called.preset.push(
      ...preset.filter((name) => !called.preset.includes(name)),
    );
  }
}

function calledBy(trigger: string): Called {
  let called = CALLED.get(trigger);
  if (called === undefined) {
    CALLED.set(trigger, called = { own: [], preset: [] });
  }
  return called;
}

const ANY = new RegExp(
  [...CALLED.keys()].sort((a, b) => b.length - a.length)
    .map((trigger) => RegExp.escape(trigger)).join("|"),
  "g",
);

/** Yields the triggers in a text, with the rules that they call. */
export function* triggersIn(
  text: string,
): Generator<[at: number, called: Called]> {
  ANY.lastIndex = 0;
  for (let hit = ANY.exec(text); hit; hit = ANY.exec(text)) {
    const after = ANY.lastIndex;
    yield [hit.index, CALLED.get(hit[0])!];
    ANY.lastIndex = after;
  }
}
