/**
 * Triggers: the short texts with which everything begins that rules know.
 *
 * A text is looked through once, character by character, with a table of 2^15 bits that says where
 * no trigger can begin. So rules look at their own triggers and at nothing else, and a text without
 * any costs next to nothing.
 *
 * @module
 */

import { PRESET_RULES } from "./preset_rules.ts";
import { OWN_RULES } from "./rules/own_rules.ts";
import type { Rule } from "./rules/rule.ts";

/** A trigger, and the rules that it calls. */
interface Trigger {
  text: string;
  own: Rule[];
  /** Names of rules of the preset. */
  preset: string[];
}

/** Length of the part of a trigger that the table goes by, in UTF-16 units. */
const LENGTH = 3;

const BITS = 0x7fff;

/** Triggers by the hash of their first characters. */
const TRIGGERS: (Trigger[] | undefined)[] = new Array(BITS + 1);

for (const rule of OWN_RULES) {
  for (const text of rule.triggers) triggerOf(text).own.push(rule);
}
for (const [name, { triggers }] of Object.entries(PRESET_RULES)) {
  for (const text of triggers) triggerOf(text).preset.push(name);
}

function triggerOf(text: string): Trigger {
  let hash = 0;
  for (let at = 0; at < LENGTH; at++) hash = mixed(hash, text.charCodeAt(at));
  const known = TRIGGERS[hash] ??= [];
  let trigger = known.find((one) => one.text === text);
  if (trigger === undefined) {
    known.push(trigger = { text, own: [], preset: [] });
  }
  return trigger;
}

/**
 * Takes a character into a hash of 15 bits, which three more characters push out again. Small
 * letters and capitals are the same.
 */
function mixed(hash: number, code: number): number {
  return ((hash << 5) ^ (code | 0x20)) & BITS;
}

/**
 * Calls `visit` for every place in a text where a trigger may begin that rules have; the rules
 * decide themselves.
 */
export function visitTriggers(
  text: string,
  visit: (at: number, trigger: Trigger) => void,
): void {
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    hash = mixed(hash, text.charCodeAt(at));
    const here = TRIGGERS[hash];
    if (here === undefined) continue;
    const start = at - LENGTH + 1;
    for (const trigger of here) {
      if (begins(text, start, trigger)) visit(start, trigger);
    }
  }
}

function begins(text: string, start: number, { text: trigger, own }: Trigger) {
  return text.startsWith(trigger, start) ||
    own.length > 0 && own[0]!.isAnyCase === true;
}
