/**
 * Triggers: the short texts with which everything begins that rules know.
 *
 * A text is looked through once, character by character, with a table of 2^15 bits that says where
 * no trigger can begin. So rules look at their own triggers and at nothing else, and a text without
 * any costs next to nothing.
 *
 * @module
 */

import { OWN_RULES } from "./rules/own_rules.ts";
import { PRESET_RULES } from "./rules/preset_rules.ts";
import type { Rule } from "./rules/rule.ts";

/** A trigger, and the rules that it calls. */
interface Trigger {
  text: string;
  /** The bit of small letters for a trigger in any case, otherwise 0. */
  caseBit: number;
  own: Rule[];
  /** Names of rules of the preset. */
  preset: string[];
}

/** The bit by which small letters differ from capitals. */
const CASE_BIT = 0x20;

/** Length of the part of a trigger that the table goes by, in UTF-16 units. */
const LENGTH = 3;

const BITS = 0x7fff;

/** Triggers by the hash of their first characters. */
const TRIGGERS: (Trigger[] | undefined)[] = new Array(BITS + 1);

/** Whether there are any, by the same hash; it fits into the cache of the processor. */
const IS_START = new Uint8Array(BITS + 1);

for (const rule of OWN_RULES) {
  const caseBit = rule.isAnyCase ? CASE_BIT : 0;
  for (const text of rule.triggers) triggerOf(text, caseBit).own.push(rule);
}
for (const [name, { triggers }] of Object.entries(PRESET_RULES)) {
  for (const text of triggers) triggerOf(text, 0).preset.push(name);
}

function triggerOf(text: string, caseBit: number): Trigger {
  let hash = 0;
  for (let at = 0; at < LENGTH; at++) hash = mixed(hash, text.charCodeAt(at));
  const known = TRIGGERS[hash] ??= [];
  IS_START[hash] = 1;
  let trigger = known.find((one) =>
    one.text === text && one.caseBit === caseBit
  );
  if (trigger === undefined) {
    known.push(trigger = { text, caseBit, own: [], preset: [] });
  }
  return trigger;
}

/**
 * Takes a character into a hash of 15 bits, which three more characters push out again. Small
 * letters and capitals are the same.
 */
function mixed(hash: number, code: number): number {
  return ((hash << 5) ^ (code | CASE_BIT)) & BITS;
}

/** Calls `visit` for every trigger in a text, in order. */
export function visitTriggers(
  text: string,
  visit: (at: number, trigger: Trigger) => void,
): void {
  let hash = 0;
  for (let at = 0; at < text.length; at++) {
    hash = mixed(hash, text.charCodeAt(at));
    if (IS_START[hash] === 0) continue;
    const start = at - LENGTH + 1;
    for (const trigger of TRIGGERS[hash]!) {
      if (stands(trigger, text, start)) visit(start, trigger);
    }
  }
}

function stands(
  { text: trigger, caseBit }: Trigger,
  text: string,
  start: number,
) {
  for (let at = 0; at < trigger.length; at++) {
    const code = text.charCodeAt(start + at) | caseBit;
    if (code !== (trigger.charCodeAt(at) | caseBit)) return false;
  }
  return true;
}
