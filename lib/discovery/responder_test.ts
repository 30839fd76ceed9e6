import { assert, assertEquals } from "@std/assert";
import type { Packet, Remote, Response } from "multicast-dns/typed";
import { describe } from "./dns_records.ts";
import { type MulticastLine, Responder } from "./responder.ts";

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

/** A line that records the messages it sends. */
class FakeLine implements MulticastLine {
  readonly told: { response: Response; to: Remote | null }[] = [];
  hear: (query: Packet, from: Remote) => void = () => {};
  onTold = () => {};

  onQuery(listener: (query: Packet, from: Remote) => void) {
    this.hear = listener;
  }

  tell(response: Response, to: Remote | null = null) {
    this.told.push({ response, to });
    this.onTold();
    return Promise.resolve();
  }
}

test("Responder answers everybody, when the query is multicast DNS", async () => {
  const line = new FakeLine();
  await using _responder = new Responder(line, RECORDS);
  line.hear(QUERY, { address: "192.0.2.8", port: 5353 });
  assertEquals(line.told.map(({ to }) => to), [null]);
  assertEquals(line.told[0]!.response.id, undefined);
});

test("Responder answers the asker only, when it is a plain resolver", async () => {
  const line = new FakeLine();
  await using _responder = new Responder(line, RECORDS);
  const from = { address: "192.0.2.8", port: 40_000 };
  line.hear(QUERY, from);
  assertEquals(line.told.map(({ to }) => to), [from]);
  assertEquals(line.told[0]!.response.id, 7);
});

test("Responder answers everybody all the same, when there is a flood of queries", async () => {
  const line = new FakeLine();
  await using _responder = new Responder(line, RECORDS);
  const from = { address: "192.0.2.8", port: 5353 };
  const start = performance.now();
  for (let n = 0; n < 1000; n++) line.hear(QUERY, from);
  const [first] = line.told;
  assertEquals(line.told.length, 1);
  await new Promise<void>((resolve) => line.onTold = resolve);
  // The others together, not at once, and soon.
  assertEquals(line.told, [first!, first!]);
  const pauseMs = performance.now() - start;
  assert(pauseMs > 45 && pauseMs < 10_000, `${pauseMs} ms`);
});

test("Responder gives a plain resolver a bounded number of answers, and others theirs", async () => {
  const line = new FakeLine();
  await using _responder = new Responder(line, RECORDS);
  const ask = (host: number, times: number) => {
    const from = { address: `192.0.2.${host}`, port: 40_000 };
    for (let n = 0; n < times; n++) line.hear(QUERY, from);
    return line.told.filter(({ to }) => to?.address === from.address).length;
  };
  // A new second may begin in between.
  assert([5, 10].includes(ask(8, 1000)));
  assertEquals(ask(9, 1), 1);
  for (let host = 10; host < 250; host++) ask(host, 1);
  assert(line.told.length <= 40, `${line.told.length} answers`);
});

test("Responder says nothing after the goodbye, when asked", async () => {
  const line = new FakeLine();
  {
    await using responder = new Responder(line, RECORDS);
    await responder.announce();
  }
  line.hear(QUERY, { address: "192.0.2.8", port: 5353 });
  assertEquals(
    line.told.map(({ response }) => response.answers.map(({ ttl }) => ttl)),
    [[120, 120, 120, 120, 120], [0, 0, 0, 0, 0]],
  );
});

test("Responder announces three times within three seconds, the records that hold by then", async () => {
  const line = new FakeLine();
  await using responder = new Responder(line, RECORDS);
  await responder.announce();
  const start = performance.now();
  const next = () => new Promise<void>((resolve) => line.onTold = resolve);
  await next();
  const pauseMs = performance.now() - start;
  assert(pauseMs > 950 && pauseMs < 10_000, `${pauseMs} ms`);
  const others = RECORDS.slice(1);
  void responder.change(others);
  await next();
  await next();
  assertEquals(
    line.told.map(({ response }) => response.answers),
    [RECORDS.slice(1), RECORDS.slice(1), others, others, others],
  );
});
