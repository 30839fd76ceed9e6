/** Peers that know the passphrase and still break the protocol. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { encodePosition, RECORD } from "./record_types.ts";
import { encodeOffer, encodeReason, END_REASONS } from "./offer.ts";
import {
  MemorySink,
  MemorySource,
  offerOf,
  payloadOf,
} from "../../testing/payloads.ts";
import { outcomeOf, secure, waitUntil } from "../../testing/protocol.ts";
import { receivePayload } from "./receive.ts";
import type { SecureChannel } from "../secure_channel.ts";
import { type Progress, sendPayload } from "./send.ts";

const NOTHING = new Uint8Array(0);
const MIB = 1024 * 1024;

type Sent = [type: number, body: Bytes];

// ---- a sender that cheats

const PAYLOAD = payloadOf(10);
const OFFER = encodeOffer(await offerOf(PAYLOAD));

/**
 * Outcome of a receiver whose sender sends these records and closes.
 *
 * @returns The outcome, and whether the receiver counted the payload as complete.
 */
async function receiverAgainst(
  records: Sent[],
): Promise<[outcome: string, isFinished: boolean]> {
  const { sender, receiver } = await secure(connectMemory());
  const sink = new MemorySink(undefined, {
    beforeFinish: () => {
      if (sink.bytes.toHex() === PAYLOAD.toHex()) return;
      throw new SpreadError("PAYLOAD_CORRUPT", "Other bytes", "");
    },
  });
  const [outcome] = await Promise.all([
    outcomeOf(receiver, async () => {
      await receivePayload(receiver, () => Promise.resolve(sink), () => {});
      return "stored";
    }),
    sendAll(sender, records),
  ]);
  return [outcome, sink.finished > 0];
}

/**
 * Sends all records, reads one answer to the offer, and closes; the other side's outcome is
 * not checked.
 */
async function sendAll(channel: SecureChannel, records: Sent[]): Promise<void> {
  await using _closing = channel;
  try {
    for (const [type, body] of records) await channel.send(type, body);
    if (records[0]?.[0] === RECORD.offer) await channel.receive();
  } catch {
    // The other side has hung up.
  }
}

const data = (bytes: Bytes): Sent => [RECORD.data, bytes];
const END: Sent = [RECORD.end, NOTHING];

Deno.test("receivePayload() finishes, when the sender keeps to the protocol in an unusual way", async () => {
  const unusual: Sent[][] = [
    [data(PAYLOAD), END],
    [...Array.from(PAYLOAD, (byte) => data(Uint8Array.of(byte))), END],
    [data(PAYLOAD), END, data(PAYLOAD), [0x42, NOTHING]], // after the end: not read
  ];
  for (const records of unusual) {
    assertEquals(
      await receiverAgainst([[RECORD.offer, OFFER], ...records]),
      ["stored", true],
    );
  }
});

const INSTEAD_OF_OFFER: [name: string, records: Sent[], code: string][] = [
  ["nothing", [], "PEER_GONE"],
  ["data", [data(PAYLOAD)], "BAD_MESSAGE"],
  ["an end", [END], "BAD_MESSAGE"],
  ["an abort", [[RECORD.abort, encodeReason("changed")]], "BAD_MESSAGE"],
];

for (const [name, records, code] of INSTEAD_OF_OFFER) {
  Deno.test(`receivePayload() ends with ${code}, when the sender sends ${name} instead of an offer`, async () => {
    assertEquals(await receiverAgainst(records), [code, false]);
  });
}

const abort = (json: string): Sent => [RECORD.abort, utf8(json)];

const AFTER_OFFER: [name: string, records: Sent[], code: string][] = [
  ["nothing", [], "PEER_GONE"],
  ["one byte too many at once", [data(payloadOf(11)), END], "BAD_MESSAGE"],
  ["one byte too many", [data(PAYLOAD), data(payloadOf(1))], "BAD_MESSAGE"],
  ["a record of 1 MiB", [data(new Uint8Array(MIB))], "BAD_MESSAGE"],
  ["an end at once", [END], "BAD_MESSAGE"],
  ["an end one byte early", [data(PAYLOAD.slice(0, 9)), END], "BAD_MESSAGE"],
  ["all data and no end", [data(PAYLOAD)], "PEER_GONE"],
  ["other data", [data(new Uint8Array(10)), END], "PAYLOAD_CORRUPT"],
  ["an abort that is no JSON", [abort("{")], "BAD_MESSAGE"],
  ["an abort of null", [abort("null")], "BAD_MESSAGE"],
  ["an abort that is too long", [abort(filled(16_385))], "BAD_MESSAGE"],
  ["the longest abort", [abort(filled(16_384))], "PAYLOAD_CHANGED"],
  ["an abort without a reason", [abort("{}")], "PAYLOAD_CHANGED"],
  ["a later reason", [abort('{"reason":"bored"}')], "PAYLOAD_CHANGED"],
  ["an abort after all", [data(PAYLOAD), abort("{}"), END], "PAYLOAD_CHANGED"],
];

/** A JSON reason filled up to this many bytes. */
function filled(length: number): string {
  const [head, tail] = ['{"x":"', '","reason":"changed"}'];
  return head + "x".repeat(length - head.length - tail.length) + tail;
}

for (const [name, records, code] of AFTER_OFFER) {
  Deno.test(`receivePayload() ends with ${code} and does not finish, when the sender sends ${name}`, async () => {
    assertEquals(
      await receiverAgainst([[RECORD.offer, OFFER], ...records]),
      [code, false],
    );
  });
}

Deno.test("receivePayload() ends with PAYLOAD_CHANGED, when the sender withdraws for any reason", async () => {
  for (const reason of END_REASONS) {
    const withdrawal: Sent = [RECORD.abort, encodeReason(reason)];
    assertEquals(
      await receiverAgainst([[RECORD.offer, OFFER], withdrawal]),
      ["PAYLOAD_CHANGED", false],
    );
  }
});

Deno.test("receivePayload() ends with BAD_MESSAGE, when a record that is none of the sender's comes amid the data", async () => {
  const { offer, accept, decline, credit, receipt } = RECORD;
  for (const type of [offer, accept, decline, credit, receipt, 0, 0x42, 0xff]) {
    assertEquals(
      await receiverAgainst([
        [RECORD.offer, OFFER],
        data(PAYLOAD.slice(0, 5)),
        [type, OFFER],
        data(PAYLOAD.slice(5)),
        END,
      ]),
      ["BAD_MESSAGE", false],
    );
  }
});

Deno.test("receivePayload() never finishes with other bytes, whatever sealed records come", async () => {
  const types = fc.oneof(
    fc.constantFrom(...Object.values(RECORD)),
    fc.nat(255),
  );
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.constantFrom(NOTHING, PAYLOAD, OFFER, PAYLOAD.slice(0, 5)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(types, bodies), { maxLength: 12 }),
      fc.boolean(),
      async (records, isOffered) => {
        const sent = records.map(([type, body]): Sent => [
          type,
          new Uint8Array(body),
        ]);
        // receiverAgainst() fails on anything but a SpreadError.
        const [outcome, isFinished] = await receiverAgainst(
          isOffered ? [[RECORD.offer, OFFER], ...sent] : sent,
        );
        assertEquals(isFinished, outcome === "stored");
      },
    ),
    { numRuns: 300 },
  );
});

// ---- a receiver that cheats

/**
 * Outcome of a sender of `size` bytes whose receiver accepts (or not) and then sends these
 * records.
 *
 * The receiver goes on reading until the sender has closed, and closes only then.
 */
async function senderAgainst(
  records: Sent[],
  size: number,
): Promise<string> {
  const payload = payloadOf(size);
  const source = new MemorySource(payload);
  const { sender, receiver } = await secure(connectMemory());
  const [outcome] = await Promise.all([
    outcomeOf(sender, async () => {
      const offer = await offerOf(payload);
      const isTaken = await sendPayload(sender, offer, source, () => {});
      return isTaken ? "delivered" : "left";
    }),
    outcomeOf(receiver, async () => {
      for (const [type, body] of records) {
        await receiver.send(type, body).catch(() => {});
      }
      await receiver.waitForClose();
    }),
  ]);
  await waitUntil(() => source.active === 0);
  return outcome;
}

const ACCEPT: Sent = [RECORD.accept, encodePosition(0)];
const SIZE = 5 * MIB; // more than the window, so that the end waits for credit

function position(value: bigint): Bytes {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setBigUint64(0, value);
  return body;
}

const accept = (body: Bytes): Sent => [RECORD.accept, body];
const credit = (body: Bytes): Sent => [RECORD.credit, body];

const CHEATING_RECEIVERS: [name: string, records: Sent[]][] = [
  ["ACCEPT one byte beyond the size", [accept(encodePosition(SIZE + 1))]],
  ["ACCEPT of 2^53 + 5", [accept(position(2n ** 53n + 5n))]],
  ["ACCEPT of 2^64 − 1", [accept(position(2n ** 64n - 1n))]],
  ["ACCEPT of 7 bytes", [accept(new Uint8Array(7))]],
  ["ACCEPT of 9 bytes", [accept(new Uint8Array(9))]],
  ["ACCEPT without a body", [accept(NOTHING)]],
  ["credit before ACCEPT", [credit(encodePosition(0))]],
  ["a receipt before ACCEPT", [[RECORD.receipt, new Uint8Array(32)]]],
  ["an abort before ACCEPT", [abort('{"reason":"declined"}')]],
  ["its own offer", [[RECORD.offer, OFFER]]],
  ["DECLINE that is no JSON", [[RECORD.decline, utf8("no")]]],
  ["DECLINE that is too long", [[RECORD.decline, utf8(filled(16_385))]]],
  ["credit beyond the size", [ACCEPT, credit(encodePosition(SIZE + 1))]],
  ["credit beyond the window", [ACCEPT, credit(encodePosition(4 * MIB + 1))]],
  ["credit of 2^64 − 1", [ACCEPT, credit(position(2n ** 64n - 1n))]],
  ["credit below the resumed offset", [
    accept(encodePosition(1000)),
    credit(encodePosition(999)),
  ]],
  ["credit of 7 bytes", [ACCEPT, credit(new Uint8Array(7))]],
  ["credit of 9 bytes", [ACCEPT, credit(new Uint8Array(9))]],
  ["an abort that is no JSON", [ACCEPT, abort("")]],
];

for (const [name, records] of CHEATING_RECEIVERS) {
  Deno.test(`sendPayload() ends with BAD_MESSAGE and closes its source, when the receiver sends ${name}`, async () => {
    assertEquals(await senderAgainst(records, SIZE), "BAD_MESSAGE");
  });
}

Deno.test("sendPayload() ends with BAD_MESSAGE, when a record that is none of the receiver's comes amid the data", async () => {
  const { offer, accept, decline, data, end } = RECORD;
  for (const type of [offer, accept, decline, data, end, 0, 0x42, 0xff]) {
    assertEquals(
      await senderAgainst([ACCEPT, [type, encodePosition(0)]], SIZE),
      "BAD_MESSAGE",
    );
  }
});

Deno.test("sendPayload() ends with BAD_MESSAGE, when credit goes back", async () => {
  const { sender, receiver } = await secure(connectMemory());
  const payload = payloadOf(SIZE);
  const source = new MemorySource(payload, { pieceBytes: MIB });
  const offer = await offerOf(payload);
  const credited: number[] = [];
  const progress = ({ bytes }: Progress) => void credited.push(bytes);
  const [outcome] = await Promise.all([
    outcomeOf(sender, () => sendPayload(sender, offer, source, progress)),
    outcomeOf(receiver, async () => {
      await receiver.receive();
      await receiver.send(...ACCEPT);
      for (let stored = 0; stored < MIB;) {
        stored += (await receiver.receive()).body.length;
      }
      await receiver.send(RECORD.credit, encodePosition(MIB));
      await receiver.send(RECORD.credit, encodePosition(MIB)); // no progress: allowed
      await receiver.send(RECORD.credit, encodePosition(MIB - 1));
      await receiver.waitForClose();
    }),
  ]);
  assertEquals([outcome, ...credited], ["BAD_MESSAGE", MIB, MIB]);
});

Deno.test("sendPayload() does not take a receipt before its end for one, even the right one", async () => {
  const offer = await offerOf(payloadOf(SIZE));
  const receipt: Sent = [RECORD.receipt, Uint8Array.fromHex(offer.sha256)];
  assertEquals(await senderAgainst([ACCEPT, receipt], SIZE), "BAD_MESSAGE");
});

Deno.test("sendPayload() takes no other receipt for its own", async () => {
  const payload = payloadOf(1000);
  const offer = await offerOf(payload);
  const right = Uint8Array.fromHex(offer.sha256);
  const receipts: [receipt: Bytes, outcome: string][] = [
    [right, "delivered"],
    [Uint8Array.fromHex(offer.sha256.replace(/.$/, "0")), "BAD_MESSAGE"],
    [right.slice(0, 31), "BAD_MESSAGE"],
    [concatBytes(right, Uint8Array.of(0)), "BAD_MESSAGE"],
    [utf8(offer.sha256), "BAD_MESSAGE"],
    [NOTHING, "BAD_MESSAGE"],
  ];
  for (const [receipt, expected] of receipts) {
    const { sender, receiver } = await secure(connectMemory());
    const [outcome] = await Promise.all([
      outcomeOf(sender, async () => {
        await sendPayload(sender, offer, new MemorySource(payload), () => {});
        return "delivered";
      }),
      outcomeOf(receiver, async () => {
        await receiver.receive();
        await receiver.send(...ACCEPT);
        while ((await receiver.receive()).type !== RECORD.end);
        await receiver.send(RECORD.receipt, receipt);
        await receiver.waitForClose();
      }),
    ]);
    assertEquals(outcome, expected, receipt.toHex());
  }
});

Deno.test("sendPayload() ends with DECLINED, when the receiver says no at any time, for any reason", async () => {
  const bodies = [
    ...END_REASONS.map(encodeReason),
    utf8('{"reason":"of a later version"}'),
    utf8('{"reason":42}'),
    utf8('{"reason":"unwanted","__proto__":{"x":1}}'),
  ];
  for (const body of bodies) {
    const [declined, aborted] = [
      await senderAgainst([[RECORD.decline, body]], SIZE),
      await senderAgainst([ACCEPT, [RECORD.abort, body]], SIZE),
    ];
    assertEquals([declined, aborted], ["DECLINED", "DECLINED"]);
  }
});

Deno.test("sendPayload() never counts as delivered without the receipt, whatever sealed records come", async () => {
  const size = 10;
  const receipt = Uint8Array.fromHex((await offerOf(payloadOf(size))).sha256);
  const types = fc.oneof(
    fc.constantFrom(...Object.values(RECORD)),
    fc.nat(255),
  );
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.nat(size).map(encodePosition),
    fc.constant(receipt),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(types, bodies), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (records, isAccepted) => {
        const sent = records.map(([type, body]): Sent => [
          type,
          new Uint8Array(body),
        ]);
        // A record that always ends the transfer, so that nobody waits.
        const all = [...sent, [0x42, NOTHING] as Sent];
        const outcome = await senderAgainst(
          isAccepted ? [ACCEPT, ...all] : all,
          size,
        );
        const hasReceipt = sent.some(([type, body]) =>
          type === RECORD.receipt && body.toHex() === receipt.toHex()
        );
        if (!hasReceipt) assertEquals(outcome === "delivered", false);
      },
    ),
    { numRuns: 300 },
  );
});
