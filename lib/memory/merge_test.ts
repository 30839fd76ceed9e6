import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseIndex } from "./index/blocks.ts";
import { linkTargets, plainLinks } from "./index/links.ts";
import {
  type ConflictChoice,
  type MergePlan,
  planMerge,
  type ReceivedMemory,
} from "./merge.ts";
import { isSameMemory } from "./text.ts";
import { requireSafeNames } from "../files/safe_name.ts";

const PROVENANCE = {
  sender: "alex@walnut",
  project: "shop",
  day: "2026-11-24",
};

type Texts = Record<string, string>;

function received(texts: Texts): Map<string, ReceivedMemory> {
  return new Map(
    Object.entries(texts).map(([name, text]) => [name, { text, raw: text }]),
  );
}

function merge(
  local: Texts,
  theirs: Texts,
  choice: ConflictChoice = "keep-both",
  day = PROVENANCE.day,
): MergePlan {
  return planMerge({
    local: new Map(Object.entries(local)),
    received: received(theirs),
    provenance: { ...PROVENANCE, day },
    choose: () => choice,
  });
}

function after(local: Texts, plan: MergePlan): Texts {
  return { ...local, ...Object.fromEntries(plan.writes) };
}

const kinds = (plan: MergePlan) =>
  Object.fromEntries(plan.outcomes.map(({ as, kind }) => [as, kind]));

const memory = (body: string) =>
  `---\nname: topic\ndescription: What it says\nmetadata:\n  type: project\n---\n${body}\n`;

Deno.test("planMerge() adds what is new, with where it came from and an entry", () => {
  const plan = merge({}, { "topic.md": memory("Body") });
  assertEquals(kinds(plan), { "topic.md": "added" });
  assertEquals(
    plan.writes.get("topic.md"),
    '---\nreceived: "from alex@walnut, project shop, on 2026-11-24"\n' +
      memory("Body").slice(4),
  );
  assertEquals(
    plan.writes.get("MEMORY.md"),
    "## Received from alex@walnut (project shop)\n\n" +
      "> - [topic](topic.md) — What it says\n\n",
  );
});

Deno.test("planMerge() leaves alone what is the same, wherever it came from", () => {
  const body = memory("Body");
  const installed = after({}, merge({}, { "topic.md": body }));
  const copies = [body, body.replaceAll("\n", "\r\n"), installed["topic.md"]!];
  for (const copy of copies) {
    const plan = merge({ "topic.md": copy }, { "topic.md": body });
    assertEquals([kinds(plan), plan.writes.size], [{ "topic.md": "same" }, 0]);
  }
});

Deno.test("planMerge() takes a file for the same that was only cleaned on its way", () => {
  const local = "Run npm <command>";
  const cleaned = "Run npm < command>";
  for (const here of [local, cleaned]) {
    // As it comes from its first machine, and back from the second one.
    for (const raw of [local, cleaned]) {
      const plan = planMerge({
        local: new Map([["a.md", here]]),
        received: new Map([["a.md", { text: cleaned, raw }]]),
        provenance: PROVENANCE,
        choose: () => "keep-both",
      });
      assertEquals(kinds(plan), { "a.md": "same" }, `${here}, ${raw}`);
    }
  }
});

Deno.test("planMerge() does with a differing file as chosen", () => {
  const local = { "a.md": "ours", "MEMORY.md": "- [A](a.md) — ours\n" };
  const theirs = { "a.md": "theirs", "MEMORY.md": "- [A](a.md) — theirs\n" };
  const table: [ConflictChoice, Texts, string[]][] = [
    ["ours", { "a.md": "skipped" }, []],
    ["theirs", { "a.md": "replaced" }, ["- [A](a.md) — theirs"]],
    ["keep-both", { "a-received.md": "kept_both" }, [
      "- [A](a-received.md) — theirs",
    ]],
  ];
  for (const [choice, outcome, gains] of table) {
    const plan = merge(local, theirs, choice);
    assertEquals([kinds(plan), plan.indexGains], [outcome, gains], choice);
    const result = after(local, plan);
    assert(result["MEMORY.md"]!.startsWith(local["MEMORY.md"]));
    assertEquals(result["a.md"] === "ours", choice !== "theirs");
  }
});

Deno.test("planMerge() passes by second names that are taken", () => {
  const local = {
    "a.md": "ours",
    "a-received.md": "an older one",
    "A-RECEIVED-2.md": "another one",
  };
  const plan = merge(local, { "a.md": "theirs", "a-received-3.md": "more" });
  assertEquals(kinds(plan), {
    "a-received-4.md": "kept_both",
    "a-received-3.md": "added",
  });
});

Deno.test("planMerge() finds a second name for one that is as long as names get", () => {
  for (const stem of ["x".repeat(252), "한".repeat(84), "🙂".repeat(63)]) {
    const name = `sub/${stem}.md`;
    const plan = merge({ [name]: "ours" }, { [name]: "theirs" });
    requireSafeNames(plan.writes.keys());
    assertEquals(plan.outcomes[0]!.kind, "kept_both");
  }
});

Deno.test("planMerge() takes a name for the file here that some systems do not tell from it", () => {
  const plan = merge({ "caf\u00e9.md": "ours" }, { "Cafe\u0301.md": "ours" });
  assertEquals(kinds(plan), { "caf\u00e9.md": "same" });
});

Deno.test("planMerge() merges an index below ours, without what it has already", () => {
  const local = {
    "MEMORY.md": "# Memory\n\n- [A](a.md) — one\n\n## Build\n\nUse make.\n",
    "a.md": "a",
  };
  const theirs = {
    "MEMORY.md": "# Memory\n- [A](a.md) — one\n  and more of it\n" +
      "- [B](b.md) — two\n## Build\nUse make.\n\n## Test\nUse\ndeno.\n" +
      "## Nothing here\n",
    "a.md": "a",
    "b.md": "b",
  };
  const plan = merge(local, theirs);
  assertEquals(
    plan.writes.get("MEMORY.md"),
    `${local["MEMORY.md"]}
## Received from alex@walnut (project shop)

> - [A](a.md) — one
>   and more of it
> - [B](b.md) — two
>
> ## Test
>
> Use
> deno.

`,
  );
});

Deno.test("planMerge() leaves what is new under the heading that it came under", () => {
  const local = { "MEMORY.md": "# M\n## Conventions\n- Use npm\n" };
  const theirs = {
    "MEMORY.md": "- Use npm\n## Build\n- x\n## Conventions\n- Use npm\n- y\n" +
      "## Backend\n- Use npm\n## Frontend\n- Use npm\n",
  };
  assertEquals(merge(local, theirs).indexGains, [
    "## Build",
    "- x",
    "## Conventions",
    "- y",
    "## Backend",
    "- Use npm",
    "## Frontend",
    "- Use npm",
  ]);
});

Deno.test("planMerge() leaves fenced code as it is", () => {
  const code = "```sh\n# first\nnpm i\n\nnpm t\n```";
  const plan = merge({}, { "MEMORY.md": `## Build\n\n${code}\n` });
  assertEquals(plan.indexGains, ["## Build", code]);
  // One that is left open would take the next blocks for code.
  const open = merge({}, { "MEMORY.md": "a\n\n```js\nb\n\n- c\n\n~~~" });
  assertEquals(open.indexGains, ["a", "\\```js\nb", "- c", "\\~~~"]);
});

Deno.test("planMerge() heeds every link of a part of the index", () => {
  const list = "- Topics\n  - [A](a.md)\n  - [B](b.md) and words";
  const theirs = { "MEMORY.md": list, "a.md": "a", "b.md": "b" };
  assertEquals(merge({}, theirs).indexGains, [list]);
  assertEquals(merge({ "a.md": "ours" }, theirs, "ours").indexGains, [list]);
  const both = { "a.md": "ours", "b.md": "ours" };
  assertEquals(merge(both, theirs, "ours").indexGains, []);
});

Deno.test("planMerge() writes into an index as its lines end", () => {
  const plan = merge({ "MEMORY.md": "- x\r\n" }, { "MEMORY.md": "- y\n" });
  assertEquals(
    plan.writes.get("MEMORY.md"),
    "- x\r\n\r\n## Received from alex@walnut (project shop)\r\n\r\n> - y\r\n\r\n",
  );
});

Deno.test("planMerge() knows an index again that was cleaned on its way", () => {
  const plan = merge({ "MEMORY.md": "- a\u200bb\n" }, {
    "MEMORY.md": "- ab\n",
  });
  assertEquals(plan.writes.size, 0);
});

Deno.test("planMerge() adds to a heading that is there, and only once", () => {
  const first = after({}, merge({}, { "MEMORY.md": "- one\n" }));
  const plan = merge(first, { "MEMORY.md": "- one\n- two\n" });
  assertEquals(
    plan.writes.get("MEMORY.md"),
    "## Received from alex@walnut (project shop)\n\n> - one\n\n> - two\n\n",
  );
});

Deno.test("planMerge() copes with an index of 40 000 lines", () => {
  const lines = (from: number) =>
    Array.from({ length: 40_000 }, (_, i) => `- line ${from + i}`).join("\n");
  const local = { "MEMORY.md": lines(0) };
  const start = performance.now();
  const plan = merge(local, { "MEMORY.md": lines(20_000) });
  assertEquals(plan.indexGains.length, 20_000);
  assert(performance.now() - start < 10_000);
});

Deno.test("planMerge() copes with a part of an index of 500 000 lines", () => {
  const text = "x\n".repeat(500_000);
  const { writes } = merge({}, { "MEMORY.md": text });
  const quote = "> x\n".repeat(500_000);
  assert(writes.get("MEMORY.md")!.endsWith(`\n\n${quote}\n`));
});

const name = fc.constantFrom(
  "a.md",
  "A.md",
  "a-received.md",
  "b.md",
  "sub/c.md",
  "long name.md",
  "a#b%20(c).md",
);
const line = fc.constantFrom(
  "",
  "  ",
  "# Memory",
  "## Build",
  "## Deep",
  "- [A](a.md) — one",
  "- [A](a.md) — two",
  "* [C](sub/c.md)",
  "- [L](<long name.md>) — x",
  "## Received from alex (project x)",
  "> - quoted",
  "> words",
  "  more of it",
  "Some words",
  "Some words\r",
  "```",
  "---",
  "| a | b |",
  "<!-- x",
);
const indexText = fc.array(line, { maxLength: 12 }).map((all) =>
  all.join("\n")
);
const text = fc.oneof(
  fc.constantFrom(
    "one",
    "two\n",
    memory("x"),
    memory("y"),
    "---\n",
    "---\n---\n",
  ),
  fc.string(),
);
const folder = fc.tuple(
  fc.dictionary(name, text, { maxKeys: 5 }),
  fc.option(indexText, { nil: undefined }),
).map(([files, index]): Texts =>
  index === undefined ? files : { ...files, "MEMORY.md": index }
);

/** Leaves out names that no sender could send together. */
const sendable = folder.filter((files) => {
  try {
    requireSafeNames(Object.keys(files));
    return true;
  } catch {
    return false;
  }
});
const choice = fc.constantFrom<ConflictChoice>("keep-both", "theirs", "ours");

Deno.test("planMerge() changes nothing, when the same is installed again", () => {
  fc.assert(
    fc.property(folder, sendable, choice, (local, theirs, chosen) => {
      const once = after(local, merge(local, theirs, chosen));
      const again = merge(once, theirs, chosen, "2027-01-01");
      assertEquals([...again.writes], []);
    }),
    { numRuns: 1000 },
  );
});

/** A text without the backslashes that show an open fence as text, and the blanks that defuse tags. */
const unescaped = (text: string) =>
  text.replaceAll("\\", "").replaceAll("< ", "<");

Deno.test("planMerge() loses nothing of either side, when both are kept", () => {
  fc.assert(
    fc.property(folder, sendable, (local, theirs) => {
      const plan = merge(local, theirs);
      const result = after(local, plan);
      for (const [name, text] of Object.entries(local)) {
        if (name === "MEMORY.md") assert(result[name]!.startsWith(text));
        else assertEquals(result[name], text);
      }
      for (const { name, as } of plan.outcomes) {
        assert(isSameMemory(result[as]!, theirs[name]!));
      }
      const renamed = new Set(
        plan.outcomes.filter((o) => o.name !== o.as)
          .map((o) => o.name),
      );
      const texts = new Set(
        parseIndex(result["MEMORY.md"] ?? "")
          .map((block) => unescaped(plainLinks(block.text))),
      );
      for (const block of parseIndex(theirs["MEMORY.md"] ?? "")) {
        if (block.kind === "heading") continue;
        if (linkTargets(block.text).some((name) => renamed.has(name))) continue;
        assert(texts.has(unescaped(plainLinks(block.text))), block.text);
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("planMerge() leads from the index to every file that it adds", () => {
  fc.assert(
    fc.property(folder, sendable, choice, (local, theirs, chosen) => {
      const plan = merge(local, theirs, chosen);
      const index = after(local, plan)["MEMORY.md"] ?? "";
      const targets = new Set(linkTargets(index));
      for (const { as, kind } of plan.outcomes) {
        if (kind === "added" || kind === "kept_both") {
          assert(targets.has(as), as);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
