/** A receiver whose sender does not follow the protocol. */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import type { Channel } from "../../transports/channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { withDeadline } from "../deadline.ts";
import { handshakeAsReceiver } from "./receiver.ts";
import { encodeChallenge, NONCE_BYTES } from "./messages.ts";
import { outcomeOf, random, SALT } from "../../testing/protocol.ts";
import { flip } from "../../testing/interposed.ts";
import {
  asReceiver,
  BAD_ELEMENTS,
  HELLO_FRAME,
  PASSPHRASE,
  VALID_ELEMENT,
} from "../../testing/handshake.ts";

/** Returns the error of the receiver when the sender's side is `script`, which then closes. */
async function receiverAgainst(
  script: (channel: Channel) => Promise<unknown>,
): Promise<string> {
  const [sender, receiver] = connectMemory();
  const [outcome] = await Promise.all([
    outcomeOf(receiver, () => asReceiver(receiver, PASSPHRASE)),
    outcomeOf(sender, async () => {
      await sender.receive();
      await script(sender);
    }),
  ]);
  assert(typeof outcome === "string", "the receiver was confirmed");
  return outcome;
}

const REFUSALS: [frame: string, beforeProof: string][] = [
  ["0501", "BAD_MESSAGE"], // nothing was there to refuse yet
  ["0502", "TOO_MANY_GUESSES"],
  ["0503", "PEER_BUSY"],
  ["0504", "BAD_MESSAGE"],
  ["0500", "BAD_MESSAGE"],
  ["0505", "SECRET_MISMATCH"],
  ["0506", "BAD_MESSAGE"],
  ["05", "BAD_MESSAGE"],
  ["050200", "BAD_MESSAGE"],
];

for (const [frame, code] of REFUSALS) {
  Deno.test(`handshakeAsReceiver() ends with ${code}, when the sender refuses HELLO with ${frame}`, async () => {
    assertEquals(
      await receiverAgainst((sender) => sender.send(Uint8Array.fromHex(frame))),
      code,
    );
  });
}

for (const [frame, code] of [...REFUSALS, [null, "PEER_GONE"] as const]) {
  Deno.test(
    `handshakeAsReceiver() ends with ${code} and sends no proof, when ${
      frame ?? "the end"
    } comes while it computes that`,
    async () => {
      assertEquals(
        await receiverAgainst(async (sender) => {
          await sendChallenge(sender, VALID_ELEMENT);
          if (frame === null) return;
          await sender.send(Uint8Array.fromHex(frame));
          assertEquals(await sender.receive(), null);
        }),
        code,
      );
    },
  );
}

Deno.test("handshakeAsReceiver() says that its proof is out before the network has taken it", async () => {
  const [sender, receiver] = connectMemory();
  const steps: string[] = [];
  let count = 0;
  const send = receiver.send.bind(receiver);
  receiver.send = async (body) => {
    const isProof = ++count === 2;
    await send(body);
    if (isProof) steps.push("taken");
  };
  const proving = outcomeOf(receiver, () =>
    handshakeAsReceiver(receiver, {
      secret: PASSPHRASE,
      roomCode: "",
      fillRandom: random,
      onIdle: () => steps.push("out"),
    }));
  await sender.receive();
  await sendChallenge(sender, VALID_ELEMENT);
  await sender.receive();
  await sender[Symbol.asyncDispose]();
  assertEquals(await proving, "PASSPHRASE_REFUSED");
  assertEquals(steps, ["out", "taken"]);
});

Deno.test("handshakeAsReceiver() says PASSPHRASE_REFUSED, whatever answers its proof", async () => {
  const answers: (Bytes | null)[] = [
    ...REFUSALS.map(([frame]) => Uint8Array.fromHex(frame)),
    new Uint8Array(0),
    utf8('{"type":"DENIED","reason":"invalid_proof"}'),
    null,
  ];
  const outcomes = await Promise.all(
    answers.map((answer) =>
      receiverAgainst(async (sender) => {
        await sendChallenge(sender, VALID_ELEMENT);
        assertEquals((await sender.receive())?.length, 65);
        if (answer !== null) await sender.send(answer);
      })
    ),
  );
  assertEquals(outcomes, answers.map(() => "PASSPHRASE_REFUSED"));
});

Deno.test("handshakeAsReceiver() refuses its own tag as the sender's", async () => {
  assertEquals(
    await receiverAgainst(async (sender) => {
      await sendChallenge(sender, VALID_ELEMENT);
      const proof = (await sender.receive())!;
      await sender.send(concatBytes(Uint8Array.of(4), proof.slice(33)));
    }),
    "PASSPHRASE_REFUSED",
  );
});

Deno.test("handshakeAsReceiver() says LEGACY_PEER, when a protocol 1 message comes", async () => {
  for (const text of ["{", '{"type":"DENIED","reason":"x"}']) {
    assertEquals(
      await receiverAgainst((sender) => sender.send(utf8(text))),
      "LEGACY_PEER",
    );
  }
});

for (const [name, share] of BAD_ELEMENTS) {
  Deno.test(`handshakeAsReceiver() sends no proof, when the sender's share is ${name}`, async () => {
    assertEquals(
      await receiverAgainst(async (sender) => {
        await sendChallenge(sender, share);
        assertEquals(await sender.receive(), null);
      }),
      "BAD_MESSAGE",
    );
  });
}

Deno.test("handshakeAsReceiver() refuses a challenge of another form", async () => {
  const good = encodeChallenge({
    nonce: new Uint8Array(16),
    share: VALID_ELEMENT,
    salt: SALT,
  });
  const bad: [name: string, frame: Bytes][] = [
    ["empty", new Uint8Array(0)],
    ["one byte short", good.slice(0, -1)],
    ["one byte long", concatBytes(good, Uint8Array.of(0))],
    ["of the largest size", new Uint8Array(128).fill(2)],
    ["with the receiver's role", flip(good, 49)],
    ["with the type of PROOF", flip(good, 0)],
    ["that is the receiver's HELLO", HELLO_FRAME],
  ];
  for (const [name, frame] of bad) {
    assertEquals(
      await receiverAgainst((sender) => sender.send(frame)),
      "BAD_MESSAGE",
      name,
    );
  }
  const twice = concatBytes(good, good);
  assertEquals(
    await receiverAgainst((sender) => sender.send(twice)),
    "FRAME_TOO_LARGE",
  );
});

Deno.test("handshakeAsReceiver() refuses a frame larger than any handshake message may be", async () => {
  assertEquals(
    await receiverAgainst((sender) =>
      sender.send(new Uint8Array(64 * 1024 + 1))
    ),
    "FRAME_TOO_LARGE",
  );
});

Deno.test("handshakeAsReceiver() ends with PEER_SILENT in time, when nothing answers its HELLO", async () => {
  const [sender, receiver] = connectMemory();
  const start = performance.now();
  const outcome = await outcomeOf(
    receiver,
    () => withDeadline(receiver, 60, () => asReceiver(receiver, PASSPHRASE)),
  );
  assertEquals(outcome, "PEER_SILENT");
  assert(performance.now() - start < 10_000);
  await sender[Symbol.asyncDispose]();
});

const ABORTS: [
  reason: "INTERRUPTED" | "PEER_SILENT",
  isProofSent: boolean,
  code: SpreadErrorCode,
][] = [
  ["INTERRUPTED", false, "INTERRUPTED"],
  ["INTERRUPTED", true, "INTERRUPTED"],
  ["PEER_SILENT", false, "PEER_SILENT"],
  ["PEER_SILENT", true, "PASSPHRASE_REFUSED"], // the sender may have used a guess
];

for (const [reason, isProofSent, code] of ABORTS) {
  const when = isProofSent ? "after" : "before";
  Deno.test(`handshakeAsReceiver() ends with ${code}, when aborted ${when} its proof for ${reason}`, async () => {
    const [sender, receiver] = connectMemory();
    const running = outcomeOf(receiver, () => asReceiver(receiver, PASSPHRASE));
    await sender.receive();
    if (isProofSent) {
      await sendChallenge(sender, VALID_ELEMENT);
      await sender.receive();
    }
    receiver.abort(new SpreadError(reason, "Enough", ""));
    assertEquals(await running, code);
    await sender[Symbol.asyncDispose]();
  });
}

function sendChallenge(sender: Channel, share: Bytes): Promise<void> {
  return sender.send(
    encodeChallenge({ nonce: new Uint8Array(NONCE_BYTES), share, salt: SALT }),
  );
}
