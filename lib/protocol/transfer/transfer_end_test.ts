/** A transfer that one side ends; `transfer_test.ts` has those that arrive. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { failure, into } from "../../testing/choices.ts";
import { RECORD } from "./record_types.ts";
import type { Offer } from "./offer.ts";
import {
  outcomeOf,
  pause,
  secure,
  transfer,
  waitUntil,
} from "../../testing/protocol.ts";
import {
  MemorySink,
  MemorySource,
  offerOf,
  payloadOf,
} from "../../testing/payloads.ts";
import { interpose } from "../../testing/interposed.ts";
import { receivePayload } from "./receive.ts";
import { sendPayload } from "./send.ts";

const MIB = 1024 * 1024;
const KIB = 1024;

const DECLINES: [code: SpreadErrorCode, sender: string, words: string][] = [
  ["PAYLOAD_UNWANTED", "DECLINED", "not of the kind"],
  ["PAYLOAD_TOO_LARGE", "DECLINED", "too large"],
  ["CANNOT_STORE", "DECLINED", "cannot store it"],
  ["INTERRUPTED", "PEER_GONE", ""], // the sender need not know
];

for (const [code, senderCode, words] of DECLINES) {
  Deno.test(`receivePayload() declines with ${code}, when accept() throws it`, async () => {
    const pair = await secure(connectMemory());
    const payload = payloadOf(100);
    const source = new MemorySource(payload);
    const receiving = outcomeOf(
      pair.receiver,
      () =>
        receivePayload(
          pair.receiver,
          () => Promise.reject(failure(code)),
          () => {},
        ),
    );
    const error = await sendPayload(
      pair.sender,
      await offerOf(payload),
      source,
      () => {},
    ).catch((error) => error);
    assertEquals(error.code, senderCode);
    assertStringIncludes(error.message, words);
    assertEquals(await receiving, code);
    assertEquals(source.mostActive, 0);
    await pair.sender[Symbol.asyncDispose]();
  });
}

for (const size of [200 * KIB, 3 * MIB, 12 * MIB]) {
  Deno.test(`sendPayload() ends with DECLINED and closes its source, when the sink fails amid ${size} bytes`, async () => {
    const payload = payloadOf(size);
    const source = new MemorySource(payload);
    const sink = new MemorySink(undefined, {
      before: (position) => {
        if (position >= size / 2) throw failure("CANNOT_STORE");
      },
    });
    const pair = await secure(connectMemory());
    assertEquals(
      await transfer(pair, await offerOf(payload), source, into(sink)),
      ["DECLINED", "CANNOT_STORE"],
    );
    await waitUntil(() => source.closed === 1);
    assertEquals(sink.finished, 0);
  });
}

Deno.test("sendPayload() ends with DECLINED, even when its sends fail before the receiver's word arrives", async () => {
  const payload = payloadOf(3 * MIB);
  const source = new MemorySource(payload);
  const sink = new MemorySink(undefined, {
    before: () => {
      throw failure("CANNOT_STORE");
    },
  });
  const [sender, receiver] = connectMemory();
  const receive = sender.receive.bind(sender);
  let received = 0;
  sender.receive = async () => {
    // The reason is on its way, but the receiver has closed already.
    if (received++ === 1) await pause(100);
    return receive();
  };
  const pair = await secure([sender, receiver]);
  assertEquals(
    await transfer(pair, await offerOf(payload), source, into(sink)),
    ["DECLINED", "CANNOT_STORE"],
  );
  await waitUntil(() => source.closed === 1);
});

Deno.test("sendPayload() closes its source, when the receiver says no while the sender waits for credit", async () => {
  const payload = payloadOf(12 * MIB);
  const source = new MemorySource(payload, { pieceBytes: MIB });
  const blocked = Promise.withResolvers<void>();
  const sink = new MemorySink(undefined, { before: () => blocked.promise });
  const pair = await secure(connectMemory());
  const running = transfer(pair, await offerOf(payload), source, into(sink));
  await waitUntil(() => source.active === 1);
  await pause(30);
  blocked.reject(failure("CANNOT_STORE"));
  assertEquals(await running, ["DECLINED", "CANNOT_STORE"]);
  await waitUntil(() => source.closed === 1);
});

Deno.test("sendPayload() ends with DECLINED, when finish() finds other bytes or no room", async () => {
  const payload = payloadOf(70_000);
  for (const code of ["PAYLOAD_CORRUPT", "CANNOT_STORE"] as const) {
    await using middle = interpose((_way, _index, frame) => [frame]);
    const pair = await secure([middle.sender, middle.receiver]);
    const sink = new MemorySink(undefined, {
      beforeFinish: () => {
        throw failure(code);
      },
    });
    const source = new MemorySource(payload);
    assertEquals(
      await transfer(pair, await offerOf(payload), source, into(sink)),
      ["DECLINED", code],
    );
    const types = middle.seen.toSender.map((frame) => frame[0]);
    assertEquals(types, [RECORD.accept, RECORD.abort]);
  }
});

const WITHDRAWALS: [code: SpreadErrorCode, receiver: string][] = [
  ["PAYLOAD_CHANGED", "PAYLOAD_CHANGED"],
  ["PAYLOAD_UNREADABLE", "PAYLOAD_CHANGED"],
  ["INTERRUPTED", "PEER_GONE"],
];

for (const [code, receiverCode] of WITHDRAWALS) {
  for (const failAt of [0, 64 * KIB, 6 * MIB]) {
    Deno.test(`receivePayload() ends with ${receiverCode} and never finishes, when the source fails with ${code} at ${failAt}`, async () => {
      const payload = payloadOf(6 * MIB);
      const source = new MemorySource(payload, {
        failAt,
        failure: failure(code),
      });
      const sink = new MemorySink();
      const pair = await secure(connectMemory());
      assertEquals(
        await transfer(pair, await offerOf(payload), source, into(sink)),
        [code, receiverCode],
      );
      assertEquals([sink.finished, source.closed], [0, 1]);
    });
  }
}

Deno.test("sendPayload() ends with the receiver's verdict, when the source gives more or less than was offered", async () => {
  const offer = await offerOf(payloadOf(100_000));
  for (const size of [99_999, 100_001, 200_000]) {
    const sink = new MemorySink();
    const pair = await secure(connectMemory());
    const source = new MemorySource(payloadOf(size));
    assertEquals(
      await transfer(pair, offer, source, into(sink)),
      ["PEER_GONE", "BAD_MESSAGE"],
    );
    assertEquals(sink.finished, 0);
  }
});

Deno.test("sendPayload() refuses to offer what the receiver would not understand", async () => {
  const offer = await offerOf(payloadOf(1));
  const bad: Offer[] = [
    { ...offer, size: 0 },
    { ...offer, name: "a\nb" },
    { ...offer, sha256: "no" },
  ];
  for (const each of bad) {
    const pair = await secure(connectMemory());
    const source = new MemorySource(payloadOf(1));
    const error = await sendPayload(pair.sender, each, source, () => {})
      .then(() => null, (error) => error);
    assert(error instanceof Error && !(error instanceof SpreadError));
    await pair.sender[Symbol.asyncDispose]();
    await pair.receiver[Symbol.asyncDispose]();
  }
});

Deno.test("receivePayload() has its payload, even when the sender is gone before the receipt", async () => {
  const payload = payloadOf(1000);
  const sink = new MemorySink();
  await using middle = interpose((_way, _index, frame) =>
    frame[0] === RECORD.receipt ? "cut" : [frame]
  );
  const pair = await secure([middle.sender, middle.receiver]);
  const source = new MemorySource(payload);
  assertEquals(
    await transfer(pair, await offerOf(payload), source, into(sink)),
    ["PEER_GONE", "stored"],
  );
  assertEquals(sink.finished, 1);
});
