/** Two peers that follow the protocol, and single peers that do not; tampering on the way is in handshake_tamper_test.ts. */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import type { Channel } from "../../transports/channel.ts";
import { connectMemory } from "../../testing/memory_channel.ts";
import { withDeadline } from "../deadline.ts";
import { MAX_GUESSES_PER_ADDRESS } from "./guesses.ts";
import {
  decodeChallenge,
  encodeChallenge,
  encodeHello,
  encodeProof,
  NONCE_BYTES,
} from "./messages.ts";
import {
  codeOf,
  connectLoopback,
  outcomeOf,
  proveByHand,
  random,
  SALT,
  senderSecrets,
  stretchOnce,
} from "../../testing/protocol.ts";
import { flip, interpose, passOn } from "../../testing/interposed.ts";
import { handshakeAsReceiver } from "./receiver.ts";
import { SecureChannel } from "../secure_channel.ts";
import { handshakeAsSender, type SenderSecrets } from "./sender.ts";

const PASSPHRASE = "walnut-orbit-cactus-fable";
const stretch = stretchOnce(PASSPHRASE);
const HELLO_FRAME = encodeHello(new Uint8Array(NONCE_BYTES).fill(7));

/** The generator of the group: a valid share whose scalar nobody knows. */
const VALID_ELEMENT = Uint8Array.fromHex(
  "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
);

const BAD_ELEMENTS: [name: string, share: Bytes][] = [
  ["the neutral element", new Uint8Array(32)],
  ["a negative field element", flip(new Uint8Array(32), 0)],
  ["a field element beyond the prime", new Uint8Array(32).fill(0xff)],
  // RFC 9496, appendix A.2: non-square x².
  [
    "bytes that encode no element",
    Uint8Array.fromHex(
      "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    ),
  ],
];

/** The sender's side with its first frame read, as a share reads it. */
async function asSender(
  channel: Channel,
  secrets: SenderSecrets,
): Promise<SecureChannel> {
  const hello = await channel.receive();
  assert(hello !== null);
  return await handshakeAsSender(channel, hello, secrets);
}

function asReceiver(
  channel: Channel,
  passphrase: string,
  roomCode = "",
): Promise<SecureChannel> {
  return handshakeAsReceiver(channel, {
    passphrase,
    roomCode,
    fillRandom: random,
  });
}

/** Both sides, one record each way; "agreed" for each side that got the other's record. */
async function meet(
  [sender, receiver]: [Channel, Channel],
  secrets: SenderSecrets,
  passphrase: string,
  roomCode = "",
): Promise<[string, string]> {
  const exchange = async (secure: SecureChannel, word: string) => {
    await using channel = secure;
    await channel.send(0x42, utf8(word));
    const { type, body } = await channel.receive();
    return `${type} ${new TextDecoder().decode(body)}`;
  };
  return await Promise.all([
    outcomeOf(
      sender,
      async () => exchange(await asSender(sender, secrets), "from sender"),
    ),
    outcomeOf(
      receiver,
      async () =>
        exchange(
          await asReceiver(receiver, passphrase, roomCode),
          "from receiver",
        ),
    ),
  ]);
}

const AGREED = ["66 from receiver", "66 from sender"];
const REFUSED = ["PASSPHRASE_REFUSED", "PASSPHRASE_REFUSED"];

for (
  const [transport, connect] of [
    ["memory", () => Promise.resolve(connectMemory())],
    ["TCP", connectLoopback],
  ] as const
) {
  Deno.test(`handshake gives both sides the same keys, over ${transport}`, async () => {
    const secrets = senderSecrets(stretch(SALT));
    assertEquals(await meet(await connect(), secrets, PASSPHRASE), AGREED);
    assertEquals(secrets.guesses.total, 0);
  });
}

const ROOM_CODES: [sender: string, receiver: string, ends: string[]][] = [
  ["k7m2xq", "k7m2xq", AGREED],
  ["k7m2xq", "k7m2xr", REFUSED],
  ["k7m2xq", "", REFUSED],
  ["", "k7m2xq", REFUSED],
];

for (const [ours, theirs, ends] of ROOM_CODES) {
  Deno.test(`handshake binds the room code, when sender has "${ours}" and receiver "${theirs}"`, async () => {
    const secrets = senderSecrets(stretch(SALT), { roomCode: ours });
    assertEquals(
      await meet(connectMemory(), secrets, PASSPHRASE, theirs),
      ends,
    );
  });
}

const PASSPHRASES: [name: string, sender: string, receiver: string][] = [
  ["é composed and decomposed", "caf\u00e9", "cafe\u0301"],
  ["Hangul composed and decomposed", "\ud55c", "\u1112\u1161\u11ab"],
  ["spaces around and inside", "  my pass  phrase ", "  my pass  phrase "],
  ["quotes, dollar and newline", `"'$HOME\`\n\\`, `"'$HOME\`\n\\`],
  ["10 KB", "x\u00e9".repeat(3500), "x\u00e9".repeat(3500)],
];

for (const [name, ours, theirs] of PASSPHRASES) {
  Deno.test(`handshake takes a passphrase as typed: ${name}`, async () => {
    assertEquals(
      await meet(connectMemory(), senderSecrets(ours), theirs),
      AGREED,
    );
  });
}

const WRONG_PASSPHRASES: [name: string, sender: string, receiver: string][] = [
  ["another case", PASSPHRASE, PASSPHRASE.toUpperCase()],
  ["a trailing space", PASSPHRASE, `${PASSPHRASE} `],
  ["a trailing newline", PASSPHRASE, `${PASSPHRASE}\n`],
  ["a compatibility form", "ﬁle", "file"],
  ["empty", PASSPHRASE, ""],
  [
    "the last of 10 KB differs",
    `${"x".repeat(10_240)}a`,
    `${"x".repeat(10_240)}b`,
  ],
];

for (const [name, ours, theirs] of WRONG_PASSPHRASES) {
  Deno.test(`handshake refuses a wrong passphrase on both sides: ${name}`, async () => {
    const secrets = senderSecrets(ours);
    await using middle = interpose(passOn);
    assertEquals(
      await meet([middle.sender, middle.receiver], secrets, theirs),
      REFUSED,
    );
    assertEquals(secrets.guesses.total, 1);
    // After CHALLENGE, the refusal and nothing else.
    assertEquals(
      middle.seen.toReceiver.slice(1).map((frame) => frame.toHex()),
      ["0501"],
    );
  });
}

Deno.test("handshake gives every run other messages, also with the same passphrase", async () => {
  const runs: string[][] = [];
  for (let run = 0; run < 2; run++) {
    await using middle = interpose(passOn);
    const secrets = senderSecrets(stretch(SALT));
    await meet([middle.sender, middle.receiver], secrets, PASSPHRASE);
    const { toSender, toReceiver } = middle.seen;
    runs.push([...toSender, ...toReceiver].map((frame) => frame.toHex()));
  }
  const [first, second] = runs;
  assertEquals(first!.length, 6);
  assertEquals(first!.filter((frame) => second!.includes(frame)), []);
});

// ---- the receiver's side, against a sender that is not one

/** The receiver's outcome when `script` plays the sender and then closes. */
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
  ["0501", "BAD_MESSAGE"], // the receiver has sent nothing that could be refused yet
  ["0502", "TOO_MANY_GUESSES"],
  ["0503", "PEER_BUSY"],
  ["0504", "BAD_MESSAGE"],
  ["0500", "BAD_MESSAGE"],
  ["0505", "BAD_MESSAGE"],
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
    ["twice", concatBytes(good, good)],
    ["of the largest size", new Uint8Array(64 * 1024).fill(2)],
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
  assert(performance.now() - start < 1000);
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

// ---- the sender's side, against a receiver that is not one

/** The sender's outcome when `script` plays the receiver, and the number of guesses it cost. */
async function senderAgainst(
  script: (channel: Channel) => Promise<unknown>,
  secrets = senderSecrets(stretch(SALT)),
): Promise<[outcome: string, guesses: number]> {
  const [sender, receiver] = connectMemory();
  const [outcome] = await Promise.all([
    outcomeOf(sender, () => asSender(sender, secrets)),
    outcomeOf(receiver, () => script(receiver)),
  ]);
  assert(typeof outcome === "string", "the sender was confirmed");
  return [outcome, secrets.guesses.total];
}

/** Says hello, takes the challenge, sends `proof`, and returns the answer. */
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

Deno.test("handshakeAsSender() refuses an address that has used up its guesses, before it computes anything", async () => {
  const secrets = senderSecrets(stretch(SALT));
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
  const secrets = senderSecrets(stretch(SALT));
  const [confirmed] = await Promise.all([
    asSender(middle.sender, secrets),
    proveByHand(middle.receiver, stretch).then((channel) =>
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
  const secrets = senderSecrets(stretch(SALT));
  const error = await withDeadline(
    sender,
    60,
    () => handshakeAsSender(sender, HELLO_FRAME, secrets),
  ).catch(codeOf);
  assertEquals(error, "PEER_SILENT");
  assertEquals(secrets.guesses.total, 0);
  await receiver[Symbol.asyncDispose]();
});
