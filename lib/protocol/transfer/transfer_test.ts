/** Both halves of a transfer with each other; peers and wires that cheat are in transfer_hostile_test.ts and transfer_wire_test.ts. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { Bytes } from "../../bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import type { Channel } from "../../transports/channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { RECORD } from "./record_types.ts";
import type { Offer } from "./offer.ts";
import {
  connectLoopback,
  outcomeOf,
  pause,
  secure,
  type SecurePair,
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
import {
  CREDIT_STEP_BYTES,
  type PayloadSink,
  receiveOffer,
  receivePayload,
} from "./receive.ts";
import { leave } from "./receive_chosen.ts";
import { CREDIT_WINDOW_BYTES, sendPayload } from "./send.ts";

const MIB = 1024 * 1024;
const KIB = 1024;

function into(sink: PayloadSink): () => Promise<PayloadSink> {
  return () => Promise.resolve(sink);
}

function failure(code: SpreadErrorCode): SpreadError {
  return new SpreadError(code, "For the test", "");
}

/** Sends a payload from `offset` on and expects it to arrive. */
async function assertArrives(
  pair: SecurePair,
  payload: Bytes,
  pieceBytes: number,
  offset = 0,
): Promise<void> {
  const source = new MemorySource(payload, { pieceBytes });
  const sink = new MemorySink(payload.slice(0, offset));
  const offer = await offerOf(payload);
  assertEquals(await transfer(pair, offer, source, into(sink)), [
    "delivered",
    "stored",
  ]);
  assert(equalBytes(sink.bytes, payload), "other bytes arrived");
  assertEquals([sink.finished, source.closed], [1, 1]);
}

/** `assertEquals` on megabytes takes seconds. */
function equalBytes(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const SIZES = [
  1,
  2,
  CREDIT_STEP_BYTES - 1,
  CREDIT_STEP_BYTES,
  CREDIT_STEP_BYTES + 1,
  CREDIT_WINDOW_BYTES - 1,
  CREDIT_WINDOW_BYTES,
  CREDIT_WINDOW_BYTES + 1,
  5 * MIB + 3,
];

for (const size of SIZES) {
  Deno.test(`sendPayload() and receivePayload() hand over ${size} bytes, in pieces of any size`, async () => {
    const payload = payloadOf(size);
    for (const pieceBytes of [MIB, MIB - 1, 64 * KIB, 10_007]) {
      await assertArrives(await secure(connectMemory()), payload, pieceBytes);
    }
  });
}

Deno.test("sendPayload() and receivePayload() hand over 20 MiB over TCP", async () => {
  const pair = await secure(await connectLoopback());
  await assertArrives(pair, payloadOf(20 * MIB + 1), 256 * KIB);
});

Deno.test("sendPayload() takes it for no failure when the receiver looks at the offer and leaves, and reads nothing", async () => {
  const payload = payloadOf(1000);
  const source = new MemorySource(payload);
  const offer = await offerOf(payload);
  const pair = await secure(connectMemory());
  const [isTaken] = await Promise.all([
    (async () => {
      await using sender = pair.sender;
      return await sendPayload(sender, offer, source, () => {});
    })(),
    (async () => {
      await using receiver = pair.receiver;
      assertEquals(await receiveOffer(receiver), offer);
      await leave(receiver);
    })(),
  ]);
  assertEquals([isTaken, source.closed], [false, 0]);
});

Deno.test("sendPayload() and receivePayload() go on from any offset", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3000 }),
      fc.nat(3000),
      fc.integer({ min: 1, max: 700 }),
      async (size, offset, pieceBytes) => {
        const pair = await secure(connectMemory());
        const at = Math.min(offset, size);
        await assertArrives(pair, payloadOf(size), pieceBytes, at);
      },
    ),
    { numRuns: 60 },
  );
});

const OFFSETS = [
  0,
  1,
  CREDIT_STEP_BYTES,
  CREDIT_WINDOW_BYTES + 1,
  6 * MIB - 1,
  6 * MIB,
];

for (const offset of OFFSETS) {
  Deno.test(`sendPayload() sends only what is missing, when ${offset} of 6 MiB are there`, async () => {
    let sentBytes = 0;
    await using middle = interpose((way, _index, frame) => {
      if (way === "toReceiver" && frame[0] === RECORD.data) {
        sentBytes += frame.length - 17;
      }
      return [frame];
    });
    const pair = await secure([middle.sender, middle.receiver]);
    await assertArrives(pair, payloadOf(6 * MIB), 128 * KIB, offset);
    assertEquals(sentBytes, 6 * MIB - offset);
  });
}

Deno.test("sendPayload() takes up an interrupted transfer where it broke off", async () => {
  const payload = payloadOf(3 * MIB);
  const offer = await offerOf(payload);
  const first = new MemorySink();
  await using middle = interpose((way, index, frame) =>
    way === "toReceiver" && index === 20 ? "cut" : [frame]
  );
  assertEquals(
    await transfer(
      await secure([middle.sender, middle.receiver]),
      offer,
      new MemorySource(payload),
      into(first),
    ),
    ["PEER_GONE", "PEER_GONE"],
  );
  assert(first.stored > 0 && first.finished === 0);

  const second = new MemorySink(first.bytes);
  const pair = await secure(connectMemory());
  await transfer(pair, offer, new MemorySource(payload), into(second));
  assert(equalBytes(second.bytes, payload));
});

// ---- credit

for (const pieceBytes of [100 * KIB, 512 * KIB, MIB]) {
  Deno.test(`sendPayload() is never more than 4 MiB ahead of what is stored, in pieces of ${pieceBytes} bytes`, async () => {
    const payload = payloadOf(11 * MIB);
    const sink = new MemorySink(payload.slice(0, MIB), {
      // A sink that gives way now and then, so that the sender runs into the window.
      before: (position) => position % (2 * MIB) < MIB ? pause(1) : undefined,
    });
    let sent = sink.offset;
    let mostAhead = 0;
    const pair = await secure(
      watchSending(connectMemory(), (bytes) => {
        sent += bytes;
        mostAhead = Math.max(mostAhead, sent - sink.stored);
      }),
      { firstDataBytes: pieceBytes },
    );
    const source = new MemorySource(payload, { pieceBytes });
    const offer = await offerOf(payload);
    const ends = await transfer(pair, offer, source, into(sink));
    assertEquals(ends, ["delivered", "stored"]);
    assert(mostAhead <= CREDIT_WINDOW_BYTES, `${mostAhead} bytes ahead`);
  });
}

const BLOCKED: [pieceBytes: number, sentBytes: number][] = [
  [512 * KIB, 4 * MIB],
  [MIB, 4 * MIB],
  [838_860, 5 * 838_860], // 4 MiB − 4 bytes
  [838_861, 4 * 838_861], // five would be 4 MiB and a byte
];

for (const [pieceBytes, sentBytes] of BLOCKED) {
  Deno.test(`sendPayload() sends ${sentBytes} bytes and waits, when the sink is blocked and pieces have ${pieceBytes}`, async () => {
    const payload = payloadOf(12 * MIB);
    const unblock = Promise.withResolvers<void>();
    const sink = new MemorySink(undefined, {
      before: (position) => position === 0 ? unblock.promise : undefined,
    });
    let sent = 0;
    const pair = await secure(
      watchSending(connectMemory(), (bytes) => sent += bytes),
      { firstDataBytes: pieceBytes },
    );
    const source = new MemorySource(payload, { pieceBytes });
    const running = transfer(pair, await offerOf(payload), source, into(sink));
    await waitUntil(() => sent >= sentBytes);
    await pause(50);
    assertEquals([sent, sink.stored], [sentBytes, 0]);
    unblock.resolve();
    assertEquals(await running, ["delivered", "stored"]);
  });
}

/** Calls `onData` with the size of each piece that the first end sends. */
function watchSending(
  [sender, receiver]: [Channel, Channel],
  onData: (bytes: number) => void,
): [Channel, Channel] {
  const send = sender.send.bind(sender);
  sender.send = (...parts) => {
    if (parts[0]![0] === RECORD.data) onData(parts[1]!.length - 16);
    return send(...parts);
  };
  return [sender, receiver];
}

Deno.test("sendPayload() reports progress that never goes back, up to what the receiver stored", async () => {
  const payload = payloadOf(5 * MIB);
  const pair = await secure(connectMemory());
  const seen: Record<"sender" | "receiver", number[]> = {
    sender: [],
    receiver: [],
  };
  const sink = new MemorySink(payload.slice(0, MIB));
  await Promise.all([
    outcomeOf(pair.sender, async () =>
      sendPayload(
        pair.sender,
        await offerOf(payload),
        new MemorySource(payload),
        ({ bytes }) => seen.sender.push(bytes),
      )),
    outcomeOf(pair.receiver, () =>
      receivePayload(
        pair.receiver,
        into(sink),
        ({ bytes }) => seen.receiver.push(bytes),
      )),
  ]);
  const steps = [2, 3, 4, 5].map((n) => n * MIB);
  assertEquals(seen, { sender: steps, receiver: steps });
});

// ---- a side that ends the transfer

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
  assertEquals(source.closed, 1);
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
