import { assertEquals } from "@std/assert";
import { fixed, shortened } from "./fixed.ts";

const EXAMPLES = { folder: "/tmp/cs-stage-1a2b", words: "a-b-c-d" };

const UUID = "0123abcd-4567-489a-9bcd-ef0123456789";

/** Printed texts, and what a document says instead. */
const TABLE: [printed: string, written: string][] = [
  ["claude-spread receive abc-defg-hijkl-mno", "claude-spread receive a-b-c-d"],
  ["receive k2d9xx-abc-defg-hijkl-mno", "receive k7m2xq-a-b-c-d"],
  ["add the address: 10.77.0.1:40111", "add the address: 192.168.1.5:34347"],
  ["delivered to 10.77.0.1, which", "delivered to 192.168.1.7, which"],
  ["in /tmp/cs-stage-1a2b/home/alex/shop", "in /home/alex/shop"],
  ["/projects/-tmp-cs-stage-1a2b-home-alex", "/projects/-home-alex"],
  [
    'received 2 KB in "a" in 12 s from x',
    'received 2 KB in "a" in 0.154 s from x',
  ],
  ["received 601 bytes in 1.5 s", "received 616 bytes in 0.154 s"],
  ["4 min ago, 4 messages, 2.3 KB", "3 min ago, 4 messages, 1.7 KB"],
  [
    "yesterday 11:24, 2 messages, 1.2 KB",
    "yesterday 16:09, 2 messages, 863 bytes",
  ],
  ["Nov 3 11:24, 2", "yesterday 16:09, 2"],
  ["ended 14 s ago  x", "ended just now  x"],
  ["00ab12cd  2 sessions", "cffd9c3a  2 sessions"],
  [
    `distillation-0123abcd-4567-489a-9bcd-ef0123456789.md`,
    "distillation-0123abcd-….md",
  ],
  [`--resume ${UUID}`, "--resume 2c75300b-d177-4ef7-897b-83cafe0cde62"],
  ['{"time":"2026","version":"2.0.1"}', '{"time":"…","version":"…"}'],
  ["| \n> a\n\n", "|\n> a"],
];

// Breaks when a pattern no longer meets what it is for.
Deno.test("fixed() puts an example in the place of all that differs from run to run", () => {
  for (const [printed, written] of TABLE) {
    assertEquals(fixed(printed, EXAMPLES), written);
  }
});

// Breaks when a pattern takes more than it should: a change of the product would stay unseen.
Deno.test("fixed() leaves what is the same in each run", () => {
  const text = "spread: sharing notes.md (10.1 KB) for 30 minutes\n" +
    "spread: 192.168.1.7 has the right passphrase\n" +
    `      ID ${UUID}\n    /claude-spread:distill-receive`;
  assertEquals(fixed(text, EXAMPLES), text);
});

Deno.test("shortened() ends after the first line that the receiver types", () => {
  assertEquals(
    shortened("a\nb:\n\n    /c d\n\nor:\n\n    e\n"),
    "a\nb:\n\n    /c d\n…",
  );
});
