import { assert, assertEquals } from "@std/assert";
import type { Packet, Remote, Response } from "multicast-dns/typed";
import { describe } from "./dns_records.ts";
import { Responder, type ResponderSocket } from "./responder.ts";

const TYPE = "_claude-distill._tcp.local";
const RECORDS = describe(
  { instance: "claude-distill-0badcafe", port: 4711, kind: "memory" },
  "claude-spread-00000001.local",
  ["192.0.2.7"],
);
const QUERY = {
  id: 7,
  questions: [{ name: TYPE, type: "PTR", class: "IN" }],
  answers: [],
} as unknown as Packet;

/** A test that fails when it leaves a timer behind. */
function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

/** A socket that records the responses it sends. */
class FakeSocket implements ResponderSocket {
  readonly sent: { response: Response; to: Remote | null }[] = [];
  hear: (query: Packet, from: Remote) => void = () => {};
  onSent = () => {};

  onQuery(listener: (query: Packet, from: Remote) => void) {
    this.hear = listener;
  }

  respond(response: Response, to: Remote | null = null) {
    this.sent.push({ response, to });
    this.onSent();
    return Promise.resolve();
  }
}

test("Responder answers everybody, when the query is multicast DNS", async () => {
  const socket = new FakeSocket();
  await using _responder = new Responder(socket, RECORDS);
  socket.hear(QUERY, { address: "192.0.2.8", port: 5353 });
  assertEquals(socket.sent.map(({ to }) => to), [null]);
  assertEquals(socket.sent[0]!.response.id, undefined);
});

test("Responder answers the asker only, when it is a plain resolver", async () => {
  const socket = new FakeSocket();
  await using _responder = new Responder(socket, RECORDS);
  const from = { address: "192.0.2.8", port: 40_000 };
  socket.hear(QUERY, from);
  assertEquals(socket.sent.map(({ to }) => to), [from]);
  assertEquals(socket.sent[0]!.response.id, 7);
});

test("Responder answers everybody all the same, when there is a flood of queries", async () => {
  const socket = new FakeSocket();
  await using _responder = new Responder(socket, RECORDS);
  const from = { address: "192.0.2.8", port: 5353 };
  const start = performance.now();
  for (let n = 0; n < 1000; n++) socket.hear(QUERY, from);
  const [first] = socket.sent;
  assertEquals(socket.sent.length, 1);
  await new Promise<void>((resolve) => socket.onSent = resolve);
  // The others together, not at once, and soon.
  assertEquals(socket.sent, [first!, first!]);
  const pauseMs = performance.now() - start;
  assert(pauseMs > 45 && pauseMs < 10_000, `${pauseMs} ms`);
});

test("Responder gives a plain resolver a bounded number of answers, and others theirs", async () => {
  const socket = new FakeSocket();
  await using _responder = new Responder(socket, RECORDS);
  const ask = (host: number, times: number) => {
    const from = { address: `192.0.2.${host}`, port: 40_000 };
    for (let n = 0; n < times; n++) socket.hear(QUERY, from);
    return socket.sent.filter(({ to }) => to?.address === from.address).length;
  };
  // A new second may begin in between.
  assert([5, 10].includes(ask(8, 1000)));
  assertEquals(ask(9, 1), 1);
  for (let host = 10; host < 250; host++) ask(host, 1);
  assert(socket.sent.length <= 40, `${socket.sent.length} answers`);
});

test("Responder says nothing after the goodbye, when asked", async () => {
  const socket = new FakeSocket();
  {
    await using responder = new Responder(socket, RECORDS);
    await responder.announce();
  }
  socket.hear(QUERY, { address: "192.0.2.8", port: 5353 });
  assertEquals(
    socket.sent.map(({ response }) => response.answers.map(({ ttl }) => ttl)),
    [[120, 120, 120, 120, 120], [0, 0, 0, 0, 0]],
  );
});

test("Responder announces three times within three seconds, the records that hold by then", async () => {
  const socket = new FakeSocket();
  await using responder = new Responder(socket, RECORDS);
  const start = performance.now();
  await responder.announce();
  const next = () => new Promise<void>((resolve) => socket.onSent = resolve);
  await next();
  const pauseMs = performance.now() - start;
  assert(pauseMs > 950 && pauseMs < 10_000, `${pauseMs} ms`);
  const others = RECORDS.slice(1);
  void responder.change(others);
  await next();
  await next();
  assertEquals(
    socket.sent.map(({ response }) => response.answers),
    [RECORDS.slice(1), RECORDS.slice(1), others, others, others],
  );
});
