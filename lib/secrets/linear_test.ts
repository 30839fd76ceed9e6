/** Time of every rule of ours on texts that are made to cost it. */

import { assert, assertEquals } from "@std/assert";
import { Literals } from "./literals.ts";
import { OWN_RULES } from "./rules/own_rules.ts";
import { findSpans } from "./spans.ts";
import { Random } from "./testing/random.ts";

/** Characters and words of all classes that rules know, to be repeated after triggers. */
const FILLERS = [
  ..."aA1=-_. \t\n\\/:+\"'&;,<>@~%|(",
  "aA1",
  "Ab",
  "a_",
  "a-",
  "a1.",
  "\\n",
  "\\\\n",
  "\n A",
  "A: b\n",
  "=a;",
  "; a=",
  "value",
  " value:",
  '\\"',
  "${a",
  "example",
  "x/x",
  "eyJa.",
  " -p",
  "é",
  "\ud800",
];

/**
 * Lengths of what follows a trigger: beyond the bounds of patterns, or all that is usual; and as long
 * as a password may be, because longer ones are not looked at.
 */
const RUNS: [sign: string, length: number][] = [
  ["", 600],
  ["=", 600],
  ["=", 56],
  [': "', 56],
];

/** Longest time for a million characters, in milliseconds; 20 to 500 are usual. */
const MAX_MS_PER_MILLION = 20_000;

const NOTHING = new Literals([]);

/** Whether a text takes too long; a longer one decides, because others use this machine too. */
async function isSlow(text: string): Promise<boolean> {
  for (const times of [1, 8, 8]) {
    const longer = text.repeat(times);
    const start = performance.now();
    await findSpans(longer, NOTHING);
    const ms = performance.now() - start;
    if (ms * 1e6 / longer.length <= MAX_MS_PER_MILLION) return false;
  }
  return true;
}

const TRIGGERS = new Set(OWN_RULES.flatMap(({ triggers }) => triggers));

Deno.test("findSpans() takes linear time, whatever follows the triggers of rules", async () => {
  await findSpans("npm_", NOTHING); // loads the preset
  const slow: string[] = [];
  for (const [sign, length] of RUNS) {
    for (const filler of FILLERS) {
      const run = `${sign}${filler.repeat(length / filler.length)}"; `;
      const text = Array.from(TRIGGERS, (trigger) => trigger + run).join("");
      if (await isSlow(text)) slow.push(`${sign}${JSON.stringify(filler)}`);
    }
  }
  assertEquals(slow, []);
});

Deno.test("findSpans() takes linear time where a trigger stands over and over again", async () => {
  const slow: string[] = [];
  for (const trigger of TRIGGERS) {
    for (const between of ["", "=", "a", "-", "/", ":", " "]) {
      const unit = trigger + between;
      if (await isSlow(unit.repeat(6000 / unit.length))) slow.push(unit);
    }
  }
  assertEquals(slow, []);
});

Deno.test("findSpans() finds a secret after a text that is made to cost time", async () => {
  const password = "Maple" + "tundra42!";
  const text = `${"key=".repeat(100_000)}\nDB_PASSWORD=${password}`;
  const spans = await findSpans(text, NOTHING);
  assertEquals(spans.map(({ start, end }) => text.slice(start, end)), [
    password,
  ]);
});

Deno.test("findSpans() finds hundreds of thousands of secrets in one text", async () => {
  const token = `npm_${new Random(5).text("base62", 36)} `;
  const spans = await findSpans(token.repeat(150_000), NOTHING);
  assertEquals(spans.length, 150_000);
});

Deno.test("findSpans() is through with a line of 16 MiB in seconds", async () => {
  const block = new Random(16).text("base64", 1024 * 1024);
  const start = performance.now();
  assertEquals(await findSpans(block.repeat(16), NOTHING), []);
  assert(performance.now() - start < 30_000);
});
