import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  decodeClientMessage,
  decodeRelayMessage,
  MAX_CONTROL_LENGTH,
  RELAY_ERRORS,
} from "./relay_messages.ts";

const TOPIC = "0123456789abcdef0123456789abcdef";

for (
  const message of [
    { type: "CREATE_ROOM" },
    { type: "CREATE_ROOM", protocol: 2 },
    { type: "RESUME_ROOM", room_id: "abcde2", resume_token: "t" },
    { type: "RESUME_ROOM", room_id: "abcde2", resume_token: "t", protocol: 9 },
    { type: "JOIN_ROOM", room_id: "abcde2" },
    { type: "JOIN_ROOM", room_id: "", protocol: 1 },
    { type: "CREATE_ROOM", topics: Array(8).fill(TOPIC) },
    { type: "RESUME_ROOM", room_id: "a", resume_token: "t", topics: [TOPIC] },
    { type: "JOIN_ROOM", room_id: "abcde2", topic: TOPIC },
    { type: "RELEASE_PEER", peer_id: "peer-1" },
    { type: "PING" },
  ]
) {
  Deno.test(`decodeClientMessage() reads ${JSON.stringify(message)}`, () => {
    assertEquals<unknown>(
      decodeClientMessage(JSON.stringify(message)),
      message,
    );
  });
}

for (
  const message of [
    { type: "ROOM_CREATED", room_id: "abcde2" },
    { type: "ROOM_CREATED", room_id: "abcde2", resume_token: "t", ttl_s: 1.5 },
    { type: "ROOM_CREATED", room_id: "abcde2", topics: true },
    { type: "ROOM_RESUMED", room_id: "abcde2", ttl_s: 0 },
    { type: "ROOM_JOINED", room_id: "abcde2" },
    { type: "ROOM_JOINED", room_id: "abcde2", protocol: 2 },
    { type: "ROOM_QUEUED", room_id: "abcde2", ahead: 0 },
    { type: "PEER_JOINED", peer_id: "peer-1" },
    { type: "PEER_DISCONNECTED", peer_id: "peer-1" },
    { type: "PONG" },
    ...RELAY_ERRORS.map((reason) => ({ type: "ERROR", reason })),
    { type: "ERROR", reason: "what_a_newer_relay_says" },
  ]
) {
  Deno.test(`decodeRelayMessage() reads ${JSON.stringify(message)}`, () => {
    assertEquals<unknown>(
      decodeRelayMessage(JSON.stringify(message)),
      message,
    );
  });
}

for (
  const text of [
    "",
    " ",
    "{",
    "null",
    "true",
    "7",
    '"PING"',
    "[]",
    '[{"type":"PING"}]',
    "{}",
    '{"type":null}',
    '{"type":"ping"}',
    '{"type":"PING"}x',
    '{"type":"HELLO"}',
    '{"type":"ROOM_CREATED","room_id":"abcde2"}',
    '{"type":"CREATE_ROOM","protocol":"2"}',
    '{"type":"CREATE_ROOM","protocol":null}',
    '{"type":"CREATE_ROOM","protocol":0}',
    '{"type":"CREATE_ROOM","protocol":-1}',
    '{"type":"CREATE_ROOM","protocol":1.5}',
    '{"type":"CREATE_ROOM","protocol":1e999}',
    '{"type":"JOIN_ROOM"}',
    '{"type":"JOIN_ROOM","room_id":"abcde2","topic":"0123"}',
    '{"type":"JOIN_ROOM","room_id":"abcde2","topic":null}',
    '{"type":"CREATE_ROOM","topics":[]}',
    '{"type":"CREATE_ROOM","topics":"0123"}',
    JSON.stringify({ type: "CREATE_ROOM", topics: [TOPIC.toUpperCase()] }),
    JSON.stringify({ type: "CREATE_ROOM", topics: Array(9).fill(TOPIC) }),
    '{"type":"JOIN_ROOM","room_id":123456}',
    '{"type":"JOIN_ROOM","room_id":null}',
    '{"type":"JOIN_ROOM","room_id":["abcde2"]}',
    '{"type":"JOIN_ROOM","room_id":{}}',
    '{"type":"RESUME_ROOM","room_id":"abcde2"}',
    '{"type":"RESUME_ROOM","resume_token":"t"}',
    '{"type":"RESUME_ROOM","room_id":"abcde2","resume_token":7}',
    '{"type":"RELEASE_PEER"}',
    '{"type":"RELEASE_PEER","peer_id":1}',
  ]
) {
  Deno.test(`decodeClientMessage() refuses ${text || "nothing"}`, () => {
    assertEquals(decodeClientMessage(text), null);
  });
}

for (
  const text of [
    "",
    "[]",
    '{"type":"CREATE_ROOM"}',
    '{"type":"ROOM_CREATED"}',
    '{"type":"ROOM_CREATED","room_id":"abcde2","ttl_s":-1}',
    '{"type":"ROOM_CREATED","room_id":"abcde2","ttl_s":"60"}',
    '{"type":"ROOM_CREATED","room_id":"abcde2","ttl_s":1e999}',
    '{"type":"ROOM_CREATED","room_id":"abcde2","ttl_s":-1e999}',
    '{"type":"ROOM_RESUMED","room_id":"abcde2","ttl_s":1e12}',
    '{"type":"ROOM_JOINED","room_id":7}',
    '{"type":"ROOM_JOINED","room_id":"abcde2","protocol":0}',
    '{"type":"ROOM_QUEUED","room_id":"abcde2"}',
    '{"type":"ROOM_QUEUED","room_id":"abcde2","ahead":-1}',
    '{"type":"ROOM_QUEUED","room_id":"abcde2","ahead":0.5}',
    '{"type":"PEER_JOINED"}',
    '{"type":"PEER_DISCONNECTED","peer_id":7}',
    '{"type":"ERROR"}',
    '{"type":"ERROR","reason":""}',
    '{"type":"ERROR","reason":"Room Not Found"}',
    '{"type":"ERROR","reason":"a\\u001b[31m"}',
    '{"type":"ERROR","reason":"a\\nb"}',
    '{"type":"ERROR","reason":"a\\n"}',
  ]
) {
  Deno.test(`decodeRelayMessage() refuses ${text || "nothing"}`, () => {
    assertEquals(decodeRelayMessage(text), null);
  });
}

for (
  const [field, most, messageOf] of [
    ["room_id", 64, (text: string) => ({ type: "JOIN_ROOM", room_id: text })],
    [
      "resume_token",
      256,
      (text: string) => ({
        type: "RESUME_ROOM",
        room_id: "a",
        resume_token: text,
      }),
    ],
    [
      "peer_id",
      64,
      (text: string) => ({ type: "RELEASE_PEER", peer_id: text }),
    ],
  ] as const
) {
  Deno.test(`decodeClientMessage() takes ${most} characters of ${field}, and not one more`, () => {
    const decodes = (count: number) =>
      decodeClientMessage(JSON.stringify(messageOf("x".repeat(count)))) !==
        null;
    assertEquals(decodes(most), true);
    assertEquals(decodes(most + 1), false);
  });
}

Deno.test("decodeRelayMessage() takes a reason of 64 characters, and not one more", () => {
  const decodes = (count: number) =>
    decodeRelayMessage(
      JSON.stringify({ type: "ERROR", reason: "x".repeat(count) }),
    ) !== null;
  assertEquals(decodes(64), true);
  assertEquals(decodes(65), false);
});

Deno.test("decodeClientMessage() takes MAX_CONTROL_LENGTH characters, and not one more", () => {
  const padded = (length: number) => '{"type":"PING"}'.padEnd(length, " ");
  assertEquals(decodeClientMessage(padded(MAX_CONTROL_LENGTH)), {
    type: "PING",
  });
  assertEquals(decodeClientMessage(padded(MAX_CONTROL_LENGTH + 1)), null);
});

Deno.test("decodeClientMessage() drops fields it does not know, so that newer clients are served", () => {
  const text =
    '{"type":"JOIN_ROOM","room_id":"abcde2","wish":1,"__proto__":{"protocol":7}}';
  assertEquals(decodeClientMessage(text), {
    type: "JOIN_ROOM",
    room_id: "abcde2",
  });
});

Deno.test("decodeClientMessage() never throws, whatever comes", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      decodeClientMessage(text);
      decodeRelayMessage(text);
    }),
    { seed: 20260105 },
  );
});
