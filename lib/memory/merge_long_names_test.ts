/** Names too long for a suffix: files kept beside ours get second names that are cut. */

import { assert, assertEquals } from "@std/assert";
import { type MergePlan, planMerge } from "./merge.ts";

type Texts = Record<string, string>;

function merge(local: Texts, theirs: Texts): MergePlan {
  return planMerge({
    local: new Map(Object.entries(local)),
    received: new Map(
      Object.entries(theirs).map(([name, text]) => [name, { text, raw: text }]),
    ),
    provenance: { day: "2026-11-24" },
    choose: () => "keep-both",
  });
}

/** The memory after an installation. */
function after(local: Texts, { writes }: MergePlan): Texts {
  return { ...local, ...Object.fromEntries(writes) };
}

const kinds = ({ outcomes }: MergePlan) =>
  Object.fromEntries(outcomes.map(({ as, kind }) => [as, kind]));

/** Files of names that differ at their end, behind more than a second name keeps. */
function longNamed(ends: string[], text: (end: string) => string): Texts {
  return Object.fromEntries(
    ends.map((end) => [`${"x".repeat(248)}${end}.md`, text(end)]),
  );
}

Deno.test("planMerge() gives long names that begin the same a second name each, and finds it again", () => {
  const ours = longNamed(["aaaa", "bbbb", "cccc"], () => "ours");
  const theirs = longNamed(["aaaa", "cccc"], (end) => `theirs ${end}`);
  const first = merge(ours, theirs);
  const [one, two] = first.outcomes.map(({ as }) => as);
  assertEquals(kinds(first), { [one!]: "kept_both", [two!]: "kept_both" });
  assertEquals([one, two], [
    `${"x".repeat(60)}-received.md`,
    `${"x".repeat(60)}-received-2.md`,
  ]);
  const installed = after(ours, first);
  assertEquals(merge(installed, theirs).writes.size, 0);
  // Of one that is new, and stands before one that is not.
  const more = merge(
    installed,
    longNamed(["aaaa", "bbbb", "cccc"], (end) => `theirs ${end}`),
  );
  assertEquals(kinds(more), {
    [one!]: "same",
    [`${"x".repeat(60)}-received-3.md`]: "kept_both",
    [two!]: "same",
  });
});

Deno.test("planMerge() keeps one file for long names that begin the same and say the same", () => {
  const ours = longNamed(["aaaa", "bbbb"], () => "ours");
  const theirs = longNamed(["aaaa", "bbbb"], () => "theirs");
  const plan = merge(ours, theirs);
  assertEquals(plan.outcomes.map(({ kind }) => kind), ["kept_both", "same"]);
  assertEquals(merge(after(ours, plan), theirs).writes.size, 0);
});

Deno.test("planMerge() copes with as many long names that begin the same as a bundle may have", () => {
  const ends = Array.from({ length: 1000 }, (_, i) => String(1000 + i));
  const ours = longNamed(ends, () => "ours");
  const theirs = longNamed(ends, (end) => `${end} ${"word ".repeat(9_000)}`);
  const start = performance.now();
  const plan = merge(ours, theirs);
  assertEquals(new Set(plan.outcomes.map(({ as }) => as)).size, 1000);
  assertEquals(merge(after(ours, plan), theirs).writes.size, 0);
  assert(performance.now() - start < 20_000);
});
