/** Both halves of a choice with each other; peers that cheat are in choices_hostile_test.ts. */

import { assert, assertEquals } from "@std/assert";
import type { Bytes } from "../../bytes.ts";
import type { SpreadErrorCode } from "../../errors.ts";
import type { Channel } from "../../transports/channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import {
  CATALOGUE,
  catalogue,
  choose,
  Diary,
  failure,
  into,
  MemoryChoices,
  send,
  take,
} from "../../testing/choices.ts";
import { RECORD } from "./record_types.ts";
import type { Offer } from "./offer.ts";
import { PASSPHRASE } from "../../testing/handshake.ts";
import {
  connectAs,
  connectLoopback,
  connectLoopbackTo,
  outcomeOf,
  pause,
  proveByHand,
  secure,
  transfer,
  waitUntil,
} from "../../testing/protocol.ts";
import { newShare, serveOverTcp, serveTo } from "../../testing/shares.ts";
import { MemorySink, MemorySource, payloadOf } from "../../testing/payloads.ts";
import { interpose, passOn } from "../../testing/interposed.ts";
import { receiveCatalogueOffer, receiveChosen } from "./receive_chosen.ts";
import { receiveOffered } from "./receive.ts";
import type { SecureChannel } from "../secure_channel.ts";
import { sendPayload } from "./send.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const PAYLOADS = { one: payloadOf(10), two: payloadOf(1.5 * MIB + 1) };
const { one, two } = PAYLOADS;

const TRANSPORTS: [name: string, connect: () => Promise<[Channel, Channel]>][] =
  [
    ["memory", () => Promise.resolve(connectMemory())],
    ["TCP", connectLoopback],
  ];

for (const [name, connect] of TRANSPORTS) {
  Deno.test(`sendChoices() hands over the catalogue and whatever is chosen, over ${name}`, async () => {
    const choices = new MemoryChoices(PAYLOADS);
    const wishes = [{ id: "two" }, { id: "one" }, { id: "two" }];
    const [sent, taken] = await choose(
      await secure(await connect()),
      choices,
      wishes,
    );
    assertEquals(sent, 3);
    assertEqualLists(taken as Bytes[], [CATALOGUE, two, one, two]);
    assertEquals([choices.opened.length, choices.inUse], [3, 0]);
  });
}

/** `assertEquals` on megabytes takes seconds. */
function assertEqualLists(all: Bytes[], expected: Bytes[]): void {
  assertEquals(all.map(({ length }) => length), expected.map((e) => e.length));
  all.forEach((bytes, i) => {
    assert(bytes.every((byte, at) => byte === expected[i]![at]), `number ${i}`);
  });
}

Deno.test("sendChoices() counts nothing as delivered, when a receiver only looks", async () => {
  for (const wantsCatalogue of [true, false]) {
    const choices = new MemoryChoices(PAYLOADS);
    const pair = await secure(connectMemory());
    const [sent, taken] = await choose(pair, choices, [], { wantsCatalogue });
    assertEquals(sent, 0);
    assertEquals(taken, wantsCatalogue ? [CATALOGUE] : []);
    assertEquals(choices.opened, []);
  }
});

Deno.test("receiveChosen() chooses without the catalogue, and goes on where it broke off", async () => {
  const choices = new MemoryChoices(PAYLOADS);
  const first = new MemorySink();
  await using middle = interpose((way, index, frame) =>
    way === "toReceiver" && index === 12 ? "cut" : passOn(way, index, frame)
  );
  const cut = await choose(
    await secure([middle.sender, middle.receiver]),
    choices,
    [{ id: "two", sink: first }],
  );
  assertEquals(cut, ["PEER_GONE", "PEER_GONE"]);
  assert(first.stored > 0 && first.finished === 0);

  let sent = 0;
  await using again = interpose((way, index, frame) => {
    if (way === "toReceiver" && frame[0] === RECORD.data) sent += frame.length;
    return passOn(way, index, frame);
  });
  const second = new MemorySink(first.bytes);
  const [count, taken] = await choose(
    await secure([again.sender, again.receiver]),
    choices,
    [{ id: "two", sink: second }],
    { wantsCatalogue: false },
  );
  assertEquals(count, 1);
  assertEqualLists(taken as Bytes[], [two]);
  assert(sent < two.length - first.stored + 10 * KIB, `${sent} were sent`);
  assertEquals(choices.inUse, 0);
});

Deno.test("sendChoices() tells what happens, each at its time", async () => {
  const diary = new Diary();
  const { sender, receiver } = await secure(connectMemory());
  await Promise.all([
    send(sender, new MemoryChoices(PAYLOADS), diary),
    take(receiver, [{ id: "one" }, { id: "two" }]),
  ]);
  assertEquals(diary.lines, [
    "chosen one",
    "delivered one",
    "chosen two",
    "delivered two",
  ]);
});

Deno.test("sendChoices() passes on the encodings that the receiver can undo, and identity", async () => {
  const choices = new MemoryChoices(PAYLOADS, { encoding: "zstd" });
  const pair = await secure(connectMemory());
  const wishes = [{ id: "one", encodings: ["zstd" as const] }];
  assertEquals((await choose(pair, choices, wishes))[0], 1);
  assertEquals(choices.opened[0]!.encodings, ["identity", "zstd"]);
});

const NOT_SENT: [code: SpreadErrorCode, receiver: SpreadErrorCode][] = [
  ["NOT_OFFERED", "NOT_OFFERED"],
  ["CANNOT_PACK", "CANNOT_PACK"],
  ["PAYLOAD_CHANGED", "PAYLOAD_CHANGED"],
  ["INTERRUPTED", "PEER_GONE"],
];

for (const [code, receiverCode] of NOT_SENT) {
  Deno.test(`receiveChosen() ends with ${receiverCode}, when the sender cannot open a choice for ${code}`, async () => {
    const choices = new MemoryChoices(PAYLOADS, {
      before: () => Promise.reject(failure(code)),
    });
    const ends = await choose(await secure(connectMemory()), choices, [
      { id: "one" },
    ]);
    assertEquals(ends, [code, receiverCode]);
    assertEquals(choices.inUse, 0);
  });
}

Deno.test("receiveChosen() ends with PAYLOAD_CHANGED, when what was chosen changes on the way", async () => {
  const choices = new MemoryChoices(PAYLOADS, { failAt: MIB });
  const ends = await choose(await secure(connectMemory()), choices, [
    { id: "two" },
  ]);
  assertEquals(ends, ["PAYLOAD_CHANGED", "PAYLOAD_CHANGED"]);
  assertEquals(choices.inUse, 0);
});

Deno.test("sendChoices() ends with DECLINED, when the receiver can store neither catalogue nor choice", async () => {
  const refuse = () => Promise.reject(failure("CANNOT_STORE"));
  for (const isCatalogue of [true, false]) {
    const { sender, receiver } = await secure(connectMemory());
    const choices = new MemoryChoices(PAYLOADS);
    const ends = await Promise.all([
      send(sender, choices),
      outcomeOf(receiver, async () => {
        const offer = await receiveCatalogueOffer(receiver);
        if (isCatalogue) {
          await receiveOffered(receiver, offer, refuse, () => {});
        }
        const choice = { id: "one", encodings: [] };
        await receiveChosen(receiver, choice, refuse, () => {});
      }),
    ]);
    assertEquals(ends, ["DECLINED", "CANNOT_STORE"]);
    assertEquals(choices.inUse, 0);
  }
});

Deno.test("sendChoices() keeps a receiver alive, while a choice takes long", async () => {
  const choices = new MemoryChoices(PAYLOADS, { before: () => pause(1_500) });
  const timing = { keepAliveMs: 50, silenceMs: 1_000 };
  const pair = await secure(connectMemory(), timing);
  assertEquals((await choose(pair, choices, [{ id: "one" }]))[0], 1);
});

Deno.test("sendChoices() gives back what it opened, when the receiver has left in the meantime", async () => {
  const ready = Promise.withResolvers<void>();
  const choices = new MemoryChoices(PAYLOADS, { before: () => ready.promise });
  const { sender, receiver } = await secure(connectMemory());
  const sending = send(sender, choices);
  await receiver.receive();
  await receiver.send(
    RECORD.choose,
    new TextEncoder().encode('{"id":"one","encodings":[]}'),
  );
  await waitUntil(() => choices.opened.length === 1);
  await receiver[Symbol.asyncDispose]();
  assertEquals(await sending, "PEER_GONE");
  ready.resolve();
  await waitUntil(() => choices.given === 1);
  assertEquals(choices.inUse, 0);
});

Deno.test("sendChoices() lets go of a receiver that does not say what it wants", async () => {
  for (const wantsCatalogue of [true, false]) {
    const timing = { keepAliveMs: 10, answerMs: 1_000 };
    const { sender, receiver } = await secure(connectMemory(), timing);
    const sending = send(sender, new MemoryChoices(PAYLOADS));
    const ends = await outcomeOf(receiver, async () => {
      const offer = await receiveCatalogueOffer(receiver);
      if (wantsCatalogue) {
        await receiveOffered(receiver, offer, into(new MemorySink()), () => {});
      }
      return ["waited", await sending];
    });
    assertEquals(ends, ["waited", "PEER_SILENT"]);
  }
});

Deno.test("receiveCatalogueOffer() declines what is no catalogue", async () => {
  const { sender, receiver } = await secure(connectMemory());
  const { offer } = await catalogue({ catalogue: undefined });
  const [sent] = await Promise.all([
    transferOnly(sender, offer),
    outcomeOf(receiver, () => receiveCatalogueOffer(receiver)).then((code) =>
      assertEquals(code, "PAYLOAD_UNWANTED")
    ),
  ]);
  assertEquals(sent, "DECLINED");
});

Deno.test("receivePayload() takes the catalogue of a share that it does not know to be one", async () => {
  const pair = await secure(connectMemory());
  const { offer } = await catalogue();
  const sink = new MemorySink();
  const source = new MemorySource(CATALOGUE);
  assertEquals(await transfer(pair, offer, source, into(sink)), [
    "delivered",
    "stored",
  ]);
});

// ---- a share

Deno.test("serve() of a share with choices says who has taken what, over TCP", async () => {
  const { offer, source } = await catalogue();
  const choices = new MemoryChoices(PAYLOADS);
  const share = await newShare(PASSPHRASE, source as MemorySource, {
    offer,
    choices,
  });
  const seen: string[] = [];
  await using serving = serveOverTcp(share, {
    chosen: (_, { id }) => seen.push(`chosen ${id}`),
    delivered: (peer, { choice }) => seen.push(`${peer} has ${choice}`),
  });
  const visit = async (ids: string[]) => {
    const channel = await connectLoopbackTo(serving.port);
    const receiver = await proveByHand(channel, PASSPHRASE);
    return await take(receiver, ids.map((id) => ({ id })));
  };
  assertEquals((await visit([])).length, 1);
  assertEquals((await visit(["one", "two"])).length, 3);
  assertEquals(await visit(["three"]), "NOT_OFFERED");
  assertEquals(await serving.outcomes(3), [false, true, "NOT_OFFERED"]);
  assertEquals(seen, [
    "chosen one",
    "127.0.0.1 has one",
    "chosen two",
    "127.0.0.1 has two",
    "chosen three",
  ]);
});

Deno.test("serve() of a share with choices counts no delivery twice nor none, when the receiver leaves without a word", async () => {
  const { offer, source } = await catalogue();
  const choices = new MemoryChoices(PAYLOADS);
  const share = await newShare(PASSPHRASE, source as MemorySource, {
    offer,
    choices,
  });
  const delivered: string[] = [];
  const [sender, receiver] = connectAs("10.0.0.1");
  const serving = serveTo(share, sender, {
    delivered: (_, { choice }) => delivered.push(choice!),
  });
  const secured = await proveByHand(receiver, PASSPHRASE);
  await take(secured, [{ id: "one" }], { stays: true });
  assertEquals(await serving, "PEER_GONE");
  assertEquals(delivered, ["one"]);
});

/** Offers entries of which the receiver chooses none, and returns the code of the outcome. */
async function transferOnly(
  channel: SecureChannel,
  offer: Offer,
): Promise<unknown> {
  return await outcomeOf(
    channel,
    () => sendPayload(channel, offer, new MemorySource(CATALOGUE), () => {}),
  );
}
