/**
 * Real sockets, on loopback: other tests may announce and browse there at the same time.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Packet, ResourceRecord } from "multicast-dns/typed";
import { type Message, RawPeer } from "../../tests/support/mdns_peer.ts";
import { type Bytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { Announcer } from "./announcer.ts";
import {
  type Announcement,
  browse,
  type Candidate,
  type InterfaceAddress,
  InterfaceWatch,
  nameInstance,
} from "./mdns.ts";

const TYPE = "_claude-distill._tcp.local";

/** Time limit for a browse in these tests, in milliseconds. */
const DEADLINE_MS = 5_000;

const LOOPBACK: InterfaceAddress = {
  name: "lo",
  family: "IPv4",
  address: "127.0.0.1",
  cidr: "127.0.0.1/8",
};

/** A test that fails when it leaves a socket or a timer behind. */
function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);
const watching = (...interfaces: InterfaceAddress[]) =>
  new InterfaceWatch(() => interfaces, interfaces[0]?.address);
const options = { watch: watching(LOOPBACK), fillRandom };

function newShare(): Announcement {
  const instance = nameInstance(fillRandom);
  return { instance, port: 4711, kind: "memory", from: "ada@engine" };
}

/** Browses until a candidate of that instance comes; `seen` collects the others. */
async function find(
  instance: string,
  link = LOOPBACK,
  seen: Candidate[] = [],
): Promise<Candidate | null> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  for await (const candidate of browse({ watch: watching(link), signal })) {
    if (candidate.instance === instance) return candidate;
    seen.push(candidate);
  }
  return null;
}

function question(name: string, type: string) {
  return { name, type, class: "IN" };
}

function pointer(instance: string): ResourceRecord {
  return { name: TYPE, type: "PTR", ttl: 120, data: `${instance}.${TYPE}` };
}

/** Records of a responder without TXT: the service, its place and its address. */
function records(instance: string, port = 4711): ResourceRecord[] {
  const host = `${instance}-host.local`;
  return [
    pointer(instance),
    {
      name: `${instance}.${TYPE}`,
      type: "SRV",
      ttl: 120,
      data: { port, target: host },
    },
    { name: host, type: "A", ttl: 120, data: "127.0.0.1" },
  ];
}

/** Whether a message answers with the pointer to that instance. */
function pointsTo(instance: string): (packet: Packet) => boolean {
  return ({ type, answers }) =>
    type === "response" &&
    answers.some(({ data }) => data === `${instance}.${TYPE}`);
}

/** Whether a message asks for that name. */
function asksFor(wanted: string): (packet: Packet) => boolean {
  return ({ type, questions }) =>
    type === "query" && questions.some(({ name }) => name === wanted);
}

test("browse() gives what Announcer.open() told, when the share was there first", async () => {
  const share = newShare();
  await using _announcer = await Announcer.open(share, options);
  assertEquals(await find(share.instance), {
    instance: share.instance,
    port: 4711,
    addresses: ["127.0.0.1"],
    protocol: 2,
    kind: "memory",
    from: "ada@engine",
  });
});

test("Announcer.moved() leaves no announcement to come, when the share is being withdrawn or is", async () => {
  const announcer = await Announcer.open(newShare(), options);
  const withdrawing = announcer[Symbol.asyncDispose]();
  announcer.moved("k7m2xq");
  await withdrawing;
  // The timer of a repeated announcement would fail the test.
  announcer.moved("k7m2xr");
});

test("browse() gives what Announcer.open() told, when the receiver was there first", async () => {
  const share = newShare();
  using listener = await RawPeer.open(5353);
  const found = find(share.instance);
  await listener.next(asksFor(TYPE));
  await using _announcer = await Announcer.open(share, options);
  assertEquals((await found)!.instance, share.instance);
});

test("browse() ends, when the signal aborts while it waits", async () => {
  const stop = new AbortController();
  using listener = await RawPeer.open(5353);
  const browsing = Array.fromAsync(
    browse({ watch: watching(LOOPBACK), signal: stop.signal }),
  );
  await listener.next(asksFor(TYPE));
  stop.abort();
  await browsing;
});

test("browse() opens nothing, when the signal has aborted", async () => {
  const signal = AbortSignal.abort();
  assertEquals(
    await Array.fromAsync(browse({ watch: watching(), signal })),
    [],
  );
});

test("browse() waits for an interface, and finds what is on it", async () => {
  const share = newShare();
  await using _announcer = await Announcer.open(share, options);
  let all: InterfaceAddress[] = [LOOPBACK];
  const watch = new InterfaceWatch(() => all, LOOPBACK.address);
  all = [];
  watch.look();
  const onNoNetwork = () => {
    all = [LOOPBACK];
    // Once browse() waits.
    setTimeout(() => watch.look());
  };
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const found: string[] = [];
  for await (const { instance } of browse({ watch, signal, onNoNetwork })) {
    found.push(instance);
    if (instance === share.instance) break;
  }
  assert(found.includes(share.instance));
});

test("browse() throws NO_NETWORK at the end of its time, when no interface has come", async () => {
  const stop = new AbortController();
  const { signal } = stop;
  const onNoNetwork = () => stop.abort();
  const error = await assertRejects(
    () => Array.fromAsync(browse({ watch: watching(), signal, onNoNetwork })),
    SpreadError,
  );
  assertEquals(error.code, "NO_NETWORK");
});

test("browse() gives protocol 1, when there is no TXT record", async () => {
  const instance = nameInstance(fillRandom);
  using original = await RawPeer.open(5353);
  original.on(asksFor(TYPE), () => {
    original.send({ type: "response", answers: records(instance) });
  });
  assertEquals(await find(instance), {
    instance,
    port: 4711,
    addresses: ["127.0.0.1"],
    protocol: 1,
  });
});

for (
  const [what, isHeard] of [
    ["answers come piece by piece", ({ questions }) => questions.length === 1],
    ["the first question is lost", ({ questions }) => questions.length > 1],
  ] as [string, (packet: Packet) => boolean][]
) {
  test(`browse() asks for the rest, when ${what}`, async () => {
    const instance = nameInstance(fillRandom);
    using original = await RawPeer.open(5353);
    const [pointer, place, address] = records(instance);
    const answerTo = (name: string, record: ResourceRecord) =>
      original.on(
        (packet) => asksFor(name)(packet) && (name === TYPE || isHeard(packet)),
        () => original.send({ type: "response", answers: [record] }),
      );
    answerTo(TYPE, pointer!);
    answerTo(`${instance}.${TYPE}`, place!);
    answerTo(`${instance}-host.local`, address!);
    assertEquals((await find(instance))!.addresses, ["127.0.0.1"]);
  });
}

test("browse() asks again soon, when nobody answers", async () => {
  using listener = await RawPeer.open(5353);
  const stop = new AbortController();
  const browsing = Array.fromAsync(
    browse({ watch: watching(LOOPBACK), signal: stop.signal }),
  );
  await listener.next(asksFor(TYPE));
  await listener.next(asksFor(TYPE));
  stop.abort();
  await browsing;
});

/** Fills a message; nobody asked for it, but it is not an error. */
const padding = (length: number, text: string): ResourceRecord[] =>
  Array(length).fill({ name: "padding.local", type: "TXT", data: text });

for (
  const [what, message] of [
    ["has nearly 9000 bytes", { additionals: padding(31, "x".repeat(250)) }],
    ["has 256 records", { additionals: padding(253, "") }],
  ] as const
) {
  test(`browse() believes an answer, when it ${what}`, async () => {
    const instance = nameInstance(fillRandom);
    using original = await RawPeer.open(5353);
    const answers = records(instance);
    original.on(asksFor(TYPE), () => {
      original.send({ type: "response", answers, ...message });
    });
    assert(await find(instance) !== null);
  });
}

/** Asserts that browse() ignores a share that `peer` announces just before a valid one. */
async function assertIgnored(peer: RawPeer, message: Message = {}) {
  const instance = nameInstance(fillRandom);
  const fake = `${instance}-fake`;
  using original = await RawPeer.open(5353);
  original.on(asksFor(TYPE), async () => {
    await peer.send({ type: "response", answers: records(fake), ...message });
    await original.send({ type: "response", answers: records(instance) });
  });
  const seen: Candidate[] = [];
  const alone = { ...LOOPBACK, cidr: "127.0.0.1/32" };
  assert(await find(instance, alone, seen) !== null);
  assert(!seen.some((candidate) => candidate.instance === fake));
}

for (
  const [what, message] of [
    ["is the result of another operation", { flags: 2 << 11 }],
    ["is an error", { flags: 3 }],
    ["is too long", { additionals: padding(35, "x".repeat(250)) }],
    ["has too many records", { additionals: padding(254, "") }],
  ] as const
) {
  test(`browse() ignores an answer, when it ${what}`, async () => {
    using peer = await RawPeer.open(5353);
    await assertIgnored(peer, message);
  });
}

test("browse() ignores an answer, when it comes from another port", async () => {
  using peer = await RawPeer.open(0);
  await assertIgnored(peer);
});

Deno.test({
  name: "browse() ignores an answer, when it comes from another network",
  // On other systems 127.0.0.1 is the only loopback address.
  ignore: Deno.build.os !== "linux",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: async () => {
    using peer = await RawPeer.open(5353, "127.0.0.2");
    await assertIgnored(peer);
  },
});

test("Announcer.open() says goodbye, when it is disposed of", async () => {
  // Several, because a busy machine may lose a datagram, and nobody repeats a goodbye.
  const shares = [newShare(), newShare(), newShare()];
  using listener = await RawPeer.open(5353);
  for (const share of shares) {
    await using _announcer = await Announcer.open(share, options);
  }
  const { answers } = await listener.next((packet) =>
    shares.some(({ instance }) => pointsTo(instance)(packet)) &&
    packet.answers.every(({ ttl }) => ttl === 0)
  );
  const types = answers.map(({ type }) => type);
  assertEquals(types, ["PTR", "SRV", "TXT", "A", "NSEC"]);
});

test("Announcer.open() speaks, when nobody asks", async () => {
  const share = newShare();
  using listener = await RawPeer.open(5353);
  await using announcer = await Announcer.open(share, options);
  const { answers } = await listener.next((packet) =>
    pointsTo(share.instance)(packet) && packet.answers.length > 1
  );
  const flushed = answers.filter(({ flush }) => flush);
  assertEquals(flushed.map(({ type }) => type), ["SRV", "TXT", "A", "NSEC"]);
  assertEquals(flushed[2]!.name, announcer.host);
});

test("Announcer.open() answers by unicast, when a plain resolver asks", async () => {
  const share = newShare();
  await using _announcer = await Announcer.open(share, options);
  using resolver = await RawPeer.open(0);
  const questions = [question(TYPE, "PTR")];
  await resolver.send({ type: "query", id: 4242, questions });
  const reply = await resolver.next(pointsTo(share.instance));
  assertEquals([reply.id, reply.questions], [4242, questions]);
  for (const { ttl, flush } of [...reply.answers, ...reply.additionals]) {
    assertEquals([ttl, flush], [10, false]);
  }
});

test("Announcer.open() stays silent, when the asker knows the answer", async () => {
  const share = newShare();
  await using _announcer = await Announcer.open(share, options);
  using resolver = await RawPeer.open(0);
  const answers = [pointer(share.instance)];
  const questions = [question(TYPE, "PTR")];
  await resolver.send({ type: "query", id: 1, questions, answers });
  await resolver.send({ type: "query", id: 2, questions });
  const reply = await resolver.next(pointsTo(share.instance));
  assertEquals(reply.id, 2);
});

test("Announcer.open() throws the signal's reason, when that has aborted", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const error = await assertRejects(() =>
    Announcer.open(newShare(), { ...options, signal })
  );
  assertEquals(error, reason);
});

test("Announcer.open() leaves nothing open, when the share makes no sense", async () => {
  await assertRejects(
    () => Announcer.open({ ...newShare(), port: 0 }, options),
    RangeError,
  );
});

/** Datagrams that an honest peer never sends. */
function* hostileDatagrams(): Generator<Uint8Array> {
  const bytes = (...parts: number[][]) => new Uint8Array(parts.flat());
  const claiming = (...counts: number[]) =>
    [0, 0, 0x84, 0].concat(
      counts.flatMap((count) => [count >> 8, count & 255]),
    );
  const labels = TYPE.split(".").map((label) => [...utf8(label)]);
  const type = [...labels.flatMap((label) => [label.length, ...label]), 0];
  const one = claiming(0, 1, 0, 0);
  yield bytes();
  yield bytes([1, 2, 3]);
  yield bytes(claiming(65535, 65535, 65535, 65535));
  yield bytes(claiming(0, 250, 0, 0), type);
  // Names that point at themselves, and at each other.
  yield bytes(one, [0xc0, 12, 0, 12, 0, 1]);
  yield bytes(one, [0xc0, 14, 0xc0, 12, 0, 12, 0, 1]);
  // A label, a length and an address that go beyond the end.
  yield bytes(one, [63, 97, 97]);
  yield bytes(one, type, [0, 12, 0, 1, 0, 0, 0, 120, 0xff, 0xff]);
  yield bytes(one, type, [0, 1, 0, 1, 0, 0, 0, 120, 0, 4, 127]);
  yield new Uint8Array(20_000).fill(0xc0);
  for (let length = 0; length < 1000; length += 20) {
    yield crypto.getRandomValues(new Uint8Array(length));
  }
}

test("Announcer.open() and browse() find each other, when a rogue sends nonsense", async () => {
  const share = newShare();
  const evil = share.instance.replace("distill", "distill\u001b[2J");
  using rogue = await RawPeer.open(5353);
  await using _announcer = await Announcer.open(share, options);
  const harass = async () => {
    for (const datagram of hostileDatagrams()) await rogue.send(datagram);
    for (const answers of [records(evil), records(`${share.instance}-0`, 0)]) {
      await rogue.send({ type: "response", answers });
    }
  };
  await harass();
  rogue.on(asksFor(TYPE), harass);
  const seen: Candidate[] = [];
  assertEquals((await find(share.instance, LOOPBACK, seen))!.port, 4711);
  assertEquals(seen.filter((each) => each.instance.includes("\u001b")), []);
});
