/** Handshakes of pairs: the tag finds the seed, and whoever lacks the seed gets nowhere. */

import { assert, assertEquals } from "@std/assert";
import type { Bytes } from "../../bytes.ts";
import { PairKey } from "../../pairs/derive.ts";
import type { Channel } from "../../transports/channel.ts";
import { VALID_ELEMENT } from "../../testing/handshake.ts";
import { interpose, passOn } from "../../testing/interposed.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { outcomeOf, random, SALT } from "../../testing/protocol.ts";
import { GuessLedger, MAX_GUESSES_IN_TOTAL } from "./guesses.ts";
import { encodeProof } from "./messages.ts";
import { handshakeAsReceiver } from "./receiver.ts";
import type { PairSecret, Secret } from "./secret.ts";
import { handshakeAsSender } from "./sender.ts";

/** Pairs of one sender, and one that it has forgotten. */
const [forgotten, ...pairs] = await Promise.all(
  Array.from({ length: 9 }, () => PairKey.of(random(new Uint8Array(32)))),
) as [PairKey, ...PairKey[]];

const guesses = new GuessLedger();

/** Runs the sender's side; returns the index of the pair, or the code of an error. */
function asSender(channel: Channel): Promise<string> {
  return outcomeOf(channel, async () => {
    let found: PairSecret | undefined;
    const hello = (await channel.receive())!.slice();
    const secure = await handshakeAsSender(channel, hello, {
      kind: "pair",
      pairs,
      salt: SALT,
      guesses,
      fillRandom: random,
      roomCode: "",
      onProof: (pair) => found = pair,
    });
    await secure[Symbol.asyncDispose]();
    return String(pairs.indexOf(found as PairKey));
  });
}

function asReceiver(channel: Channel, secret: Secret): Promise<string> {
  return outcomeOf(channel, async () => {
    const how = { secret, roomCode: "", fillRandom: random };
    await using _secure = await handshakeAsReceiver(channel, how);
    return "agreed";
  });
}

async function meet(
  [sender, receiver]: [Channel, Channel],
  secret: Secret,
): Promise<[string, string]> {
  return await Promise.all([asSender(sender), asReceiver(receiver, secret)]);
}

for (const at of [0, 3, 7]) {
  Deno.test(`handshake finds pair ${at} of eight by its tag, which is new for each run`, async () => {
    const tags = new Set<string>();
    for (let run = 0; run < 2; run++) {
      await using middle = interpose(passOn);
      const ends = await meet([middle.sender, middle.receiver], pairs[at]!);
      assertEquals(ends, [String(at), "agreed"]);
      const hello = middle.seen.toSender[0]!;
      assertEquals([hello.length, hello[2]], [27, 3]);
      tags.add(hello.slice(-8).toHex());
    }
    assertEquals(tags.size, 2);
  });
}

for (
  const [who, secret] of [
    ["with words", "cat-sun-map-ink"],
    ["with a passphrase", "no words"],
  ] as const
) {
  Deno.test(`handshake refuses a receiver ${who} before anything of it is computed`, async () => {
    await using middle = interpose(passOn);
    const ends = await meet([middle.sender, middle.receiver], secret);
    assertEquals(ends, ["SECRET_MISMATCH", "SECRET_MISMATCH"]);
    assertEquals(middle.seen.toReceiver.map((frame) => frame.toHex()), [
      "0505",
    ]);
  });
}

Deno.test("handshake answers a receiver of a pair that the share is not for as one that lacks the seed", async () => {
  const seen = [];
  for (const secret of [forgotten, withoutSeed(pairs[0]!)]) {
    await using middle = interpose(passOn);
    const ends = await meet([middle.sender, middle.receiver], secret);
    assertEquals(ends, ["PASSPHRASE_REFUSED", "PASSPHRASE_REFUSED"]);
    seen.push(
      middle.seen.toReceiver.map((frame) => [frame[0], frame.length]),
    );
  }
  // Nobody who repeats an M1 learns whether two shares are for one pair.
  assertEquals(seen[0], seen[1]);
  assertEquals(seen[0]!.map(([type]) => type), [2, 5]);
});

/** A receiver that knows the tags of a pair, for example because it overheard one, and no more. */
function withoutSeed(pair: PairKey): PairSecret {
  return {
    PRS: random(new Uint8Array(32)),
    helloTag: (nonce: Bytes) => pair.helloTag(nonce),
  };
}

Deno.test("handshake takes any number of wrong proofs of pairs, counts none, and still takes the right one", async () => {
  for (let i = 0; i < MAX_GUESSES_IN_TOTAL + 2; i++) {
    assertEquals(await meet(connectMemory(), withoutSeed(pairs[1]!)), [
      "PASSPHRASE_REFUSED",
      "PASSPHRASE_REFUSED",
    ]);
  }
  assertEquals(guesses.total, 0);
  assertEquals(await meet(connectMemory(), pairs[1]!), ["1", "agreed"]);
});

Deno.test("handshake refuses a sender that knows a tag and not the seed", async () => {
  // The sender poses as the other side: its proof is worth nothing.
  const [sender, receiver] = connectMemory();
  const posing = outcomeOf(sender, async () => {
    const hello = (await sender.receive())!.slice();
    const pair = { ...withoutSeed(pairs[2]!) };
    await handshakeAsSender(sender, hello, {
      kind: "pair",
      pairs: [pair],
      salt: SALT,
      guesses,
      fillRandom: random,
      roomCode: "",
    });
    return "agreed";
  });
  const ends = await Promise.all([posing, asReceiver(receiver, pairs[2]!)]);
  assertEquals(ends, ["PASSPHRASE_REFUSED", "PASSPHRASE_REFUSED"]);
});

Deno.test("handshake of a pair is not confirmed, when its first message or its proof is repeated", async () => {
  await using middle = interpose(passOn);
  const ends = await meet([middle.sender, middle.receiver], pairs[0]!);
  assertEquals(ends, ["0", "agreed"]);
  const [hello] = middle.seen.toSender;
  const replay = async (proof: Bytes) => {
    const [sender, receiver] = connectMemory();
    const serving = asSender(sender);
    await receiver.send(hello!);
    assert((await receiver.receive())![0] === 2);
    await receiver.send(proof);
    assertEquals((await receiver.receive())?.toHex(), "0501");
    assertEquals(await serving, "PASSPHRASE_REFUSED");
    await receiver[Symbol.asyncDispose]();
  };
  await replay(middle.seen.toSender[1]!);
  const tag = new Uint8Array(32);
  await replay(encodeProof({ share: VALID_ELEMENT, tag }));
});
