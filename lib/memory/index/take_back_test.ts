import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isBlank } from "./blocks.ts";
import { appendReceived } from "./received_section.ts";
import { takeBack } from "./take_back.ts";

const HEADING = "Received from alex";

const isKept = () => false;

const ownLine = fc.constantFrom(
  "",
  "# Memory",
  "- x",
  "text",
  "> quoted",
  ">",
  "> - x",
  "text\r",
  "## Received from alex",
  "> theirs 0",
);
const own = fc.array(ownLine, { maxLength: 8 }).map((lines) =>
  lines.map((line) => `${line}\n`).join("")
);
const blocks = fc.array(
  fc.constantFrom(
    "- x",
    "- theirs 1",
    "# Theirs",
    "theirs 2\nand more",
    "```\n\n\ntheirs 3\n```",
    "> theirs 4",
  ),
  { minLength: 1, maxLength: 6 },
);

Deno.test("takeBack() leaves what was there and what was written above and below, to the byte", () => {
  fc.assert(
    fc.property(own, blocks, own, own, (before, blocks, above, below) => {
      const after = appendReceived(before, HEADING, blocks);
      const section = { heading: HEADING, before, after, isKept };
      const mine = (text: string) => text.replace(/\w+/g, "mine $&");
      const edited = mine(above) + after + mine(below);
      assertEquals(takeBack(edited, section), {
        index: mine(above) + before + mine(below),
        missing: 0,
        left: 0,
      });
    }),
    { numRuns: 1000 },
  );
});

Deno.test("takeBack() leaves each line of the user's between the sender's, and none of the sender's", () => {
  const line = fc.constantFrom("mine", "- mine", "> mine", "## Mine", "");
  const edits = fc.array(fc.tuple(fc.nat(), line), { maxLength: 6 });
  fc.assert(
    fc.property(own, blocks, edits, (before, blocks, edits) => {
      const after = appendReceived(before, HEADING, blocks);
      const first = before.split("\n").length - 1;
      const lines = after.split("\n").slice(0, -1)
        .map((text, at) => ({ text, isTheirs: at >= first }));
      for (const [place, text] of edits) {
        const at = place % (lines.length + 1);
        lines.splice(at, 0, { text, isTheirs: false });
      }
      const said = (texts: string[]) =>
        texts.map((text) => text.trimEnd()).filter((text) => !isBlank(text));
      const { index, missing } = takeBack(
        lines.map(({ text }) => `${text}\n`).join(""),
        { heading: HEADING, before, after, isKept },
      );
      assertEquals(
        said(index.split("\n")).sort(),
        said(lines.flatMap(({ text, isTheirs }) => isTheirs ? [] : [text]))
          .sort(),
      );
      assertEquals(missing, 0);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("takeBack() copes with 40 000 lines", () => {
  const blocks = Array.from({ length: 40_000 }, (_, i) => `- line ${i}`);
  const before = "- mine\n";
  const after = appendReceived(before, HEADING, blocks);
  const section = { heading: HEADING, before, after, isKept };
  const start = performance.now();
  assertEquals(takeBack(`${after}x\n`, section).index, "- mine\nx\n");
  assert(performance.now() - start < 10_000);
});
