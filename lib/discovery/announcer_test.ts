/** An announcer alone, on real sockets; `mdns_test.ts` has receivers that find it. */

import { assertEquals, assertRejects } from "@std/assert";
import type { Packet } from "multicast-dns/typed";
import { type Message, RawPeer } from "../../tests/support/mdns_peer.ts";
import {
  newShare,
  options,
  pointer,
  pointsTo,
  question,
  test,
  TYPE,
} from "../testing/mdns.ts";
import { Announcer } from "./announcer.ts";

test("Announcer.moved() leaves no announcement to come, when the share is being withdrawn or is", async () => {
  const announcer = await Announcer.open(newShare(), options);
  const withdrawing = announcer[Symbol.asyncDispose]();
  announcer.moved("k7m2xq");
  await withdrawing;
  // The timer of a repeated announcement would fail the test.
  announcer.moved("k7m2xr");
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
  const questions = [question(TYPE, "PTR")];
  const query: Message = { type: "query", id: 4242, questions };
  const reply = await replyTo([query], share.instance);
  assertEquals([reply.id, reply.questions], [4242, questions]);
  for (const { ttl, flush } of [...reply.answers, ...reply.additionals]) {
    assertEquals([ttl, flush], [10, false]);
  }
});

test("Announcer.open() stays silent, when the asker knows the answer", async () => {
  const share = newShare();
  await using _announcer = await Announcer.open(share, options);
  const answers = [pointer(share.instance)];
  const questions = [question(TYPE, "PTR")];
  const reply = await replyTo([
    { type: "query", id: 1, questions, answers },
    { type: "query", id: 2, questions },
  ], share.instance);
  assertEquals(reply.id, 2);
});

/**
 * Sends the queries of a plain resolver, and again each second, because a busy machine may lose a
 * datagram; returns the first reply about that instance.
 */
async function replyTo(queries: Message[], instance: string): Promise<Packet> {
  using resolver = await RawPeer.open(0);
  const send = async () => {
    for (const query of queries) await resolver.send(query);
  };
  await send();
  const again = setInterval(send, 1_000);
  try {
    return await resolver.next(pointsTo(instance));
  } finally {
    clearInterval(again);
  }
}

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
