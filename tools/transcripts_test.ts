/**
 * The transcripts in the documents are what the commands print now.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { whyNoNetwork } from "../tests/claude_code/_network.ts";
import { needing, skipsFor } from "../tests/support/missing.ts";
import { compare, makeTranscripts, readDocuments } from "./transcripts.ts";

const whyNot = await whyNoNetwork();
const ignore = whyNot !== null && skipsFor(whyNot) || needing("script").ignore;

// Breaks with every change of a message that a document shows, until the documents are remade.
Deno.test({
  name:
    "each transcript in README.md and docs/ is what its commands print, and none is missing",
  ignore,
  fn: async () => {
    const documents = await readDocuments();
    const transcripts = await makeTranscripts();
    const { changed, problems } = compare(documents, transcripts);
    assertEquals(problems, []);
    for (const [path, text] of changed) {
      assertEquals(documents.get(path), text, "run deno task transcripts");
    }
  },
});

// Breaks when a document that lost its block, or its words, passes.
Deno.test("compare() tells of a document that differs, of a block without a name, and of a transcript that nobody shows", () => {
  const block = (name: string, body: string) =>
    `<!-- transcript: ${name} -->\n\n\`\`\`console\n${body}\n\`\`\`\n`;
  const documents = new Map([
    ["README.md", block("a", "$ a\nOld")],
    ["docs/b.md", block("b", "$ b") + "```console\n$ c\nNew\n```\n"],
  ]);
  assertEquals(compare(documents, { a: "$ a\nNew", b: "$ b", d: "$ d" }), {
    changed: new Map([["README.md", block("a", "$ a\nNew")]]),
    problems: [
      "docs/b.md, line 6: no comment names the transcript",
      "no document has the transcript d",
    ],
  });
});
