/**
 * The order of a conversation: what Claude Code 2.1.197 and 2.1.332 sent to the model when they
 * went on with transcripts like these.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { orderConversation } from "./conversation_order.ts";
import {
  Entries,
  type Entry,
  type EntryKind,
  type Kept,
  MISSING,
  NONE,
} from "./entries.ts";

/**
 * Entries in a short form: `NAME<PARENT`, `-` for no parent. Names begin with their kind: `u`ser,
 * `a`ssistant, `r`esult, `c`ompaction, `x` for anything else, `s` for a subagent's. `=ID` is the
 * id of an answer, `!1` is a call in it, and `r1` is its result.
 */
function entriesOf(short: string): Entries {
  const place = placesIn(short);
  return tableOf(
    short.split(" ").map((line): Entry => {
      const [, name, parent, answer, call] =
        /^(\w+)<([\w-]+)(?:=(\w+))?(?:!(\w+))?$/.exec(line)!;
      const kind = name![0]!;
      return {
        parent: parent === "-" ? NONE : place(parent!),
        kind: KINDS[kind] ?? "other",
        isAside: kind === "s",
        answer: answer?.charCodeAt(0),
        calls: call === undefined ? undefined : [Number(call)],
        results: kind === "r" ? [Number(/\d+/.exec(name!)![0])] : undefined,
      };
    }),
  );
}

function tableOf(lines: Entry[]): Entries {
  const entries = new Entries();
  for (const [row, entry] of lines.entries()) entries.set(row, entry);
  return entries;
}

/** Places of lines in the short form, by their names. */
function placesIn(short: string): (name: string) => number {
  const names = short.split(" ").map((line) => /^\w+/.exec(line)![0]);
  return (name) => {
    const place = names.indexOf(name);
    return place === -1 ? MISSING : place;
  };
}

const KINDS: Record<string, EntryKind> = {
  u: "user",
  r: "user",
  s: "user",
  a: "assistant",
  c: "compaction",
};

function namesOf(short: string, places: number[]): string {
  const names = short.split(" ").map((line) => /^\w+/.exec(line)![0]);
  return places.map((i) => names[i]).join(" ");
}

const WAYS: [what: string, lines: string, conversation: string][] = [
  ["line by line", "u1<- a1<u1 u2<a1 a2<u2", "u1 a1 u2 a2"],
  ["on the last branch", "u1<- a1<u1 u2<a1 a2<u2 u3<a1 a3<u3", "u1 a1 u3 a3"],
  [
    "on the branch that was used last",
    "u1<- a1<u1 u2<a1 a2<u2 u3<a1 a3<u3 u4<a2",
    "u1 a1 u2 a2 u4",
  ],
  [
    "to the last line, whatever it is",
    "u1<- a1<u1 u2<a1 a2<u2 u3<a1 x1<a2",
    "u1 a1 u2 a2",
  ],
  ["from the last beginning", "u1<- a1<u1 u2<- a2<u2", "u2 a2"],
  ["where each line is a beginning", "u1<- a1<- u2<- a2<-", "a2"],
  ["over lines that do not go", "u1<- x1<u1 a1<x1 x2<a1 u2<x2", "u1 a1 u2"],
  [
    "over lines that are missing",
    "u1<- a1<u1 u2<gone a2<u2",
    "u1 a1 u2 a2",
  ],
  ["where lines come before those they follow", "a1<u1 u1<- u2<a1", "u1 a1 u2"],
  [
    "where lines are the wrong way round",
    "a2<u2 u2<a1 a1<u1 u1<-",
    "u1 a1 u2 a2",
  ],
  ["in a circle", "u1<a2 a1<u1 u2<a1 a2<u2 u3<a2", "u1 a1 u2 a2 u3"],
  ["where a line follows itself", "u1<- a1<u1 u2<u2 a2<u2", "u1 a1 u2 a2"],
  ["without a subagent's", "u1<- a1<u1 s1<- s2<s1 u2<a1 s3<-", "u1 a1 u2"],
  [
    "with the calls beside it, and their results",
    "u1<- a0<u1=m a1<a0=m!1 a2<a1=m!2 a3<a2=m!3 r1<a1 r2<a2 r3<a3 a4<r1",
    "u1 a0 a1 a2 a3 r1 r2 r3 a4",
  ],
  [
    "with calls that all follow one line",
    "u1<- a1<u1=m!1 a2<u1=m!2 r1<a1 r2<a2 a3<r2",
    "u1 a1 a2 r1 r2 a3",
  ],
  [
    "with results that came between the calls",
    "u1<- a1<u1=m!1 r1<a1 a2<a1=m!2 r2<a2 a3<r2",
    "u1 a1 a2 r1 r2 a3",
  ],
  [
    "with a result that came late",
    "u1<- a1<u1=m!1 u2<a1 r1<u2 a2<r1",
    "u1 a1 r1 u2 a2",
  ],
  [
    "with results whose predecessor is missing",
    "u1<- a1<u1=m!1 a2<a1=m!2 r1<a1 r2<- a3<r1",
    "u1 a1 a2 r1 r2 a3",
  ],
  [
    "without another answer that has the same id",
    "u1<- a1<u1=m u2<a1 a2<u2=m u3<a1 a3<u3=m",
    "u1 a1 u3 a3",
  ],
  [
    "where ids of calls come again",
    "u1<- a1<u1!1 r1<a1 a2<r1!1 r1b<a2 a3<r1b",
    "u1 a1 r1 a2 r1b a3",
  ],
];

for (const [what, lines, conversation] of WAYS) {
  Deno.test(`orderConversation() goes ${what}`, () => {
    const order = orderConversation(entriesOf(lines), MISSING);
    assertEquals(namesOf(lines, order.conversation), conversation);
    assertEquals(order.earlier, []);
  });
}

const FORK = "u1<- a1<u1 u2<a1 a2<u2 u3<a1 a3<u3";

const LAST_USED: [lastUsed: string, conversation: string][] = [
  ["a3", "u1 a1 u3 a3"],
  ["a2", "u1 a1 u2 a2"],
  ["u2", "u1 a1 u2 a2"],
  ["a1", "u1 a1 u3 a3"],
  ["gone", "u1 a1 u3 a3"],
];

for (const [lastUsed, conversation] of LAST_USED) {
  Deno.test(`orderConversation() goes on after ${lastUsed}, which was used last`, () => {
    const order = orderConversation(entriesOf(FORK), placesIn(FORK)(lastUsed));
    assertEquals(namesOf(FORK, order.conversation), conversation);
  });
}

const COMPACTED = "u1<- a1<u1 u2<a1 a2<u2 c1<- u3<c1 u4<u3 a4<u4";

const at = placesIn(COMPACTED);

const COMPACTIONS: [
  what: string,
  kept: Kept | undefined,
  conversation: string,
  earlier: string,
][] = [
  ["nothing", undefined, "u3 u4 a4", "u1 a1 u2 a2"],
  [
    "a segment, after the summary",
    { anchor: at("u3"), head: at("u2"), tail: at("a2") },
    "u3 u2 a2 u4 a4",
    "u1 a1",
  ],
  [
    "messages by their names, in their order",
    { anchor: at("u3"), messages: [at("a2"), at("u1")] },
    "u3 a2 u1 u4 a4",
    "a1 u2",
  ],
  [
    "messages before the summary",
    { anchor: at("c1"), messages: [at("u2"), at("a2")] },
    "u2 a2 u3 u4 a4",
    "u1 a1",
  ],
  [
    "none when one of them is missing",
    { anchor: at("u3"), messages: [at("gone"), at("a2")] },
    "u3 u4 a4",
    "u1 a1 u2 a2",
  ],
  [
    "none when the segment has no beginning",
    { anchor: at("u3"), head: at("gone"), tail: at("a2") },
    "u3 u4 a4",
    "u1 a1 u2 a2",
  ],
  [
    "none when nothing says where they go",
    { anchor: at("gone"), head: at("u2"), tail: at("a2") },
    "u3 u4 a4",
    "u1 a1 u2 a2",
  ],
];

for (const [what, kept, conversation, earlier] of COMPACTIONS) {
  Deno.test(`orderConversation() begins after a compaction that keeps ${what}`, () => {
    const entries = entriesOf(COMPACTED);
    entries.compactions.set(at("c1"), { before: at("a2"), kept });
    const order = orderConversation(entries, MISSING);
    assertEquals(
      [
        namesOf(COMPACTED, order.conversation),
        namesOf(COMPACTED, order.earlier),
      ],
      [conversation, earlier],
    );
  });
}

Deno.test("orderConversation() goes back over several compactions for what came earlier", () => {
  const lines = "u1<- a1<u1 c1<- u2<c1 a2<u2 c2<- u3<c2 a3<u3";
  const at = placesIn(lines);
  const entries = entriesOf(lines);
  // The second is of an old version of Claude Code, which did not say.
  entries.compactions.set(at("c1"), { before: at("a1") });
  entries.compactions.set(at("c2"), {
    before: MISSING,
    kept: { anchor: at("u3"), messages: [at("a2")] },
  });
  const order = orderConversation(entries, MISSING);
  assertEquals(namesOf(lines, order.conversation), "u3 a2 a3");
  assertEquals(namesOf(lines, order.earlier), "u1 a1 u2");
});

Deno.test("orderConversation() takes each message once, of any transcript, and messages alone", () => {
  const place = fc.integer({ min: 0, max: 7 });
  const orMissing = fc.oneof(place, fc.constant(MISSING));
  const some = (max: number) =>
    fc.option(
      fc.array(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 2 }),
      {
        nil: undefined,
      },
    );
  const entry = fc.record({
    parent: fc.oneof(orMissing, fc.constant(NONE)),
    kind: fc.constantFrom<EntryKind>(
      ...["user", "assistant", "assistant", "compaction", "other"] as const,
    ),
    isAside: fc.boolean(),
    answer: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined }),
    calls: some(1),
    results: some(1),
    before: orMissing,
    kept: fc.option(
      fc.record({
        anchor: orMissing,
        messages: fc.array(orMissing, { maxLength: 3 }),
      }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 8, maxLength: 8 }),
      orMissing,
      (drafts, lastUsed) => {
        const entries = tableOf(drafts.map((draft) => ({
          ...draft,
          ...draft.kind !== "assistant" && {
            answer: undefined,
            calls: undefined,
          },
          ...draft.kind !== "user" && { results: undefined },
        })));
        for (const [row, { before, kept }] of drafts.entries()) {
          entries.compactions.set(row, { before, kept });
        }
        const order = orderConversation(entries, lastUsed);
        const all = [...order.conversation, ...order.earlier];
        assertEquals(new Set(all).size, all.length);
        for (const i of all) {
          assert(["user", "assistant"].includes(entries.kind(i)));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
