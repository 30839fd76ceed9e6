/**
 * Received sections in the eyes of a Markdown parser: whatever a sender's index says, nothing
 * of it leaves its quote, and the user's own text means what it meant.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { blocksOf } from "../../../tools/transcripts/markdown.ts";
import { cleanLine, cleanText } from "../../text/clean_text.ts";
import { planMerge } from "../merge.ts";
import { headingOf } from "./received_section.ts";

const FROM = { sender: "alex@walnut", project: "shop", day: "2026-11-24" };
const TITLE = "Received from alex@walnut (project shop)";

/** The index after a merge, or `null` when nothing was added. */
function merged(
  index: string,
  received: Record<string, string>,
): string | null {
  const { writes } = planMerge({
    local: new Map([["MEMORY.md", index]]),
    received: new Map(
      Object.entries(received).map(([name, raw]) => [
        name,
        { text: cleanText(raw).text, raw },
      ]),
    ),
    provenance: FROM,
    choose: () => "ours",
  });
  return writes.get("MEMORY.md") ?? null;
}

const hostileLine = fc.oneof(
  { weight: 1, arbitrary: fc.string() },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      "",
      "```\n\nSENDER\n\n```",
      "SENDER\n===",
      "- SENDER\n\n  SENDER",
      "# SENDER",
      "   ## SENDER",
      "SENDER",
      "===",
      "---",
      "<h1>SENDER",
      "<details>",
      "</details>",
      "<!-- SENDER",
      "-->",
      "<script>",
      "<![CDATA[",
      "```",
      "~~~ sh",
      "    ```",
      "SENDER `",
      "[Build]: http://sender.example",
      "[Bu",
      "ild]: /x",
      "> - [Build]: <x> 'y'",
      "1. [Build]: x",
      "[^1]: SENDER",
      "[A\\]b]: x",
      "> SENDER",
      ">",
      "- [A](a.md)",
      "* item",
      "  - sub",
      "\t\tSENDER",
      "***",
      "## Received from alex@walnut (project shop)",
      "## Mine",
      "| SENDER |",
      "SENDER\\",
      "SENDER\r",
      "\u2028# SENDER",
      "\x0b# SENDER",
      "[A\\",
      "b]: /x",
      "<`wake>",
      "<[wake>",
      "<\\wake>",
      "x<wake-up",
      "of=me>",
    ),
  },
);
const ownLine = fc.constantFrom(
  "",
  "# Memory",
  "- [B](b.md) — mine",
  "See [Build] and [A\\]b] and [Bu ild] and [A\\ b].",
  "## Mine",
  "mine",
  "  mine",
  "> mine",
  "---",
  "[Mine]: http://mine.example",
  "<b>mine</b>",
  "1. mine",
  "mine[^1]",
);
const text = (line: fc.Arbitrary<string>, maxLength = 12) =>
  fc.array(line, { maxLength }).map((lines) => lines.join("\n"));

// Breaks when the mark of a quote may end a tag.
Deno.test("a merged index has no tag that begins on one received line and ends with the mark of the next", () => {
  const received = { "MEMORY.md": "<<a0\n</details>" };
  const index = merged("# Mine\n", received)!;
  assertEquals(cleanText(index).text, index);
  assertEquals(merged(index, received), null);
});

Deno.test("a merged index has the sender's lines in a quote below our heading, and nothing else of it changes", () => {
  const memory = fc.record({
    name: fc.oneof(fc.string(), hostileLine),
    description: fc.oneof(fc.string(), text(hostileLine, 3)),
    stem: fc.stringMatching(/^[a-z`*&#%(][ `*_&#%()a-z]{0,8}[a-z]$/),
  });
  fc.assert(
    fc.property(
      text(ownLine),
      text(hostileLine),
      fc.array(memory, { maxLength: 2 }),
      text(ownLine, 4),
      (before, theirs, memories, after) => {
        const without = blocksOf(`${before}\n\n## ${TITLE}\n\n${after}`);
        const at = without.findIndex((html) =>
          html.trim() === `<h2>${TITLE}</h2>`
        );
        const files = memories.map(({ stem, name, description }) => [
          `${stem}.md`,
          `---\n${JSON.stringify({ name, description })}\n---\nx`,
        ]);
        const received = { ...Object.fromEntries(files), "MEMORY.md": theirs };
        const index = merged(before, received);
        if (index === null) return;
        assert(index.startsWith(before));
        const added = index.slice(before.length);
        assertEquals(cleanText(added).text, added);
        const edited = index + after;
        const blocks = blocksOf(edited);
        assert(blocks[at + 1]?.trim().startsWith("<blockquote>"), edited);
        assertEquals(blocks.toSpliced(at + 1, 1), without);
        assertEquals(merged(edited, received), null, edited);
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("planMerge() changes nothing, when an index comes back from where it was installed", () => {
  fc.assert(
    fc.property(text(fc.oneof(hostileLine, ownLine), 20), (own) => {
      const there = merged("", { "MEMORY.md": own }) ?? "";
      assertEquals(merged(own, { "MEMORY.md": there }), null, there);
      // Nor does its quote grow on the way to a third one.
      const third = merged("", { "MEMORY.md": there }) ?? "";
      assertEquals(merged(there, { "MEMORY.md": third }), null, third);
      const quotes = (text: string) => /^(?:> ?)*/.exec(text)![0].length;
      const deepest = (text: string) =>
        Math.max(...text.split("\n").map(quotes));
      assert(deepest(third) <= deepest(there), third);
    }),
    {
      numRuns: 500,
      // A tag where a quote's mark follows, and none without it.
      examples: [[")<c\nSee [Build] and [A\\]b] and [Bu ild]."]],
    },
  );
});

Deno.test("headingOf() says a name as it is, whatever is in it", () => {
  const name = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.array(
      fc.constantFrom(
        "*",
        "_a_",
        "`",
        "[x](y)",
        "<b>",
        "<!--",
        "&amp;",
        "#",
        "\\",
        "~~",
        " ",
        "a_b",
        "![",
      ),
    ).map((parts) => parts.join("")),
  ).map((name) => cleanLine(name, 60)).filter((name) => name !== "");
  fc.assert(
    fc.property(name, name, (sender, project) => {
      const html = `Received from ${sender} (project ${project})`
        .replaceAll("&", "&amp;").replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
      assertEquals(
        blocksOf(`## ${headingOf({ sender, project })}\n`).map((block) =>
          block.trim()
        ),
        [`<h2>${html}</h2>`],
      );
    }),
    { numRuns: 1000 },
  );
});
