/**
 * Texts as other machines send them (testdata/foreign_text/): hostile ones are defused and told,
 * innocent ones come out unchanged.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { cleanText, countRemoved, markPosingLines } from "./clean_text.ts";
import { findInstructions } from "./instructions.ts";

const folder = new URL("../../testdata/foreign_text/", import.meta.url);

function read(name: string): string {
  return Deno.readTextFileSync(new URL(name, folder));
}

function readRows<Row>(name: string): Row[] {
  return read(`hostile/${name}`).trim().split("\n")
    .map((row) => JSON.parse(row));
}

const clientTags = read("hostile/client_tags.txt").trim().split(/\s+/);

Deno.test("cleanText() defuses every tag of the client, however it is written", () => {
  assert(clientTags.length > 100);
  for (const name of clientTags) {
    const forms = [
      `<${name}>`,
      `</${name}>`,
      `<${name} a="b">`,
      `<${name}/>`,
      `<${name}\n>`,
      `x<${name}>`,
      `word.<${name}>`,
      `<<${name}>`,
      `<div><${name}>`,
    ];
    for (const form of forms) {
      const { text, removed } = cleanText(form);
      const at = form.lastIndexOf("<");
      const expected = `${form.slice(0, at)}< ${form.slice(at + 1)}`;
      assertEquals([text, countRemoved(removed)], [expected, 1]);
    }
  }
});

for (const name of ["tags.jsonl", "characters.jsonl"]) {
  Deno.test(`cleanText() defuses and counts what hostile/${name} holds`, () => {
    const none = { escapes: 0, controls: 0, bidi: 0, invisible: 0, tags: 0 };
    const rows = readRows<{ text: string; clean: string; removed: object }>(
      name,
    );
    for (const { text, clean, removed } of rows) {
      assertEquals(
        cleanText(text),
        { text: clean, removed: { ...none, ...removed } },
        JSON.stringify(text),
      );
      assertEquals(cleanText(clean).text, clean);
    }
  });
}

Deno.test("markPosingLines() marks what hostile/posing_lines.jsonl holds", () => {
  for (
    const { text, marked } of readRows<{ text: string; marked: string }>(
      "posing_lines.jsonl",
    )
  ) {
    assertEquals(markPosingLines(cleanText(text).text).text, marked);
  }
});

Deno.test("findInstructions() finds what hostile/instructions.jsonl holds", () => {
  for (
    const { text, lines } of readRows<{ text: string; lines: number[] }>(
      "instructions.jsonl",
    )
  ) {
    const { flags, total } = findInstructions(text);
    assertEquals(flags.map(({ line }) => line), lines, JSON.stringify(text));
    assertEquals(total, lines.length);
  }
});

for (const { name } of Deno.readDirSync(new URL("innocent/", folder))) {
  Deno.test(`cleanText() changes no byte of innocent/${name}`, () => {
    const text = read(`innocent/${name}`);
    const cleaned = cleanText(text);
    assertEquals(cleaned.text, text);
    assertEquals(countRemoved(cleaned.removed), 0);
    assertEquals(markPosingLines(text), { text, warning: null });
  });
}
