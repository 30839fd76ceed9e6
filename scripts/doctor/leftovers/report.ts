/**
 * Says what is left over and what stays, and removes what is left over if the user asked for that.
 *
 * @module
 */

import { isMissing, systemReason } from "../../../lib/errors.ts";
import {
  formatBytes,
  formatCount,
  formatPast,
} from "../../cli/screen/format.ts";
import type { CheckFinding } from "../finding.ts";
import type { Item } from "./item.ts";

/** Most things that are named one by one to a person. */
const MAX_NAMED = 20;

/** A thing that was left over, and what has become of it. */
export interface Dealt {
  item: Item;
  isRemoved: boolean;
  /** Why it could not be removed. */
  why?: string;
}

/** Things that can be removed, or that a command of the user's can take away. */
function leftoversOf(items: Item[]): Item[] {
  return items.filter(({ remove, todo }) =>
    remove !== undefined || todo !== undefined
  );
}

/** Removes what can be removed; without `cleans` nothing. */
export async function deal(items: Item[], cleans: boolean): Promise<Dealt[]> {
  const dealt: Dealt[] = [];
  for (const item of leftoversOf(items)) {
    if (!cleans || item.remove === undefined) {
      dealt.push({ item, isRemoved: false });
      continue;
    }
    try {
      // What is in use by now is no longer left over.
      if (await item.remove()) dealt.push({ item, isRemoved: true });
    } catch (error) {
      // Somebody else has removed it.
      if (isMissing(error)) continue;
      const why = systemReason(error)?.why ?? String(error);
      dealt.push({ item, isRemoved: false, why });
    }
  }
  return dealt;
}

/** Says what is left over, or what was removed. */
export function describeLeftovers(
  dealt: Dealt[],
  cleans: boolean,
  now: Date,
): CheckFinding {
  const check = "leftovers";
  const removed = dealt.filter(({ isRemoved }) => isRemoved);
  const stays = dealt.filter(({ isRemoved }) => !isRemoved);
  const parts = [
    ...removed.length === 0 ? [] : [`removed ${sum(removed)}`],
    ...stays.length === 0 ? [] : [`${sum(stays)} left over`],
  ];
  const todo = todoFor(stays, cleans);
  return {
    check,
    state: stays.some(({ why }) => why !== undefined)
      ? "wrong"
      : stays.length > 0
      ? "hint"
      : "ok",
    text: parts.join("; ") || "none",
    details: details(dealt, now),
    todo,
    fields: { count: stays.length, removed: removed.length },
  };
}

function todoFor(stays: Dealt[], cleans: boolean): string | undefined {
  const commands = new Set(stays.flatMap(({ item }) => item.todo ?? []));
  const isRemovable = stays.some(({ item, why }) =>
    item.remove !== undefined && why === undefined
  );
  const parts = [
    ...isRemovable && !cleans ? ["claude-spread doctor --clean"] : [],
    ...commands,
  ];
  if (parts.length > 0) return `To remove it: ${parts.join("; ")}`;
  return stays.some(({ why }) => why !== undefined)
    ? "Check the rights of its folder"
    : undefined;
}

function details(dealt: Dealt[], now: Date): string[] {
  const lines = dealt.slice(0, MAX_NAMED).map(({ item, isRemoved, why }) => {
    const { what, bytes, at, path } = item;
    const when = at === null ? "" : `, ${formatPast(at, now)}`;
    const fate = isRemoved ? "removed " : "";
    const problem = why === undefined ? "" : ` (cannot be removed: ${why})`;
    return `${fate}${what}, ${formatBytes(bytes)}${when}: ${path}${problem}`;
  });
  const more = dealt.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** Says what stays, by its kind. */
export function describeKept(items: Item[]): CheckFinding {
  const left = new Set(leftoversOf(items));
  const kinds = Map.groupBy(
    items.filter((item) => !left.has(item)),
    ({ what }) => what,
  );
  const counts = [...kinds].map(([what, items]) => ({
    what,
    count: items.length,
    bytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
  }));
  return {
    check: "kept",
    state: "ok",
    text: counts.length === 0
      ? "nothing is kept here"
      : counts.map(({ what, count, bytes }) =>
        `${formatCount(count, what, plural(what))} (${formatBytes(bytes)})`
      ).join(", "),
    fields: { kept: counts },
  };
}

/** Plural of a kind, whose first noun changes. */
function plural(what: string): string {
  return what.replace(
    /^(?:partial download|half-opened work|[a-z]+)/,
    (noun) =>
      noun === "copy" ? "copies" : noun === "entry" ? "entries" : `${noun}s`,
  );
}

function sum(dealt: Dealt[]): string {
  const bytes = dealt.reduce((sum, { item }) => sum + item.bytes, 0);
  return `${formatCount(dealt.length, "thing")}, ${formatBytes(bytes)}`;
}
