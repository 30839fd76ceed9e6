/** Protocol 1, when the passphrase is wrong, guesses are used up or a share has no place for it. */

import { assert, assertEquals } from "@std/assert";
import vectors from "../../testdata/protocol1_vectors.json" with {
  type: "json",
};
import { type Bytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import { FRAME_PREFIX_BYTES } from "../transports/frames.ts";
import { connectMemory } from "../testing/memory_channel.ts";
import { GuessLedger, MAX_GUESSES_PER_ADDRESS } from "./handshake/guesses.ts";
import {
  LEGACY_DENIAL,
  MAX_LEGACY_ANSWER_BYTES,
  receiveLegacy,
  servesLegacy,
} from "./legacy.ts";
import { codeOf, connectAs, pause, waitUntil } from "../testing/protocol.ts";
import { newShare, receiveByHand, serveTo } from "../testing/shares.ts";
import { MemorySink, MemorySource, payloadOf } from "../testing/payloads.ts";
import { interpose, passOn } from "../testing/interposed.ts";
import { MAX_TRANSFERS } from "./share.ts";
import {
  hex,
  json,
  messagesOf,
  NOW,
  parse,
  PASSPHRASE,
  receive,
  receiveRecorded,
  recorded,
  serve,
} from "../testing/legacy.ts";

Deno.test("serveLegacy() sends nothing of the payload, when the passphrase is wrong", async () => {
  await using middle = interpose(passOn);
  const source = new MemorySource(payloadOf(1000));
  let confirmed = 0;
  const ends = await Promise.all([
    serve(middle.sender, source.payload, {
      source,
      confirmed: () => confirmed++,
    }),
    receive(middle.receiver, "wrong"),
  ]);
  assertEquals(ends, ["PASSPHRASE_REFUSED", "PASSPHRASE_REFUSED"]);
  assertEquals(
    middle.seen.toReceiver.slice(1).map(parse),
    [{ type: "DENIED", reason: "invalid_proof" }],
  );
  assertEquals([source.mostActive, confirmed], [0, 0]);
});

Deno.test("serveLegacy() refuses an address after three wrong proofs, at once and after its proof", async () => {
  const guesses = new GuessLedger();
  const payload = payloadOf(10);
  // Five at once: as a rule, all have their challenge before the first proof is checked.
  const ends = await Promise.all(Array.from({ length: 5 }, async () => {
    const [sender, receiver] = connectAs("10.0.0.1");
    return await Promise.all([
      serve(sender, payload, { guesses }),
      guess(receiver),
    ]);
  }));
  const wrong = ["PASSPHRASE_REFUSED", "invalid_proof"];
  const tooMany = ["TOO_MANY_GUESSES", "too_many_failures"];
  assertEquals(
    ends.toSorted(([a], [b]) => a < b ? -1 : 1),
    [wrong, wrong, wrong, tooMany, tooMany],
  );
  assertEquals(guesses.total, MAX_GUESSES_PER_ADDRESS);

  // From now on there is not even a challenge.
  const [sender, receiver] = connectAs("10.0.0.1");
  await receiver.send(json({ type: "HELLO", version: 1 }));
  assertEquals(await serve(sender, payload, { guesses }), "TOO_MANY_GUESSES");
  assertEquals(parse(await receiver.receive()), {
    type: "DENIED",
    reason: "too_many_failures",
  });
  await receiver[Symbol.asyncDispose]();
});

/** A wrong proof that costs no stretching; gives the reason of the refusal. */
async function guess(channel: Channel): Promise<string> {
  channel.maxFrameBytes = MAX_LEGACY_ANSWER_BYTES;
  const hear = async () =>
    parse(await channel.receive()) as { type: string; reason: string };
  await channel.send(json({ type: "HELLO", version: 1 }));
  let answer = await hear();
  // The guesses of others may be used up by now.
  if (answer.type !== "DENIED") {
    await channel.send(json({ type: "AUTH", proof: "00".repeat(32) }));
    answer = await hear();
  }
  await channel[Symbol.asyncDispose]();
  return answer.reason;
}

const DENIALS: [reason: string, code: string][] = [
  ["invalid_proof", "PASSPHRASE_REFUSED"],
  ["too_many_failures", "TOO_MANY_GUESSES"],
  [LEGACY_DENIAL, "DECLINED"],
  ["payload is too large for protocol 1", "DECLINED"],
  ["", "DECLINED"],
  ["\u001b[2J", "DECLINED"],
];

Deno.test("receiveLegacy() ends with the code of the reason, when it is denied before or after its proof", async () => {
  const { challenge } = messagesOf(vectors.cases[0]!);
  for (const [reason, code] of DENIALS) {
    for (const isProofSent of [false, true]) {
      const [sender, receiver] = connectMemory();
      const receiving = receiveLegacy(
        receiver,
        PASSPHRASE,
        () => Promise.reject(new Error("Nothing was offered")),
        NOW,
      ).catch((error) => error);
      await sender.receive();
      if (isProofSent) {
        await sender.send(json(challenge));
        await sender.receive();
      }
      await sender.send(json({ type: "DENIED", reason }));
      const error = await receiving;
      assertEquals(codeOf(error), code, reason);
      assert(!error.message.includes("\u001b"), "the terminal is steered");
      await sender[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    }
  }
});

Deno.test("servesLegacy() takes a refusal of protocol 1, as our own sender words it, for none", async () => {
  const { challenge } = messagesOf(vectors.cases[0]!);
  const answers: [answer: Bytes, isLegacy: boolean][] = [
    [json(challenge), true],
    [json({ type: "DENIED", reason: "too_many_failures" }), true],
    [json({ type: "DENIED", reason: LEGACY_DENIAL }), false],
    [json({ type: "CHALLENGE" }), false],
    [json({}), false],
    [utf8("{"), false],
  ];
  for (const [answer, isLegacy] of answers) {
    const [sender, receiver] = connectMemory();
    const asking = servesLegacy(receiver);
    assertEquals(parse(await sender.receive()), { type: "HELLO", version: 1 });
    await sender.send(answer);
    assertEquals(await asking, isLegacy);
    await sender[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  }
});

Deno.test("receiveLegacy() ends with PASSPHRASE_REFUSED, when the payload does not open", async () => {
  const v = vectors.cases[0]!;
  const { payload } = messagesOf(v);
  const bad: [field: "salt" | "nonce" | "ciphertext", value: string][] = [
    ["salt", "00".repeat(32)],
    ["nonce", "00".repeat(12)],
    ["ciphertext", payload.ciphertext.replace(/..$/, "00")],
    ["ciphertext", payload.ciphertext.slice(2)],
    ["ciphertext", `${payload.ciphertext}00`],
  ];
  await Promise.all(bad.map(async ([field, value]) => {
    const sink = new MemorySink();
    assertEquals(
      await receiveRecorded(v, sink, { [field]: value }),
      ["PASSPHRASE_REFUSED", null],
    );
    assertEquals([sink.stored, sink.finished], [0, 0]);
  }));
});

Deno.test("serve() of a share without protocol 1 says what to do, in words that the original prints, and serves protocol 2", async () => {
  const share = await newShare(PASSPHRASE);
  for (const receiveDenial of [hearDenial, receive]) {
    const [sender, receiver] = connectAs("10.0.0.1");
    const [outcome, heard] = await Promise.all([
      serveTo(share, sender),
      receiveDenial(receiver),
    ]);
    assertEquals(outcome, "LEGACY_PEER");
    assert(heard === LEGACY_DENIAL || heard === "DECLINED", heard);
  }
  const [sender, receiver] = connectAs("10.0.0.1");
  const [outcome] = await Promise.all([
    serveTo(share, sender),
    receiveByHand(receiver, PASSPHRASE),
  ]);
  assertEquals(outcome, true);
});

/** Returns the text that the original would print. */
async function hearDenial(channel: Channel): Promise<string> {
  await channel.send(recorded("HELLO").slice(FRAME_PREFIX_BYTES));
  const { type, reason } = parse(await channel.receive()) as {
    type: string;
    reason: string;
  };
  assertEquals([type, await channel.receive()], ["DENIED", null]);
  await channel[Symbol.asyncDispose]();
  return reason;
}

Deno.test("serve() of a share with protocol 1 serves its receivers, and counts guesses over both protocols", async () => {
  const share = await newShare(PASSPHRASE, undefined, { legacy: true });
  const outcomes: unknown[] = [];
  for (const attempt of [receive, guess, guess, guess, receive]) {
    const [sender, receiver] = connectAs("10.0.0.1");
    const [outcome] = await Promise.all([
      serveTo(share, sender),
      attempt(receiver),
    ]);
    outcomes.push(outcome);
  }
  const wrong = "PASSPHRASE_REFUSED";
  assertEquals(outcomes, [true, wrong, wrong, wrong, "TOO_MANY_GUESSES"]);
  assertEquals(share.guesses.isRefused("10.0.0.1"), true);
});

Deno.test("serve() of a share lets no more than sixteen protocol 1 receivers read the source at a time", async () => {
  const gate = Promise.withResolvers<void>();
  const source = new MemorySource(payloadOf(1000), {
    before: () => gate.promise,
  });
  // The same challenge for all, so that nobody has to stretch anew to answer it.
  const v = vectors.cases[0]!;
  const challenge: Record<number, string> = {
    32: v.auth_salt,
    16: v.auth_nonce,
  };
  const share = await newShare(v.passphrase, source, {
    legacy: true,
    fillRandom: (bytes) => {
      bytes.set(hex(challenge[bytes.length]!));
      return bytes;
    },
  });
  let confirmed = 0;
  const events = { confirmed: () => confirmed++ };
  const count = MAX_TRANSFERS + 3;
  const served = Array.from({ length: count }, async () => {
    const [sender, receiver] = connectAs("10.0.0.1");
    const { hello, auth } = messagesOf(v);
    await receiver.send(json(hello));
    await receiver.send(json(auth));
    const outcome = await serveTo(share, sender, events);
    await receiver[Symbol.asyncDispose]();
    return outcome;
  });
  await waitUntil(() => confirmed === count);
  await waitUntil(() => source.active >= MAX_TRANSFERS);
  await pause(30);
  assertEquals(source.active, MAX_TRANSFERS);
  gate.reject(new SpreadError("PAYLOAD_CHANGED", "It changed", ""));
  const ends = await Promise.all(served);
  assertEquals(ends, Array(count).fill("PAYLOAD_CHANGED"));
  assertEquals([source.mostActive, source.closed], [MAX_TRANSFERS, count]);
});
