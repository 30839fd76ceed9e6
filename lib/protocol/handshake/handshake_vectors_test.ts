/** Whole runs against values computed elsewhere (testdata/protocol2_handshake.json says how). */

import { assertEquals, assertThrows } from "@std/assert";
import vectors from "../../../testdata/protocol2_handshake.json" with {
  type: "json",
};
import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import {
  calculateGenerator,
  generatorString,
  intermediateSessionKey,
  scalarFromBytes,
  scalarMult,
  scalarMultVfy,
  sidOutput,
} from "../../crypto/cpace.ts";
import { lvCat, transcriptIr } from "../../crypto/cpace_strings.ts";
import {
  confirmationTag,
  deriveRecordKeys,
  importConfirmationKey,
  type RecordKeys,
} from "../../crypto/key_schedule.ts";
import { RecordSealer } from "../../crypto/records.ts";
import { handshakeAsReceiver } from "./receiver.ts";
import { PairKey } from "../../pairs/derive.ts";
import { passwordRelatedString, type Secret } from "./secret.ts";
import type { Offer } from "../transfer/offer.ts";
import {
  importAesKey,
  outcomeOf,
  PATIENCE_MS,
  queuedRandom,
} from "../../testing/protocol.ts";
import { NO_EVENTS } from "../../testing/shares.ts";
import { MemorySink, MemorySource } from "../../testing/payloads.ts";
import { interpose, passOn } from "../../testing/interposed.ts";
import { receivePayload } from "../transfer/receive.ts";
import { Share } from "../share.ts";

const hex = (text: string): Bytes => Uint8Array.fromHex(text);

const payload = hex(vectors.payload);

for (const run of vectors.runs) testRun(run, await secretOf(run));

type Run = (typeof vectors.runs)[number];

async function secretOf({ passphrase, seed }: Run): Promise<Secret> {
  return passphrase ?? await PairKey.of(hex(seed!));
}

function testRun(run: Run, secret: Secret): void {
  const ofShare = typeof secret === "string" ? secret : [secret];
  const { steps, randomness } = run;
  const salt = hex(randomness.sender.salt);

  /** The frames that one side sends, handshake first. */
  function framesFrom(side: string): string[] {
    const { M1, M2, M3, M4 } = run.handshake;
    const records = run.records.filter((record) => record.from === side);
    return [
      ...(side === "sender" ? [M2, M4] : [M1, M3]),
      ...records.map((record) => record.frame),
    ];
  }

  Deno.test(`serve() and receivePayload() send exactly the vector's frames: ${run.name}`, async () => {
    const { sender, receiver } = randomness;
    const share = new Share({
      secret: ofShare,
      offer: JSON.parse(vectors.offer) as Offer,
      source: new MemorySource(payload),
      legacy: false,
      handshakeTimeoutMs: PATIENCE_MS,
      fillRandom: queuedRandom(salt, hex(sender.nonce_s), hex(sender.ya_bytes)),
    });
    const sink = new MemorySink();
    await using middle = interpose(passOn);
    const ends = await Promise.all([
      share.serve(
        middle.sender,
        NO_EVENTS,
        run.room_code,
      ),
      outcomeOf(middle.receiver, async () => {
        await using secure = await handshakeAsReceiver(middle.receiver, {
          secret,
          roomCode: run.room_code,
          fillRandom: queuedRandom(
            hex(receiver.nonce_r),
            hex(receiver.yb_bytes),
          ),
        });
        const accept = () => Promise.resolve(sink);
        return (await receivePayload(secure, accept, () => {})).name;
      }),
    ]);

    assertEquals(ends, [true, "notes.md"]);
    assertEquals(sink.bytes, payload);
    const sent = (frames: Bytes[]) => frames.map((frame) => frame.toHex());
    assertEquals(sent(middle.seen.toReceiver), framesFrom("sender"));
    assertEquals(sent(middle.seen.toSender), framesFrom("receiver"));
  });

  Deno.test(`a handshake for a pair gives both sides the vector's seed: ${run.name}`, async () => {
    const { sender, receiver } = randomness;
    const seeds: Bytes[] = [];
    const share = new Share({
      secret: ofShare,
      makePair: (channel) =>
        Promise.resolve(void seeds.push(channel.takeSeed())),
      legacy: false,
      handshakeTimeoutMs: PATIENCE_MS,
      fillRandom: queuedRandom(salt, hex(sender.nonce_s), hex(sender.ya_bytes)),
    });
    await using middle = interpose(passOn);
    await Promise.all([
      share.serve(middle.sender, NO_EVENTS, run.room_code),
      outcomeOf(middle.receiver, async () => {
        await using secure = await handshakeAsReceiver(middle.receiver, {
          secret,
          roomCode: run.room_code,
          isPairing: true,
          fillRandom: queuedRandom(
            hex(receiver.nonce_r),
            hex(receiver.yb_bytes),
          ),
        });
        seeds.push(secure.takeSeed());
        assertThrows(() => secure.takeSeed(), TypeError);
      }),
    ]);
    const { pair_seed } = steps;
    assertEquals(seeds.map((seed) => seed.toHex()), [pair_seed, pair_seed]);
  });

  Deno.test(`the secret gives the vector's PRS: ${run.name}`, async () => {
    assertEquals(
      typeof secret === "string"
        ? (await passwordRelatedString(secret, salt)).toHex()
        : secret.PRS.toHex(),
      steps.PRS,
    );
  });

  Deno.test(`CPace gives the vector's values, step by step: ${run.name}`, () => {
    const sid = concatBytes(
      hex(randomness.receiver.nonce_r),
      hex(randomness.sender.nonce_s),
    );
    const CI = lvCat(
      utf8("claude-spread/2 CPACE-RISTR255-SHA512"),
      utf8("sender"),
      utf8("receiver"),
      utf8(run.room_code),
      hex(run.handshake.M1),
    );
    const PRS = hex(steps.PRS);
    const g = calculateGenerator(PRS, CI, sid);
    const ya = scalarFromBytes(hex(randomness.sender.ya_bytes));
    const yb = scalarFromBytes(hex(randomness.receiver.yb_bytes));
    const Ya = scalarMult(ya, g);
    const Yb = scalarMult(yb, g);
    const K = scalarMultVfy(ya, Yb)!;
    const ADa = concatBytes(utf8("S"), salt);
    const transcript = transcriptIr(Ya, ADa, Yb, utf8("R"));
    const actual = {
      CI,
      sid,
      generator_string: generatorString(PRS, CI, sid),
      g: g.toBytes(),
      Ya,
      Yb,
      K,
      transcript,
      ISK: intermediateSessionKey(sid, K, transcript),
      sid_output: sidOutput(transcript),
    };
    for (const [name, value] of Object.entries(actual)) {
      assertEquals(value.toHex(), steps[name as keyof typeof actual], name);
    }
    assertEquals(scalarMultVfy(yb, Ya)?.toHex(), steps.K);
  });

  Deno.test(`confirmationTag() gives the vector's tags: ${run.name}`, async () => {
    const key = await importConfirmationKey(hex(steps.sid), hex(steps.ISK));
    const Tb = await confirmationTag(key, hex(steps.Yb), utf8("R"));
    const ADa = concatBytes(utf8("S"), salt);
    const Ta = await confirmationTag(key, hex(steps.Ya), ADa);
    assertEquals([Tb.toHex(), Ta.toHex()], [steps.Tb, steps.Ta]);
  });

  for (
    const [whose, keysOf] of [
      ["deriveRecordKeys()", deriveVectorKeys],
      ["the vector", importVectorKeys],
    ] as const
  ) {
    Deno.test(`seal() gives the vector's records, with the keys of ${whose}: ${run.name}`, async () => {
      const keys = await keysOf();
      for (const { from, number, type, body, frame, name } of run.records) {
        const key = from === "sender"
          ? keys.senderToReceiver
          : keys.receiverToSender;
        const sealed = await new RecordSealer(key, number).seal(
          type,
          hex(body),
        );
        assertEquals(concatBytes(...sealed).toHex(), frame, name);
      }
    });
  }

  function deriveVectorKeys(): Promise<RecordKeys> {
    return deriveRecordKeys(hex(steps.ISK), hex(steps.sid_output));
  }

  async function importVectorKeys(): Promise<RecordKeys> {
    return {
      senderToReceiver: await importAesKey(hex(steps.key_s2r)),
      receiverToSender: await importAesKey(hex(steps.key_r2s)),
    };
  }
}
