/** A share and its receivers; crowds and strangers are in share_crowd_test.ts. */

import { assert, assertEquals } from "@std/assert";
import type { Bytes } from "../bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import {
  MAX_GUESSES_IN_TOTAL,
  MAX_GUESSES_PER_ADDRESS,
} from "./handshake/guesses.ts";
import { handshakeAsReceiver } from "./handshake/receiver.ts";
import { HELLO_FRAME, PASSPHRASE, WRONG_WORDS } from "../testing/handshake.ts";
import {
  connectAs,
  connectLoopbackTo,
  outcomeOf,
  pause,
  proveByHand,
  random,
  waitUntil,
} from "../testing/protocol.ts";
import {
  newShare,
  receiveByHand,
  serveOverTcp,
  serveTo,
} from "../testing/shares.ts";
import { MemorySink, MemorySource, payloadOf } from "../testing/payloads.ts";
import { receivePayload } from "./transfer/receive.ts";
import { pause as pauseUntil } from "../waiting.ts";
import { MAX_TRANSFERS, type Share } from "./share.ts";

const PAYLOAD = payloadOf(150_000);

/** A receiver as people run it. */
async function receive(
  channel: Channel,
  passphrase: string,
): Promise<Bytes | string> {
  const sink = new MemorySink();
  return await outcomeOf(channel, async () => {
    await using secure = await handshakeAsReceiver(channel, {
      secret: passphrase,
      roomCode: "",
      fillRandom: random,
    });
    await receivePayload(secure, () => Promise.resolve(sink), () => {});
    return sink.bytes;
  });
}

function guessWrong(channel: Channel): Promise<unknown> {
  return receiveByHand(channel, WRONG_WORDS);
}

Deno.test("serve() delivers to every receiver that proves the passphrase, over TCP", async () => {
  const source = new MemorySource(PAYLOAD);
  const share = await newShare(PASSPHRASE, source);
  const confirmed: string[] = [];
  const progress: number[] = [];
  await using serving = serveOverTcp(share, {
    confirmed: (peer) => confirmed.push(peer),
    progress: (_peer, { bytes }) => progress.push(bytes),
  });
  for (let turn = 0; turn < 2; turn++) {
    const channel = await connectLoopbackTo(serving.port);
    assertEquals(await receive(channel, PASSPHRASE), PAYLOAD);
  }
  assertEquals(await serving.outcomes(2), [true, true]);
  assertEquals(confirmed, ["127.0.0.1", "127.0.0.1"]);
  assertEquals([source.closed, source.active], [2, 0]);
  assertEquals(share.guesses.total, 0);
});

Deno.test("serve() reports progress up to the payload's size", async () => {
  const payload = payloadOf(3 * 1024 * 1024);
  const share = await newShare(PASSPHRASE, new MemorySource(payload));
  const progress: [string, number, number][] = [];
  const [sender, receiver] = connectAs("10.0.0.1");
  const [isDelivered] = await Promise.all([
    serveTo(share, sender, {
      progress: (peer, { bytes, size }) => progress.push([peer, bytes, size]),
    }),
    receiveByHand(receiver, PASSPHRASE),
  ]);
  assertEquals(isDelivered, true);
  const size = payload.length;
  assertEquals(progress, [1, 2, 3].map((n) => ["10.0.0.1", n * 2 ** 20, size]));
});

Deno.test("serve() returns false for a visitor that asks for nothing", async () => {
  const share = await newShare(PASSPHRASE);
  await using serving = serveOverTcp(share);
  for (let visit = 0; visit < 3; visit++) {
    const conn = await Deno.connect({ port: serving.port });
    conn.close();
  }
  assertEquals(await serving.outcomes(3), [false, false, false]);
  const channel = await connectLoopbackTo(serving.port);
  assertEquals(await receive(channel, PASSPHRASE), payloadOf(1000));
});

Deno.test("serve() goes on with others, when one receiver declines, leaves or cheats", async () => {
  const source = new MemorySource(PAYLOAD);
  const share = await newShare(PASSPHRASE, source);
  const cannotStore = () => {
    throw new SpreadError("CANNOT_STORE", "Disk full", "");
  };
  const visits: [sink: MemorySink, outcome: unknown][] = [
    [new MemorySink(), true],
    [new MemorySink(undefined, { before: cannotStore }), "DECLINED"],
    [new MemorySink(payloadOf(PAYLOAD.length + 1)), "BAD_MESSAGE"],
    [new MemorySink(), true],
  ];
  const outcomes = await Promise.all(visits.map(([sink]) => {
    const [sender, receiver] = connectAs("10.0.0.1");
    return Promise.all([
      serveTo(share, sender),
      receiveByHand(receiver, PASSPHRASE, sink),
    ]);
  }));
  assertEquals(
    outcomes.map(([outcome]) => outcome),
    visits.map(([, outcome]) => outcome),
  );
  await waitUntil(() => source.active === 0);
});

// ---- guesses

Deno.test("serve() refuses the right passphrase too, after three wrong ones from one address, over TCP", async () => {
  const share = await newShare(PASSPHRASE);
  await using serving = serveOverTcp(share);
  const attempts: [passphrase: string, outcome: SpreadErrorCode][] = [
    [WRONG_WORDS, "PASSPHRASE_REFUSED"],
    [WRONG_WORDS, "PASSPHRASE_REFUSED"],
    [WRONG_WORDS, "PASSPHRASE_REFUSED"],
    [PASSPHRASE, "TOO_MANY_GUESSES"],
  ];
  for (const [passphrase, outcome] of attempts) {
    const channel = await connectLoopbackTo(serving.port);
    assertEquals(await receive(channel, passphrase), outcome);
  }
  assertEquals(
    await serving.outcomes(4),
    attempts.map(([, outcome]) => outcome),
  );

  // Another address has its own count.
  const [sender, receiver] = connectAs("10.0.0.1");
  const [isDelivered] = await Promise.all([
    serveTo(share, sender),
    receive(receiver, PASSPHRASE),
  ]);
  assertEquals(isDelivered, true);
});

Deno.test("serve() forgives two wrong passphrases, and a right one takes none of them back", async () => {
  const share = await newShare(PASSPHRASE);
  const attempt = async (isRight: boolean) => {
    const [sender, receiver] = connectAs("10.0.0.1");
    const [outcome] = await Promise.all([
      serveTo(share, sender),
      isRight ? receiveByHand(receiver, PASSPHRASE) : guessWrong(receiver),
    ]);
    return outcome;
  };
  const outcomes: unknown[] = [];
  for (const isRight of [false, false, true, true, false]) {
    outcomes.push(await attempt(isRight));
  }
  assertEquals(outcomes, [
    "PASSPHRASE_REFUSED",
    "PASSPHRASE_REFUSED",
    true,
    true,
    "PASSPHRASE_REFUSED",
  ]);
  assertEquals(share.guesses.isRefused("10.0.0.1"), true);
});

Deno.test("serve() refuses everyone, after ten wrong passphrases from whatever addresses", async () => {
  const share = await newShare(PASSPHRASE);
  for (let guess = 0; guess < MAX_GUESSES_IN_TOTAL; guess++) {
    assertEquals(share.guesses.isExhausted, false);
    const [sender, receiver] = connectAs(`10.0.0.${guess}`);
    await Promise.all([serveTo(share, sender), guessWrong(receiver)]);
  }
  assertEquals(share.guesses.isExhausted, true);
  const [sender, receiver] = connectAs("192.168.0.1");
  assertEquals(
    await Promise.all([serveTo(share, sender), receive(receiver, PASSPHRASE)]),
    ["TOO_MANY_GUESSES", "TOO_MANY_GUESSES"],
  );
});

Deno.test("serve() checks no more than three of fifty wrong passphrases that come at once", async () => {
  const share = await newShare(PASSPHRASE);
  const outcomes = await Promise.all(Array.from({ length: 50 }, async () => {
    const [sender, receiver] = connectAs("10.0.0.1");
    const [outcome] = await Promise.all([
      serveTo(share, sender),
      guessWrong(receiver),
    ]);
    return outcome;
  }));
  const count = (code: string) =>
    outcomes.filter((outcome) => outcome === code).length;
  assertEquals(count("PASSPHRASE_REFUSED"), MAX_GUESSES_PER_ADDRESS);
  assertEquals(count("TOO_MANY_GUESSES"), 50 - MAX_GUESSES_PER_ADDRESS);
  assertEquals(share.guesses.total, MAX_GUESSES_PER_ADDRESS);
});

// ---- turns and the end

/** Receivers that have come while the source is held back. */
async function crowd(
  share: Share,
  size: number,
): Promise<{ served: Promise<unknown[]>; received: Promise<unknown[]> }> {
  let confirmed = 0;
  const pairs = Array.from({ length: size }, () => connectAs("10.0.0.1"));
  const events = { confirmed: () => confirmed++ };
  const served = pairs.map(([sender]) => serveTo(share, sender, events));
  const received = pairs.map(([, receiver]) =>
    receiveByHand(receiver, PASSPHRASE)
  );
  await waitUntil(() => confirmed === size);
  await pause(30);
  return { served: Promise.all(served), received: Promise.all(received) };
}

Deno.test("serve() lets no more than sixteen transfers read the source at a time", async () => {
  const gate = Promise.withResolvers<void>();
  const source = new MemorySource(PAYLOAD, { before: () => gate.promise });
  const share = await newShare(PASSPHRASE, source);
  const { served, received } = await crowd(share, MAX_TRANSFERS + 9);
  await waitUntil(() => source.active >= MAX_TRANSFERS);
  await pause(30);
  assertEquals(source.active, MAX_TRANSFERS);
  gate.resolve();
  assertEquals(await served, Array(MAX_TRANSFERS + 9).fill(true));
  assertEquals(
    (await received).every((bytes) => (bytes as Bytes).length === 150_000),
    true,
  );
  assertEquals([source.mostActive, source.active], [MAX_TRANSFERS, 0]);
});

Deno.test("stop() ends all that runs, also those that wait for their turn or have said nothing", async () => {
  const gate = Promise.withResolvers<void>();
  const source = new MemorySource(PAYLOAD, { before: () => gate.promise });
  const share = await newShare(PASSPHRASE, source);
  const [sender, silent] = connectAs("10.0.0.2");
  const unconfirmed = serveTo(share, sender);
  const { served, received } = await crowd(share, MAX_TRANSFERS + 3);

  await share.stop(new SpreadError("INTERRUPTED", "Stopped"));
  assertEquals(await served, Array(MAX_TRANSFERS + 3).fill("INTERRUPTED"));
  assertEquals(await unconfirmed, "INTERRUPTED");
  assertEquals(await received, Array(MAX_TRANSFERS + 3).fill("PEER_STOPPED"));
  gate.resolve();
  await waitUntil(() => source.active === 0);
  await silent[Symbol.asyncDispose]();
});

Deno.test("serve() frees its turn, when a transfer fails", async () => {
  const source = new MemorySource(PAYLOAD);
  const share = await newShare(PASSPHRASE, source);
  const refusing = () =>
    new MemorySink(undefined, {
      before: () => {
        throw new SpreadError("CANNOT_STORE", "Disk full", "");
      },
    });
  for (let visit = 0; visit <= MAX_TRANSFERS; visit++) {
    const [sender, receiver] = connectAs("10.0.0.1");
    await Promise.all([
      serveTo(share, sender),
      receiveByHand(receiver, PASSPHRASE, refusing()),
    ]);
  }
  const [sender, receiver] = connectAs("10.0.0.1");
  const [isDelivered] = await Promise.all([
    serveTo(share, sender),
    receiveByHand(receiver, PASSPHRASE),
  ]);
  assertEquals(isDelivered, true);
});

Deno.test("serve() ends receivers that only keep alive, and serves those who wait behind them", async () => {
  const timing = { keepAliveMs: 50, answerMs: 2_000 };
  const share = await newShare(PASSPHRASE, new MemorySource(PAYLOAD), {
    timing,
  });
  let confirmed = 0;
  const idle = Array.from({ length: MAX_TRANSFERS }, async () => {
    const [sender, receiver] = connectAs("10.0.0.1");
    const serving = serveTo(share, sender, { confirmed: () => confirmed++ });
    await using _kept = await proveByHand(receiver, PASSPHRASE, timing);
    return await serving;
  });
  await waitUntil(() => confirmed === MAX_TRANSFERS);
  const [sender, receiver] = connectAs("10.0.0.2");
  const ends = await Promise.all([
    serveTo(share, sender),
    receiveByHand(receiver, PASSPHRASE),
  ]);
  assertEquals(ends, [true, PAYLOAD]);
  assertEquals(
    await Promise.all(idle),
    Array(MAX_TRANSFERS).fill("PEER_SILENT"),
  );
});

Deno.test("close() lets transfers finish, and ends those that wait for their turn or have said nothing", async () => {
  const gate = Promise.withResolvers<void>();
  const source = new MemorySource(PAYLOAD, { before: () => gate.promise });
  const share = await newShare(PASSPHRASE, source);
  const [sender, silent] = connectAs("10.0.0.2");
  const unconfirmed = serveTo(share, sender);
  const { served, received } = await crowd(share, MAX_TRANSFERS + 3);
  await share.close(new SpreadError("INTERRUPTED", "It has ended"));
  assertEquals(await unconfirmed, "INTERRUPTED");
  const [late] = connectAs("10.0.0.3");
  assertEquals(await serveTo(share, late), "PEER_BUSY");
  gate.resolve();
  const ends = await served;
  assertEquals(ends.filter((end) => end === true).length, MAX_TRANSFERS);
  assertEquals(ends.filter((end) => end === "INTERRUPTED").length, 3);
  const told = (await received).filter((end) => end === "PEER_STOPPED");
  assertEquals(told.length, 3);
  await silent[Symbol.asyncDispose]();
});

// ---- time

Deno.test("serve() gives a receiver one span of time for the whole handshake, however it is used", async () => {
  const share = await newShare(PASSPHRASE, undefined, {
    handshakeTimeoutMs: 2_000,
  });
  const [sender, receiver] = connectAs("10.0.0.1");
  const start = performance.now();
  const serving = serveTo(share, sender);
  await pause(1_000);
  await receiver.send(HELLO_FRAME);
  // A span of its own for what came last would end later.
  const ended = new AbortController();
  const late = pauseUntil(2_000, ended.signal).then(() => "late");
  assertEquals(await Promise.race([serving, late]), "PEER_SILENT");
  ended.abort();
  const tookMs = performance.now() - start;
  assert(tookMs >= 1_990, `${tookMs} ms`);
  await receiver[Symbol.asyncDispose]();
});

Deno.test("serve() does not let a silent visitor hold up another", async () => {
  const share = await newShare(PASSPHRASE);
  await using serving = serveOverTcp(share);
  const silent = await Deno.connect({ port: serving.port });
  const channel = await connectLoopbackTo(serving.port);
  assertEquals(await receive(channel, PASSPHRASE), payloadOf(1000));
  silent.close();
  assertEquals(await serving.outcomes(2), [false, true]);
});
