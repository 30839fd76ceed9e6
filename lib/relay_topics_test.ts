import { assertEquals } from "@std/assert";
import {
  decodeFound,
  decodeTopics,
  encodeTopics,
  MAX_ASKED,
  MAX_FOUND,
  TOPIC_BYTES,
} from "./relay_topics.ts";

const TOPIC = "000102030405060708090a0b0c0d0e0f";
const OTHER = "f".repeat(32);

Deno.test("decodeTopics() reads what encodeTopics() makes, and each topic once", () => {
  const topics = [TOPIC, OTHER];
  assertEquals(decodeTopics(encodeTopics(topics)), topics);
  assertEquals(decodeTopics(encodeTopics([OTHER, OTHER, TOPIC])), [
    OTHER,
    TOPIC,
  ]);
});

for (
  const [bytes, isRead] of [
    [0, false],
    [TOPIC_BYTES - 1, false],
    [TOPIC_BYTES, true],
    [TOPIC_BYTES + 1, false],
    [MAX_ASKED * TOPIC_BYTES, true],
    [(MAX_ASKED + 1) * TOPIC_BYTES, false],
  ] as const
) {
  Deno.test(`decodeTopics() ${isRead ? "reads" : "refuses"} ${bytes} bytes`, () => {
    assertEquals(decodeTopics(new Uint8Array(bytes)) !== null, isRead);
  });
}

const room = { topic: TOPIC, room: "abcde2" };
for (
  const found of [
    [],
    [room, { topic: OTHER, drop: true }],
    Array(MAX_FOUND).fill(room),
  ]
) {
  Deno.test(`decodeFound() reads ${found.length} entries`, () => {
    assertEquals<unknown>(decodeFound(JSON.stringify({ found })), found);
  });
}

for (
  const text of [
    "",
    "[]",
    "{}",
    '{"found":{}}',
    ...[
      null,
      { topic: TOPIC },
      { topic: TOPIC, drop: false },
      { topic: TOPIC, room: "ABCDE2" },
      { topic: TOPIC, room: "abcde2\u001b" },
      { topic: TOPIC.toUpperCase(), room: "abcde2" },
      { topic: TOPIC.slice(1), room: "abcde2" },
      { room: "abcde2" },
    ].map((entry) => JSON.stringify({ found: [entry] })),
    JSON.stringify({ found: Array(MAX_FOUND + 1).fill(room) }),
  ]
) {
  Deno.test(`decodeFound() refuses ${text.slice(0, 80) || "nothing"}`, () => {
    assertEquals(decodeFound(text), null);
  });
}
