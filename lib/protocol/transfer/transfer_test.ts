/** Both halves of a transfer with each other; peers and wires that cheat are in transfer_hostile_test.ts and transfer_wire_test.ts. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Bytes } from "../../bytes.ts";
import type { Channel } from "../../transports/channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { into } from "../../testing/choices.ts";
import { RECORD } from "./record_types.ts";
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
import { CREDIT_STEP_BYTES, receiveOffer, receivePayload } from "./receive.ts";
import { leave } from "./receive_chosen.ts";
import { CREDIT_WINDOW_BYTES, sendPayload } from "./send.ts";

const MIB = 1024 * 1024;
const KIB = 1024;

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
