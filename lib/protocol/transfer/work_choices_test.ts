/** Both halves of a document with work beside it, with each other and with peers that cheat. */

import { assert, assertEquals } from "@std/assert";
import type { Bytes } from "../../bytes.ts";
import {
  Diary,
  into,
  MemoryChoices,
  takeChoices,
} from "../../testing/choices.ts";
import { PASSPHRASE } from "../../testing/handshake.ts";
import { interpose, passOn } from "../../testing/interposed.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import {
  MemorySink,
  MemorySource,
  offerOf,
  payloadOf,
} from "../../testing/payloads.ts";
import {
  connectLoopbackTo,
  outcomeOf,
  proveByHand,
  secure,
  type SecurePair,
} from "../../testing/protocol.ts";
import { newShare, serveOverTcp } from "../../testing/shares.ts";
import type { SecureChannel } from "../secure_channel.ts";
import { encodeChoice, type Offer, TEXT_CHOICE, WORK_CHOICE } from "./offer.ts";
import { receivePayload } from "./receive.ts";
import { encodePosition, RECORD } from "./record_types.ts";
import { type Choices, sendChoices } from "./send_chosen.ts";
import type { Offered } from "./send.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const TEXT = payloadOf(100);
const WORK = payloadOf(1.5 * MIB + 1);
const NOTHING = new Uint8Array(0);

/** A document with work beside it. */
async function document(): Promise<Offered> {
  const { size, sha256 } = await offerOf(WORK);
  const offer: Offer = { ...await offerOf(TEXT), work: { size, sha256 } };
  return { offer, source: new MemorySource(TEXT) };
}

function newChoices(): MemoryChoices {
  return new MemoryChoices({ [TEXT_CHOICE]: TEXT, [WORK_CHOICE]: WORK });
}

/** The sender's half: the number of deliveries or the code of its error, and what it tells. */
async function send(
  channel: SecureChannel,
  choices: Choices = newChoices(),
): Promise<[outcome: unknown, lines: string[]]> {
  const diary = new Diary();
  const outcome = await outcomeOf(
    channel,
    async () => await sendChoices(channel, await document(), choices, diary),
  );
  return [outcome, diary.lines];
}

async function transfer(
  { sender, receiver }: SecurePair,
  take: (channel: SecureChannel) => Promise<unknown>,
): Promise<{ sent: unknown; lines: string[]; taken: unknown }> {
  const [[sent, lines], taken] = await Promise.all([
    send(sender),
    take(receiver),
  ]);
  return { sent, lines, taken };
}

/** `assertEquals` on megabytes takes seconds. */
function assertBytes(actual: unknown, expected: Bytes[]): void {
  const all = actual as Bytes[];
  assertEquals(all.map(({ length }) => length), expected.map((e) => e.length));
  all.forEach((bytes, i) => {
    assert(bytes.every((byte, at) => byte === expected[i]![at]), `number ${i}`);
  });
}

Deno.test("sendChoices() gives a receiver that does not know of work the document alone, closes, and counts one delivery", async () => {
  const sink = new MemorySink();
  const { sent, lines, taken } = await transfer(
    await secure(connectMemory()),
    // Its end waits until the sender has closed.
    (receiver) =>
      outcomeOf(receiver, async () => {
        await receivePayload(receiver, into(sink), () => {});
        return sink.bytes;
      }),
  );
  assertEquals([sent, lines], [1, ["delivered undefined"]]);
  assertBytes([taken], [TEXT]);
});

Deno.test("sendChoices() gives text and work, each with its receipt, in whatever order they are chosen", async () => {
  const table: [ids: string[], payloads: Bytes[]][] = [
    [[TEXT_CHOICE, WORK_CHOICE], [TEXT, WORK]],
    [[WORK_CHOICE, TEXT_CHOICE], [WORK, TEXT]],
    [[TEXT_CHOICE], [TEXT]],
    [[], []],
  ];
  for (const [ids, payloads] of table) {
    const pair = await secure(connectMemory());
    const { sent, lines, taken } = await transfer(
      pair,
      (receiver) => takeChoices(receiver, ids),
    );
    assertEquals(sent, ids.length);
    assertEquals(
      lines,
      ids.flatMap((id) => [`chosen ${id}`, `delivered ${id}`]),
    );
    assertBytes(taken, payloads);
  }
});

Deno.test("receiveChosen() ends with NOT_OFFERED and keeps what came before, when it asks for another choice", async () => {
  const text = new MemorySink();
  const { sent, lines, taken } = await transfer(
    await secure(connectMemory()),
    (receiver) =>
      takeChoices(receiver, [TEXT_CHOICE, "other"], {
        sinks: { [TEXT_CHOICE]: text },
      }),
  );
  assertEquals([sent, taken], ["NOT_OFFERED", "NOT_OFFERED"]);
  assertEquals(lines, ["chosen text", "delivered text", "chosen other"]);
  assertEquals(text.finished, 1);
});

Deno.test("receiveChosen() goes on with the work where it broke off, and needs no text again", async () => {
  await using middle = interpose((way, index, frame) =>
    way === "toReceiver" && index === 18 ? "cut" : passOn(way, index, frame)
  );
  const first = new MemorySink();
  const cut = await transfer(
    await secure([middle.sender, middle.receiver]),
    (receiver) =>
      takeChoices(receiver, [TEXT_CHOICE, WORK_CHOICE], {
        sinks: { [WORK_CHOICE]: first },
      }),
  );
  assertEquals([cut.sent, cut.taken], ["PEER_GONE", "PEER_GONE"]);
  assertEquals(cut.lines, ["chosen text", "delivered text", "chosen work"]);
  assert(first.stored > 0 && first.finished === 0, `${first.stored} bytes`);

  let bytes = 0;
  await using again = interpose((way, index, frame) => {
    if (way === "toReceiver") bytes += frame.length;
    return passOn(way, index, frame);
  });
  const { sent, taken } = await transfer(
    await secure([again.sender, again.receiver]),
    (receiver) =>
      takeChoices(receiver, [WORK_CHOICE], {
        sinks: { [WORK_CHOICE]: new MemorySink(first.bytes) },
      }),
  );
  assertEquals(sent, 1);
  assertBytes(taken, [WORK]);
  assert(bytes < WORK.length - first.stored + 10 * KIB, `${bytes} were sent`);
});

const ACCEPT: [number, Bytes] = [RECORD.accept, encodePosition(0)];
const LEAVE: [number, Bytes] = [RECORD.leave, NOTHING];
const RECEIPT: [number, Bytes] = [
  RECORD.receipt,
  Uint8Array.fromHex((await offerOf(TEXT)).sha256),
];
const CHOOSE: [number, Bytes] = [
  RECORD.choose,
  encodeChoice({ id: WORK_CHOICE, encodings: [] }),
];

Deno.test("sendChoices() hears nothing more from a receiver that took the document without choosing", async () => {
  for (const word of [CHOOSE, LEAVE, RECEIPT]) {
    const { sent, lines } = await transfer(
      await secure(connectMemory()),
      (receiver) =>
        outcomeOf(receiver, async () => {
          await receiver.receive();
          await receiver.send(...ACCEPT);
          while ((await receiver.receive()).type !== RECORD.end);
          await receiver.send(...RECEIPT);
          await receiver.send(...word).catch(() => {});
          await receiver.waitForClose();
        }),
    );
    assertEquals([sent, lines], [1, ["delivered undefined"]]);
  }
});

Deno.test("sendChoices() ends with BAD_MESSAGE and counts nothing, when a receiver chooses or leaves amid the document", async () => {
  for (const word of [CHOOSE, LEAVE]) {
    const { sent, lines } = await transfer(
      await secure(connectMemory()),
      (receiver) =>
        outcomeOf(receiver, async () => {
          await receiver.receive();
          await receiver.send(...ACCEPT);
          await receiver.send(...word);
          await receiver.waitForClose();
        }),
    );
    assertEquals([sent, lines], ["BAD_MESSAGE", []]);
  }
});

Deno.test("serve() of a share with work says who has taken what, over TCP", async () => {
  const { offer, source } = await document();
  const choices = newChoices();
  const seen: string[] = [];
  const share = await newShare(PASSPHRASE, source as MemorySource, {
    offer,
    choices,
  });
  await using serving = serveOverTcp(share, {
    chosen: (_, { id }) => seen.push(`chosen ${id}`),
    delivered: (_, { choice }) => seen.push(`delivered ${choice}`),
  });
  const visit = async (take: (channel: SecureChannel) => Promise<unknown>) => {
    const channel = await connectLoopbackTo(serving.port);
    return await take(await proveByHand(channel, PASSPHRASE));
  };
  await visit((receiver) => takeChoices(receiver, []));
  await visit((receiver) => takeChoices(receiver, [TEXT_CHOICE, WORK_CHOICE]));
  await visit((receiver) =>
    outcomeOf(
      receiver,
      () => receivePayload(receiver, into(new MemorySink()), () => {}),
    )
  );
  assertEquals(await serving.outcomes(3), [false, true, true]);
  assertEquals(seen, [
    "chosen text",
    "delivered text",
    "chosen work",
    "delivered work",
    "delivered undefined",
  ]);
});
