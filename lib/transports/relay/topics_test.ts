/** A relay that answers about topics as it likes. */

import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../errors.ts";
import { MAX_ANSWER_BYTES } from "../../relay_topics.ts";
import { askTopics } from "./topics.ts";

const { signal } = new AbortController();
const TOPICS = ["0".repeat(32), "1".repeat(32)];
const [TOPIC] = TOPICS;
const OTHER = "f".repeat(32);

/** Answer of a relay, and what comes of it. */
async function asked(
  answer: (request: Request) => Response | Promise<Response>,
  answerMs = 20_000,
): Promise<unknown> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    answer,
  );
  const url = `ws://127.0.0.1:${server.addr.port}`;
  try {
    return await askTopics({ url }, TOPICS, signal, answerMs);
  } catch (error) {
    return error instanceof SpreadError ? error.code : error;
  } finally {
    await server.shutdown();
  }
}

const json = (value: unknown, status = 200) => () =>
  Response.json(value, { status });

Deno.test("askTopics() sends the topics, and nothing else about itself", async () => {
  let heard: unknown;
  const found = await asked(async (request) => {
    heard = [
      request.method,
      new URL(request.url).pathname,
      Object.fromEntries(request.headers),
      (await request.bytes()).toHex(),
    ];
    return Response.json({ found: [] });
  });
  assertEquals(found, []);
  const [method, path, { host: _, ...headers }, body] = heard as [
    string,
    string,
    Record<string, string>,
    string,
  ];
  assertEquals([method, path, body], ["POST", "/topics", TOPICS.join("")]);
  assertEquals(headers, {
    "content-length": "32",
    "content-type": "application/octet-stream",
    "user-agent": "claude-spread",
  });
});

const ROOM = { topic: TOPIC, room: "k7m2xq" };

for (
  const [what, answer, expected] of [
    ["rooms and drops", json({ found: [ROOM, { topic: TOPIC, drop: true }] }), [
      ROOM,
      { topic: TOPIC, drop: true },
    ]],
    [
      "what was not asked for",
      json({ found: [{ topic: OTHER, room: "k7m2xq" }, ROOM] }),
      [ROOM],
    ],
    ["more than it may find", json({ found: Array(1025).fill(ROOM) }), null],
    [
      "a room code that steers a terminal",
      json({ found: [{ topic: TOPIC, room: "\x1b[2Jab" }] }),
      null,
    ],
    [
      "a topic of another form",
      json({ found: [{ ...ROOM, topic: "0" }] }),
      null,
    ],
    ["a list", json([ROOM]), null],
    ["no JSON", () => new Response("hello"), null],
    [
      "405, as an older relay does",
      () => new Response("", { status: 405 }),
      null,
    ],
    ["404", () => new Response("<html>", { status: 404 }), null],
    [
      "400, as a plain relay does",
      () => new Response("", { status: 400 }),
      null,
    ],
    [
      "a redirection",
      () => Response.redirect("http://127.0.0.1:9/topics"),
      "RELAY_UNREACHABLE",
    ],
    ...[401, 403, 407, 500, 502, 503, 504].map((status) => [
      `${status}, as what is in front of it does`,
      () => new Response("<html>", { status }),
      "RELAY_UNREACHABLE",
    ]),
    [
      "429, as what is in front of it does",
      () => new Response("<html>", { status: 429 }),
      "RELAY_BUSY",
    ],
    [
      "that it is busy",
      json({ error: "too_many_requests" }, 429),
      "RELAY_BUSY",
    ],
    ["that it ends", json({ error: "shutting_down" }, 503), "PEER_GONE"],
    [
      "more than anybody needs",
      () => new Response(new Uint8Array(MAX_ANSWER_BYTES + 1)),
      "RELAY_UNREACHABLE",
    ],
  ] as [string, (request: Request) => Response, unknown][]
) {
  Deno.test(`askTopics() gives ${JSON.stringify(expected)?.slice(0, 40)}, when the relay answers ${what}`, async () => {
    assertEquals(await asked(answer), expected);
  });
}

/** A body that goes on, a byte at a time, until the client has gone. */
function endless(): Response {
  let timer: ReturnType<typeof setInterval>;
  const body = new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(new Uint8Array(1)), 20);
    },
    cancel: () => clearInterval(timer),
  });
  return new Response(body);
}

Deno.test("askTopics() gives up in time, when the answer never ends", async () => {
  const start = performance.now();
  assertEquals(await asked(endless, 1_000), "RELAY_UNREACHABLE");
  assertEquals(performance.now() - start < 30_000, true);
});

Deno.test("askTopics() ends with the signal", async () => {
  const ending = new AbortController();
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
  }, () => {
    ending.abort(new SpreadError("INTERRUPTED", "Stopped"));
    return endless();
  });
  const url = `ws://127.0.0.1:${server.addr.port}`;
  const asking = askTopics({ url }, TOPICS, ending.signal);
  const error = await assertRejects(() => asking, SpreadError);
  assertEquals(error.code, "INTERRUPTED");
});
