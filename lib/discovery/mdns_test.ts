/**
 * Real sockets, on loopback: other tests may announce and browse there at the same time.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Packet, ResourceRecord } from "multicast-dns/typed";
import { type Message, RawPeer } from "../../tests/support/mdns_peer.ts";
import { utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import {
  asksFor,
  DEADLINE_MS,
  fillRandom,
  find,
  LOOPBACK,
  newShare,
  options,
  records,
  test,
  TYPE,
  watching,
} from "../testing/mdns.ts";
import { Announcer } from "./announcer.ts";
import {
  browse,
  type Candidate,
  type InterfaceAddress,
  InterfaceWatch,
  nameInstance,
} from "./mdns.ts";

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
