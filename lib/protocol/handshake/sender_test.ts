/** A sender whose receiver does not follow the protocol. */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import type { Channel } from "../../transports/channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { withDeadline } from "../deadline.ts";
import { MAX_GUESSES_PER_ADDRESS } from "./guesses.ts";
import { decodeChallenge, encodePairHello, encodeProof } from "./messages.ts";
import {
  codeOf,
  outcomeOf,
  proveByHand,
  random,
  senderSecrets,
} from "../../testing/protocol.ts";
import { flip, interpose, passOn } from "../../testing/interposed.ts";
import { handshakeAsSender } from "./sender.ts";
import {
  asSender,
  BAD_ELEMENTS,
  HELLO_FRAME,
  PASSPHRASE,
  VALID_ELEMENT,
} from "../../testing/handshake.ts";

/** Returns the sender's outcome when the receiver's side is `script`, and the guesses it cost. */
async function senderAgainst(
  script: (channel: Channel) => Promise<unknown>,
  secrets = senderSecrets(PASSPHRASE),
): Promise<[outcome: string, guesses: number]> {
  const [sender, receiver] = connectMemory();
  const [outcome] = await Promise.all([
    outcomeOf(sender, () => asSender(sender, secrets)),
    outcomeOf(receiver, () => script(receiver)),
  ]);
  assert(typeof outcome === "string", "the sender was confirmed");
  return [outcome, secrets.guesses.total];
}

/** Sends M1 and `proof` after the challenge; returns the answer in hex, or "closed". */
async function answerTo(channel: Channel, proof: Bytes): Promise<string> {
  await channel.send(HELLO_FRAME);
  decodeChallenge((await channel.receive())!);
  await channel.send(proof);
  return (await channel.receive())?.toHex() ?? "closed";
}

for (const [name, share] of BAD_ELEMENTS) {
  Deno.test(`handshakeAsSender() counts a guess, when the receiver's share is ${name}`, async () => {
    const proof = encodeProof({ share, tag: random(new Uint8Array(32)) });
    assertEquals(
      await senderAgainst(async (receiver) => {
        assertEquals(await answerTo(receiver, proof), "0501");
        assertEquals(await receiver.receive(), null);
      }),
      ["PASSPHRASE_REFUSED", 1],
    );
  });
}

Deno.test("handshakeAsSender() counts a guess, when the receiver's share is the sender's own", async () => {
  assertEquals(
    await senderAgainst(async (receiver) => {
      await receiver.send(HELLO_FRAME);
      const { share } = decodeChallenge((await receiver.receive())!);
      await receiver.send(encodeProof({ share, tag: new Uint8Array(32) }));
    }),
    ["PASSPHRASE_REFUSED", 1],
  );
});

Deno.test("handshakeAsSender() refuses a proof of another form without counting it: it tries nothing", async () => {
  const good = encodeProof({ share: VALID_ELEMENT, tag: new Uint8Array(32) });
  const bad: Bytes[] = [
    new Uint8Array(0),
    good.slice(0, -1),
    concatBytes(good, Uint8Array.of(0)),
    flip(good, 0),
    HELLO_FRAME,
    Uint8Array.of(5, 1),
    utf8('{"type":"AUTH","proof":""}'),
  ];
  for (const proof of bad) {
    assertEquals(
      await senderAgainst(async (receiver) => {
        assertEquals(await answerTo(receiver, proof), "closed");
      }),
      ["BAD_MESSAGE", 0],
    );
  }
});

Deno.test("handshakeAsSender() refuses a hello of another form without an answer", async () => {
  const bad: Bytes[] = [
    new Uint8Array(0),
    HELLO_FRAME.slice(0, -1),
    concatBytes(HELLO_FRAME, Uint8Array.of(0)),
    flip(HELLO_FRAME, 0),
    utf8("GET / HTTP/1.1\r\n\r\n"),
  ];
  for (const hello of bad) {
    assertEquals(
      await senderAgainst(async (receiver) => {
        await receiver.send(hello);
        assertEquals(await receiver.receive(), null);
      }),
      ["BAD_MESSAGE", 0],
    );
  }
});

Deno.test("handshakeAsSender() says so, when the receiver speaks another version", async () => {
  for (const version of [0, 1, 3, 255]) {
    const hello = HELLO_FRAME.slice();
    hello[1] = version;
    assertEquals(
      await senderAgainst(async (receiver) => {
        await receiver.send(hello);
        assertEquals((await receiver.receive())?.toHex(), "0504");
      }),
      ["BAD_MESSAGE", 0],
    );
  }
});

Deno.test("handshakeAsSender() refuses a secret of another kind before it costs a guess", async () => {
  // A passphrase, kinds that do not exist, and a pair.
  const hellos = [2, 0, 4, 255].map((kind) => HELLO_FRAME.with(2, kind));
  const tag = new Uint8Array(8);
  for (const hello of [...hellos, encodePairHello(HELLO_FRAME.slice(3), tag)]) {
    assertEquals(
      await senderAgainst(async (receiver) => {
        await receiver.send(hello);
        assertEquals((await receiver.receive())?.toHex(), "0505");
        assertEquals(await receiver.receive(), null);
      }),
      ["SECRET_MISMATCH", 0],
    );
  }
});

Deno.test("handshakeAsSender() refuses an address that has used up its guesses, before it computes anything", async () => {
  const secrets = senderSecrets(PASSPHRASE);
  const wrong = encodeProof({
    share: VALID_ELEMENT,
    tag: new Uint8Array(32),
  });
  for (let guess = 1; guess <= MAX_GUESSES_PER_ADDRESS; guess++) {
    assertEquals(
      await senderAgainst((channel) => answerTo(channel, wrong), secrets),
      ["PASSPHRASE_REFUSED", guess],
    );
  }
  assertEquals(
    await senderAgainst(async (receiver) => {
      await receiver.send(HELLO_FRAME);
      assertEquals((await receiver.receive())?.toHex(), "0502");
    }, secrets),
    ["TOO_MANY_GUESSES", MAX_GUESSES_PER_ADDRESS],
  );
});

Deno.test("handshakeAsSender() refuses the proof of another run, and counts it", async () => {
  await using middle = interpose(passOn);
  const secrets = senderSecrets(PASSPHRASE);
  const [confirmed] = await Promise.all([
    asSender(middle.sender, secrets),
    proveByHand(middle.receiver, PASSPHRASE).then((channel) =>
      channel[Symbol.asyncDispose]()
    ),
  ]);
  await confirmed[Symbol.asyncDispose]();
  const [hello, proof] = middle.seen.toSender;

  assertEquals(
    await senderAgainst(async (receiver) => {
      // Even the hello is the same; the sender's nonce and share are new.
      await receiver.send(hello!);
      await receiver.receive();
      await receiver.send(proof!);
      assertEquals((await receiver.receive())?.toHex(), "0501");
    }, secrets),
    ["PASSPHRASE_REFUSED", 1],
  );
});

Deno.test("handshakeAsSender() refuses a challenge sent back to it", async () => {
  assertEquals(
    await senderAgainst(async (receiver) => {
      await receiver.send(HELLO_FRAME);
      await receiver.send((await receiver.receive())!);
    }),
    ["BAD_MESSAGE", 0],
  );
});

Deno.test("handshakeAsSender() ends with PEER_SILENT in time, when no proof comes", async () => {
  const [sender, receiver] = connectMemory();
  const secrets = senderSecrets(PASSPHRASE);
  const error = await withDeadline(
    sender,
    60,
    () => handshakeAsSender(sender, HELLO_FRAME, secrets),
  ).catch(codeOf);
  assertEquals(error, "PEER_SILENT");
  assertEquals(secrets.guesses.total, 0);
  await receiver[Symbol.asyncDispose]();
});
