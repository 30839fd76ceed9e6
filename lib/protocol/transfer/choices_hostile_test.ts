/** Peers that know the passphrase, choose or offer choices, and break the protocol. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Bytes, utf8 } from "../../bytes.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import {
  encodeChoice,
  encodeOffer,
  encodeReason,
  type Offer,
} from "./offer.ts";
import {
  CATALOGUE,
  catalogue,
  Diary,
  MemoryChoices,
  send,
  take,
} from "../../testing/choices.ts";
import { encodePosition, RECORD } from "./record_types.ts";
import {
  codeOf,
  connectLoopback,
  outcomeOf,
  secure,
  waitUntil,
} from "../../testing/protocol.ts";
import { offerOf, payloadOf } from "../../testing/payloads.ts";
import type { SecureChannel } from "../secure_channel.ts";

const NOTHING = new Uint8Array(0);
const PAYLOAD = payloadOf(10);

type Sent = [type: number, body: Bytes];

const ACCEPT: Sent = [RECORD.accept, encodePosition(0)];
const LEAVE: Sent = [RECORD.leave, NOTHING];
const CHOOSE: Sent = [
  RECORD.choose,
  encodeChoice({ id: "one", encodings: ["zstd"] }),
];
const ABORT: Sent = [RECORD.abort, encodeReason("declined")];
const receiptFor = async (payload: Bytes): Promise<Sent> => [
  RECORD.receipt,
  Uint8Array.fromHex((await offerOf(payload)).sha256),
];
const CATALOGUE_RECEIPT = await receiptFor(CATALOGUE);
const RECEIPT = await receiptFor(PAYLOAD);

// ---- a receiver that cheats

/** A record to send, or the type of one to wait for first. */
type Step = Sent | number;

const { offer, end } = RECORD;
const HAS_CATALOGUE: Step[] = [offer, ACCEPT, end, CATALOGUE_RECEIPT];
const CHOOSES: Step[] = [CHOOSE, offer];
/** Chooses without accepting the catalogue, whose offer comes first all the same. */
const CHOOSES_AT_ONCE: Step[] = [CHOOSE, offer, offer];

/**
 * Outcome of a sender whose receiver does this, and the payloads that it counts as
 * delivered.
 *
 * The receiver reads until the sender has closed, and closes only then.
 */
async function senderAgainst(
  steps: Step[],
  transport = () => Promise.resolve(connectMemory()),
  choices = new MemoryChoices({ one: PAYLOAD }),
): Promise<[outcome: number | string, lines: string[]]> {
  const { sender, receiver } = await secure(await transport());
  const diary = new Diary();
  const [outcome] = await Promise.all([
    send(sender, choices, diary),
    outcomeOf(receiver, async () => {
      for (const step of steps) await follow(receiver, step).catch(codeOf);
      await receiver.waitForClose();
    }),
  ]);
  await waitUntil(() => choices.inUse === 0);
  return [outcome, diary.lines.filter((line) => line.startsWith("delivered"))];
}

async function follow(receiver: SecureChannel, step: Step): Promise<void> {
  if (typeof step !== "number") return await receiver.send(...step);
  while ((await receiver.receive()).type !== step);
}

Deno.test("sendChoices() serves a receiver that keeps to the protocol in an unusual way", async () => {
  const unusual: [steps: Step[], count: number][] = [
    [[LEAVE], 0],
    [[...CHOOSES_AT_ONCE, ACCEPT, end, RECEIPT, LEAVE], 1],
    [[...HAS_CATALOGUE, LEAVE, CHOOSE, [0x42, NOTHING]], 0], // after the end: not read
    [[...HAS_CATALOGUE, ...CHOOSES, ACCEPT, end, RECEIPT, LEAVE], 1],
    // Nothing is missing: the whole payload was there.
    [
      [
        ...CHOOSES_AT_ONCE,
        [RECORD.accept, encodePosition(10)],
        end,
        RECEIPT,
        LEAVE,
      ],
      1,
    ],
  ];
  for (const [steps, count] of unusual) {
    for (const transport of [undefined, connectLoopback]) {
      assertEquals((await senderAgainst(steps, transport))[0], count);
    }
  }
});

const choose = (json: unknown): Sent => [
  RECORD.choose,
  utf8(typeof json === "string" ? json : JSON.stringify(json)),
];
const many = Array.from({ length: 9 }, (_, i) => `e${i}`);

const BAD_CHOICES: [name: string, record: Sent][] = [
  ["CHOOSE without a body", [RECORD.choose, NOTHING]],
  ["CHOOSE that is no JSON", choose("one")],
  ["CHOOSE of null", choose("null")],
  ["CHOOSE of a list", choose([{ id: "one", encodings: [] }])],
  ["CHOOSE that is no UTF-8", [RECORD.choose, Uint8Array.of(0xff, 0xfe)]],
  ["CHOOSE without an id", choose({ encodings: [] })],
  ["CHOOSE without encodings", choose({ id: "one" })],
  ["CHOOSE of an empty id", choose({ id: "", encodings: [] })],
  ["CHOOSE of a number", choose({ id: 1, encodings: [] })],
  ["CHOOSE of a path", choose({ id: "../../etc/passwd", encodings: [] })],
  ["CHOOSE of two lines", choose({ id: "one\ntwo", encodings: [] })],
  ["CHOOSE of 65 letters", choose({ id: "a".repeat(65), encodings: [] })],
  ["nine encodings", choose({ id: "one", encodings: many })],
  [
    "an encoding of 33 letters",
    choose({
      id: "one",
      encodings: ["a".repeat(33)],
    }),
  ],
  ["an encoding that is a number", choose({ id: "one", encodings: [1] })],
  [
    "CHOOSE of more than 16 KiB",
    choose({
      id: "one",
      encodings: [],
      x: "x".repeat(16_384),
    }),
  ],
];

for (const [name, record] of BAD_CHOICES) {
  Deno.test(`sendChoices() ends with BAD_MESSAGE and opens nothing, when the receiver sends ${name}`, async () => {
    for (const before of [[offer], HAS_CATALOGUE]) {
      const choices = new MemoryChoices({ one: PAYLOAD });
      assertEquals(
        await senderAgainst([...before, record], undefined, choices),
        ["BAD_MESSAGE", []],
      );
      assertEquals(choices.opened, []);
    }
  });
}

const OUT_OF_TURN: [name: string, steps: Step[]][] = [
  ["a receipt instead of an answer", [offer, CATALOGUE_RECEIPT]],
  ["credit instead of an answer", [offer, [RECORD.credit, encodePosition(0)]]],
  ["an abort instead of an answer", [offer, ABORT]],
  ["LEAVE with a body", [offer, [RECORD.leave, Uint8Array.of(0)]]],
  ["CHOOSE amid the catalogue", [offer, ACCEPT, CHOOSE]],
  ["LEAVE amid the catalogue", [offer, ACCEPT, LEAVE]],
  ["another receipt for the catalogue", [...HAS_CATALOGUE, CATALOGUE_RECEIPT]],
  ["ACCEPT after the catalogue", [...HAS_CATALOGUE, ACCEPT]],
  ["DECLINE after the catalogue", [...HAS_CATALOGUE, [
    RECORD.decline,
    encodeReason("declined"),
  ]]],
  ["an offer of its own", [...HAS_CATALOGUE, [
    RECORD.offer,
    encodeOffer((await catalogue()).offer),
  ]]],
  ["CHOOSE instead of an answer to the offer", [offer, ...CHOOSES, CHOOSE]],
  ["LEAVE instead of an answer to the offer", [offer, ...CHOOSES, LEAVE]],
  ["CHOOSE amid the data", [offer, ...CHOOSES, ACCEPT, CHOOSE]],
  ["a receipt for the catalogue for the choice", [
    offer,
    ...CHOOSES,
    ACCEPT,
    end,
    CATALOGUE_RECEIPT,
  ]],
  ["ACCEPT beyond the size of the choice", [
    offer,
    ...CHOOSES,
    [RECORD.accept, encodePosition(11)],
  ]],
];

for (const [name, steps] of OUT_OF_TURN) {
  Deno.test(`sendChoices() ends with BAD_MESSAGE and counts nothing, when the receiver sends ${name}`, async () => {
    for (const transport of [undefined, connectLoopback]) {
      assertEquals(await senderAgainst(steps, transport), ["BAD_MESSAGE", []]);
    }
  });
}

for (const early of [ACCEPT, CHOOSE, LEAVE, RECEIPT]) {
  Deno.test(`sendChoices() ends with BAD_MESSAGE, when a record of type ${early[0]} comes before a choice is ready`, async () => {
    const ready = Promise.withResolvers<void>();
    const choices = new MemoryChoices({ one: PAYLOAD }, {
      before: () => ready.promise,
    });
    const ending = senderAgainst([offer, CHOOSE, early], undefined, choices);
    await waitUntil(() => choices.opened.length === 1);
    // The end does not wait for the payload; once it is there, it is given back.
    assertEquals(await ending, ["BAD_MESSAGE", []]);
    ready.resolve();
    await waitUntil(() => choices.given === 1);
    assertEquals(choices.inUse, 0);
  });
}

Deno.test("sendChoices() ends with DECLINED, when the receiver gives up before a choice is ready, or after", async () => {
  const ready = Promise.withResolvers<void>();
  const choices = new MemoryChoices({ one: PAYLOAD }, {
    before: () => ready.promise,
  });
  const ending = senderAgainst([offer, CHOOSE, ABORT], undefined, choices);
  await waitUntil(() => choices.opened.length === 1);
  assertEquals(await ending, ["DECLINED", []]);
  ready.resolve();
  await waitUntil(() => choices.given === 1);
  const decline: Sent = [RECORD.decline, encodeReason("too_large")];
  for (
    const steps of [[CHOOSE, offer, decline], [CHOOSE, offer, ACCEPT, ABORT]]
  ) {
    assertEquals(await senderAgainst([offer, ...steps]), ["DECLINED", []]);
  }
});

Deno.test("sendChoices() keeps what was delivered, when the receiver cheats afterwards", async () => {
  const steps: Step[] = [offer, ...CHOOSES, ACCEPT, end, RECEIPT, RECEIPT];
  assertEquals(await senderAgainst(steps), ["BAD_MESSAGE", ["delivered one"]]);
});

Deno.test("sendChoices() opens nothing that is not offered, and says so", async () => {
  const unknown = choose({ id: "two", encodings: [] });
  assertEquals(await senderAgainst([offer, unknown]), ["NOT_OFFERED", []]);
});

Deno.test("sendChoices() never counts as delivered without the receipt, whatever sealed records come", async () => {
  const types = fc.oneof(
    fc.constantFrom(...Object.values(RECORD)),
    fc.nat(255),
  );
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.nat(10).map(encodePosition),
    fc.constantFrom(CHOOSE[1], CATALOGUE_RECEIPT[1], RECEIPT[1], NOTHING),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(types, bodies), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (records, hasCatalogue) => {
        const sent = records.map(([type, body]): Sent => [
          type,
          new Uint8Array(body),
        ]);
        // A record that always ends the transfer, so that nobody waits.
        const last: Sent = [0x42, NOTHING];
        const [, lines] = await senderAgainst([
          ...hasCatalogue ? HAS_CATALOGUE : [offer],
          ...sent,
          last,
        ]);
        const hasReceipt = sent.some(([type, body]) =>
          type === RECORD.receipt && body.toHex() === RECEIPT[1].toHex()
        );
        if (!hasReceipt) assertEquals(lines, []);
      },
    ),
    { numRuns: 200 },
  );
});

// ---- a sender that cheats

const WRONG_OFFERS: [name: string, wrong: Partial<Offer>][] = [
  ["another choice", { choice: "two" }],
  ["no choice", { choice: undefined }],
  ["a catalogue", { catalogue: true }],
  ["an encoding that was not named", { encoding: "zstd" }],
];

for (const [name, wrong] of WRONG_OFFERS) {
  Deno.test(`receiveChosen() ends with BAD_MESSAGE and stores nothing, when ${name} is offered`, async () => {
    const { sender, receiver } = await secure(connectMemory());
    const choices = new MemoryChoices({ one: PAYLOAD }, { wrong });
    const [sent, taken] = await Promise.all([
      send(sender, choices),
      take(receiver, [{ id: "one" }]),
    ]);
    assertEquals([sent, taken], ["PEER_GONE", "BAD_MESSAGE"]);
  });
}

const OFFER = await catalogue();
const BAD_ANSWERS: [name: string, records: Sent[], code: string][] = [
  ["data", [[RECORD.data, PAYLOAD]], "BAD_MESSAGE"],
  ["an end", [[RECORD.end, NOTHING]], "BAD_MESSAGE"],
  ["its own choice", [CHOOSE], "BAD_MESSAGE"],
  ["that it leaves", [LEAVE], "BAD_MESSAGE"],
  ["an offer that is no JSON", [[RECORD.offer, utf8("{")]], "BAD_MESSAGE"],
  ["an abort that is no JSON", [[RECORD.abort, utf8("{")]], "BAD_MESSAGE"],
  ["nothing", [], "PEER_GONE"],
  [
    "a later reason",
    [[RECORD.abort, utf8('{"reason":"bored"}')]],
    "PAYLOAD_CHANGED",
  ],
];

for (const [name, records, code] of BAD_ANSWERS) {
  Deno.test(`receiveChosen() ends with ${code}, when the sender answers a choice by ${name}`, async () => {
    const { sender, receiver } = await secure(connectMemory());
    const [, taken] = await Promise.all([
      outcomeOf(sender, async () => {
        await sender.send(RECORD.offer, encodeOffer(OFFER.offer));
        await sender.receive();
        for (const record of records) await sender.send(...record);
        if (records.length > 0) await sender.waitForClose();
      }),
      take(receiver, [{ id: "one" }], { wantsCatalogue: false }),
    ]);
    assertEquals(taken, code);
  });
}
