import { assertEquals } from "@std/assert";
import { withTranscripts } from "./blocks.ts";

const TRANSCRIPTS = { hello: "$ hello\nHello.\n\n    You there", bye: "$ bye" };

/** A block of a document, indented as in a list. */
const block = (name: string, body: string, indent = "") =>
  `${indent}<!-- transcript: ${name} -->\n\n${indent}\`\`\`console\n${body}${indent}\`\`\`\n`;

// Breaks when a block is not found, or more is replaced than what is in it.
Deno.test("withTranscripts() puts each transcript in its place, at the depth of its list, and leaves the rest", () => {
  const before = "# A\n\n" + block("hello", "$ old\nOld.\n") + "- a list\n\n" +
    block("bye", "", "  ") + "\n```sh\n$ hello\n```\n";
  assertEquals(withTranscripts(before, TRANSCRIPTS), {
    text: "# A\n\n" + block("hello", "$ hello\nHello.\n\n    You there\n") +
      "- a list\n\n" + block("bye", "  $ bye\n", "  ") +
      "\n```sh\n$ hello\n```\n",
    problems: [],
    used: ["bye", "hello"],
  });
});

// Breaks when an unnamed block passes, or an unknown name empties a block.
Deno.test("withTranscripts() names blocks with output that no comment names, and names of no transcript, and changes neither", () => {
  const text = "```console\n$ a\nOutput\n```\n\n" + block("helo", "$ b\n") +
    "```console\n$ c\n\n$ d\n> /e\n```\n";
  assertEquals(withTranscripts(text, TRANSCRIPTS), {
    text,
    problems: [
      "line 8: no transcript is called helo",
      "line 1: no comment names the transcript",
    ],
    used: [],
  });
});
