/** Protocol 1 against values that the Python original computed, and against itself. */

import { assert, assertEquals } from "@std/assert";
import vectors from "../../testdata/protocol1_vectors.json" with {
  type: "json",
};
import { type Bytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import { FRAME_PREFIX_BYTES } from "../transports/frames.ts";
import { connectMemory } from "../testing/memory_channel.ts";
import { listenTcp } from "../transports/tcp.ts";
import { GuessLedger, MAX_GUESSES_PER_ADDRESS } from "./handshake/guesses.ts";
import {
  LEGACY_DENIAL,
  MAX_LEGACY_FRAME_BYTES,
  MAX_LEGACY_PAYLOAD_BYTES,
  receiveLegacy,
  serveLegacy,
  servesLegacy,
} from "./legacy.ts";
import {
  codeOf,
  connectAs,
  connectLoopback,
  connectLoopbackTo,
  outcomeOf,
  pause,
  queuedRandom,
  random,
  stretchOnce,
  waitUntil,
} from "../testing/protocol.ts";
import { newShare, receiveByHand, serveTo } from "../testing/shares.ts";
import {
  MemorySink,
  MemorySource,
  offerOf,
  payloadOf,
} from "../testing/payloads.ts";
import { interpose, passOn } from "../testing/interposed.ts";
import { MAX_TRANSFERS } from "./share.ts";
import { Semaphore } from "../waiting.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");
const PASSPHRASE = "mypassphrase";

const hex = (text: string): Bytes => Uint8Array.fromHex(text);
const json = (value: unknown): Bytes => utf8(JSON.stringify(value));
const parse = (frame: Bytes | null): unknown =>
  JSON.parse(new TextDecoder().decode(frame!));

type Vector = typeof vectors.cases[number];

/** The messages of a case's sender, and the answers of its receiver, as the original computed them. */
function messagesOf(v: Vector) {
  return {
    hello: { type: "HELLO", version: 1 },
    challenge: { type: "CHALLENGE", salt: v.auth_salt, nonce: v.auth_nonce },
    auth: { type: "AUTH", proof: v.proof },
    payload: {
      type: "PAYLOAD",
      salt: v.payload_salt,
      nonce: v.payload_nonce,
      ciphertext: v.ciphertext,
    },
    ack: { type: "ACK" },
  };
}

/** Serves the first receiver of a channel; "delivered", or the code of the error. */
async function serve(
  channel: Channel,
  payload: Bytes,
  options: {
    passphrase?: string;
    guesses?: GuessLedger;
    fillRandom?: typeof random;
    source?: MemorySource;
    confirmed?: () => void;
  } = {},
): Promise<string> {
  const {
    passphrase = PASSPHRASE,
    guesses = new GuessLedger(),
    fillRandom = random,
    source = new MemorySource(payload),
    confirmed = () => {},
  } = options;
  return await outcomeOf(channel, async () => {
    const hello = (await channel.receive())!;
    const offer = await offerOf(payload);
    await serveLegacy(channel, hello, offer, source, {
      passphrase,
      guesses,
      fillRandom,
      confirmed: () => {
        confirmed();
        return new Semaphore(1).acquire();
      },
    });
    return "delivered";
  });
}

async function receive(
  channel: Channel,
  passphrase = PASSPHRASE,
  sink = new MemorySink(),
): Promise<string> {
  return await outcomeOf(channel, async () => {
    await receiveLegacy(channel, passphrase, () => Promise.resolve(sink), NOW);
    return "stored";
  });
}

/**
 * Our receiver against a recorded sender.
 *
 * @param altered Fields of PAYLOAD that differ from the recording.
 * @returns The receiver's outcome, and its answer to PAYLOAD.
 */
async function receiveRecorded(
  v: Vector,
  sink: MemorySink,
  altered: Record<string, unknown> = {},
): Promise<[outcome: string, answer: unknown]> {
  const { hello, challenge, auth, payload } = messagesOf(v);
  const [sender, receiver] = connectMemory();
  const receiving = receive(receiver, v.passphrase, sink);
  assertEquals(parse(await sender.receive()), hello);
  await sender.send(json(challenge));
  assertEquals(parse(await sender.receive()), auth);
  await sender.send(json({ ...payload, ...altered }));
  const answer = await sender.receive();
  await sender[Symbol.asyncDispose]();
  return [await receiving, answer && parse(answer)];
}

// ---- against the original

for (const v of vectors.cases) {
  Deno.test(`serveLegacy() sends what the original sends, for the passphrase ${JSON.stringify(v.passphrase)}`, async () => {
    const { hello, challenge, auth, payload, ack } = messagesOf(v);
    const [sender, receiver] = connectMemory();
    const serving = serve(sender, utf8(v.plaintext), {
      passphrase: v.passphrase,
      fillRandom: queuedRandom(
        hex(v.auth_salt),
        hex(v.auth_nonce),
        hex(v.payload_salt),
        hex(v.payload_nonce),
      ),
    });
    await receiver.send(json(hello));
    assertEquals(parse(await receiver.receive()), challenge);
    await receiver.send(json(auth));
    receiver.maxFrameBytes = MAX_LEGACY_FRAME_BYTES;
    assertEquals(parse(await receiver.receive()), payload);
    await receiver.send(json(ack));
    assertEquals(await serving, "delivered");
    await receiver[Symbol.asyncDispose]();
  });

  Deno.test(`receiveLegacy() answers as the original and opens what it sealed, for the passphrase ${JSON.stringify(v.passphrase)}`, async () => {
    const sink = new MemorySink();
    assertEquals(await receiveRecorded(v, sink), ["stored", { type: "ACK" }]);
    assertEquals(sink.bytes, utf8(v.plaintext));
  });
}

/** The recorded TCP bytes of a message. */
function recorded(type: string): Bytes {
  const frame = vectors.lan_frames.find((each) => each.message.type === type)!;
  return hex(frame.frame_hex);
}

async function readFrame(conn: Deno.Conn): Promise<unknown> {
  const prefix = await readExactly(conn, FRAME_PREFIX_BYTES);
  const length = new DataView(prefix.buffer).getUint32(0);
  return parse(await readExactly(conn, length));
}

async function readExactly(conn: Deno.Conn, length: number): Promise<Bytes> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await conn.read(bytes.subarray(at));
    assert(count !== null);
    at += count;
  }
  return bytes;
}

function messageOf(type: string): unknown {
  return vectors.lan_frames.find((each) => each.message.type === type)!.message;
}

Deno.test("serveLegacy() understands the original's own bytes over TCP", async () => {
  const v = vectors.cases[0]!;
  using listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
  const accepting = listener[Symbol.asyncIterator]().next();
  using conn = await Deno.connect({ port: listener.port });
  const serving = serve((await accepting).value, utf8(v.plaintext), {
    passphrase: v.passphrase,
    fillRandom: queuedRandom(
      hex(v.auth_salt),
      hex(v.auth_nonce),
      hex(v.payload_salt),
      hex(v.payload_nonce),
    ),
  });
  await conn.write(recorded("HELLO"));
  assertEquals(await readFrame(conn), messageOf("CHALLENGE"));
  await conn.write(recorded("AUTH"));
  assertEquals(await readFrame(conn), messageOf("PAYLOAD"));
  await conn.write(recorded("ACK"));
  await conn.closeWrite();
  assertEquals(await serving, "delivered");
});

Deno.test("receiveLegacy() understands the original's own bytes over TCP, one at a time", async () => {
  const v = vectors.cases[0]!;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const channel = await connectLoopbackTo(listener.addr.port);
  using conn = await accepting;
  conn.setNoDelay();
  const sink = new MemorySink();
  const receiving = receive(channel, v.passphrase, sink);
  assertEquals(await readFrame(conn), messageOf("HELLO"));
  for (const byte of recorded("CHALLENGE")) {
    await conn.write(Uint8Array.of(byte));
  }
  assertEquals(await readFrame(conn), messageOf("AUTH"));
  for (const byte of recorded("PAYLOAD")) {
    await conn.write(Uint8Array.of(byte));
  }
  assertEquals(await readFrame(conn), messageOf("ACK"));
  await conn.closeWrite();
  assertEquals(await receiving, "stored");
  assertEquals(sink.bytes, utf8(v.plaintext));
});

Deno.test("receiveLegacy() understands the original's refusal", async () => {
  const [sender, receiver] = connectMemory();
  const receiving = receive(receiver);
  await sender.receive();
  await sender.send(recorded("DENIED").slice(FRAME_PREFIX_BYTES));
  assertEquals(await receiving, "PASSPHRASE_REFUSED");
  await sender[Symbol.asyncDispose]();
});

// ---- both our sides

for (
  const [transport, connect] of [
    ["memory", () => Promise.resolve(connectMemory())],
    ["TCP", connectLoopback],
  ] as const
) {
  Deno.test(`serveLegacy() and receiveLegacy() hand a payload over, over ${transport}`, async () => {
    const payload = payloadOf(300_000);
    const [sender, receiver] = await connect();
    const sink = new MemorySink();
    let confirmed = 0;
    assertEquals(
      await Promise.all([
        serve(sender, payload, { confirmed: () => confirmed++ }),
        receive(receiver, PASSPHRASE, sink),
      ]),
      ["delivered", "stored"],
    );
    assert(sink.bytes.toHex() === payload.toHex());
    assertEquals([sink.finished, confirmed], [1, 1]);
  });
}

Deno.test("receiveLegacy() makes an offer up from what arrived", async () => {
  const v = vectors.cases[0]!;
  const { challenge, payload, ack } = messagesOf(v);
  const [sender, receiver] = connectMemory();
  for (const message of [challenge, payload]) await sender.send(json(message));
  const accept = () => Promise.resolve(new MemorySink());
  assertEquals(await receiveLegacy(receiver, v.passphrase, accept, NOW), {
    ...await offerOf(utf8(v.plaintext)),
    name: "distillation.md",
    created: NOW.toISOString(),
  });
  for (let sent = 0; sent < 2; sent++) await sender.receive();
  assertEquals(parse(await sender.receive()), ack);
  await receiver[Symbol.asyncDispose]();
  await sender[Symbol.asyncDispose]();
});

Deno.test("receiveLegacy() writes only what is missing, when part is there already", async () => {
  const v = vectors.cases[0]!;
  const plaintext = utf8(v.plaintext);
  for (const offset of [1, plaintext.length - 1, plaintext.length]) {
    const sink = new MemorySink(plaintext.slice(0, offset));
    assertEquals((await receiveRecorded(v, sink))[0], "stored");
    assertEquals(sink.bytes, plaintext);
  }
});

Deno.test("serveLegacy() takes the passphrase as typed, composed and decomposed apart", async () => {
  const [sender, receiver] = connectMemory();
  assertEquals(
    await Promise.all([
      serve(sender, payloadOf(1), { passphrase: "caf\u00e9" }),
      receive(receiver, "cafe\u0301"),
    ]),
    ["PASSPHRASE_REFUSED", "PASSPHRASE_REFUSED"],
  );
});

// ---- refusals

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
  // Five at once: all have their challenge before the first proof is checked.
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

  // From now on the sender does not even send a challenge.
  const [sender, receiver] = connectAs("10.0.0.1");
  await receiver.send(json({ type: "HELLO", version: 1 }));
  assertEquals(await serve(sender, payload, { guesses }), "TOO_MANY_GUESSES");
  assertEquals(parse(await receiver.receive()), {
    type: "DENIED",
    reason: "too_many_failures",
  });
  await receiver[Symbol.asyncDispose]();
});

/** Sends a wrong proof that costs no stretching; returns the reason of the refusal. */
async function guess(channel: Channel): Promise<string> {
  await channel.send(json({ type: "HELLO", version: 1 }));
  await channel.receive();
  await channel.send(json({ type: "AUTH", proof: "00".repeat(32) }));
  const denied = parse(await channel.receive()) as { reason: string };
  await channel[Symbol.asyncDispose]();
  return denied.reason;
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
    receiveByHand(receiver, stretchOnce(PASSPHRASE)),
  ]);
  assertEquals(outcome, true);
});

/** The reason that the original would print. */
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
  await pause(30);
  assertEquals(source.active, MAX_TRANSFERS);
  gate.reject(new SpreadError("PAYLOAD_CHANGED", "It changed", ""));
  const ends = await Promise.all(served);
  assertEquals(ends, Array(count).fill("PAYLOAD_CHANGED"));
  assertEquals([source.mostActive, source.closed], [MAX_TRANSFERS, count]);
});

// ---- sizes

Deno.test("serveLegacy() and receiveLegacy() hand over the largest payload that fits, over TCP", async () => {
  const payload = payloadOf(MAX_LEGACY_PAYLOAD_BYTES);
  const [sender, receiver] = await connectLoopback();
  const sink = new MemorySink();
  assertEquals(
    await Promise.all([
      serve(sender, payload),
      receive(receiver, PASSPHRASE, sink),
    ]),
    ["delivered", "stored"],
  );
  assert(sink.bytes.every((byte, i) => byte === payload[i]));
});

Deno.test("MAX_LEGACY_PAYLOAD_BYTES is what fits into the original's largest frame, with the blanks that Python's json adds", () => {
  const frame = {
    type: "PAYLOAD",
    salt: "00".repeat(32),
    nonce: "00".repeat(12),
    ciphertext: "",
  };
  const blanks = 7; // after each of 4 colons and 3 commas
  const hexBytes = 2 * (MAX_LEGACY_PAYLOAD_BYTES + 16);
  assertEquals(
    json(frame).length + blanks + hexBytes,
    MAX_LEGACY_FRAME_BYTES,
  );
});

Deno.test("serveLegacy() refuses one byte more, in words, before it asks for a proof", async () => {
  const payload = new Uint8Array(MAX_LEGACY_PAYLOAD_BYTES + 1);
  const source = new MemorySource(payload);
  const [sender, receiver] = connectMemory();
  assertEquals(
    await Promise.all([
      serve(sender, payload, { source }),
      receive(receiver),
    ]),
    ["PAYLOAD_TOO_LARGE", "DECLINED"],
  );
  assertEquals(source.mostActive, 0);
});

Deno.test("receiveLegacy() takes large frames only once it has sent its proof", async () => {
  const { challenge } = messagesOf(vectors.cases[0]!);
  const cases: [isProofSent: boolean, bytes: number, code: string][] = [
    [false, 64 * 1024 + 1, "FRAME_TOO_LARGE"],
    [true, MAX_LEGACY_FRAME_BYTES, "BAD_MESSAGE"],
    [true, MAX_LEGACY_FRAME_BYTES + 1, "FRAME_TOO_LARGE"],
  ];
  for (const [isProofSent, bytes, code] of cases) {
    const [sender, receiver] = connectMemory();
    const receiving = receive(receiver);
    await sender.receive();
    if (isProofSent) {
      await sender.send(json(challenge));
      await sender.receive();
    }
    await sender.send(new Uint8Array(bytes));
    assertEquals(await receiving, code);
    await sender[Symbol.asyncDispose]();
  }
});

Deno.test("serveLegacy() never takes a large frame", async () => {
  const [sender, receiver] = connectMemory();
  const serving = serve(sender, payloadOf(1));
  await receiver.send(json({ type: "HELLO", version: 1 }));
  await receiver.receive();
  await receiver.send(new Uint8Array(64 * 1024 + 1));
  assertEquals(await serving, "FRAME_TOO_LARGE");
  await receiver[Symbol.asyncDispose]();
});

// ---- messages of another form

const OTHER_TYPES: unknown[] = [null, 7, [], undefined];

function variants(
  message: Record<string, unknown>,
  more: [field: string, value: unknown][],
): Bytes[] {
  const retyped = Object.keys(message).flatMap((field) =>
    OTHER_TYPES.map((value) => ({ ...message, [field]: value }))
  );
  const altered = more.map(([field, value]) => ({
    ...message,
    [field]: value,
  }));
  return [
    ...[...retyped, ...altered].map(json),
    ...["", "{", "null", "[]", '"x"', "1"].map(utf8),
    json([message]),
    Uint8Array.of(0x7b, 0xff, 0x7d),
  ];
}

const A_CHALLENGE = {
  type: "CHALLENGE",
  salt: "ab".repeat(32),
  nonce: "cd".repeat(16),
};

Deno.test("receiveLegacy() ends with BAD_MESSAGE, when the challenge is of another form", async () => {
  const bad = variants(A_CHALLENGE, [
    ["type", "challenge"],
    ["type", "PAYLOAD"],
    ["salt", "ab".repeat(31)],
    ["salt", "ab".repeat(33)],
    ["salt", "zz".repeat(32)],
    ["salt", " ".repeat(64)],
    ["salt", `${"ab".repeat(31)}a`],
    ["nonce", "cd".repeat(15)],
    ["nonce", "cd".repeat(17)],
    ["nonce", `${"cd".repeat(15)}\n\n`],
  ]);
  for (const frame of bad) {
    const [sender, receiver] = connectMemory();
    const receiving = receive(receiver);
    await sender.receive();
    await sender.send(frame);
    assertEquals(await receiving, "BAD_MESSAGE", frame.toHex());
    await sender[Symbol.asyncDispose]();
  }
});

Deno.test("receiveLegacy() ends with BAD_MESSAGE, when the payload is of another form", async () => {
  const { challenge, payload } = messagesOf(vectors.cases[0]!);
  const bad = variants(payload, [
    ["type", "payload"],
    ["salt", "ab".repeat(31)],
    ["nonce", "ab".repeat(11)],
    ["nonce", "ab".repeat(16)],
    ["ciphertext", ""],
    ["ciphertext", "ab".repeat(16)],
    ["ciphertext", `${payload.ciphertext}0`],
    ["ciphertext", `${payload.ciphertext}xx`],
  ]);
  await Promise.all(bad.map(async (frame) => {
    const [sender, receiver] = connectMemory();
    const receiving = receive(receiver);
    await sender.receive();
    await sender.send(json(challenge));
    await sender.receive();
    await sender.send(frame);
    assertEquals(await receiving, "BAD_MESSAGE", frame.toHex());
    await sender[Symbol.asyncDispose]();
  }));
});

Deno.test("serveLegacy() ends with BAD_MESSAGE and counts nothing, when HELLO or AUTH is of another form", async () => {
  const hello = { type: "HELLO", version: 1 };
  const auth = { type: "AUTH", proof: "00".repeat(32) };
  const bad: [before: Bytes[], frame: Bytes][] = [
    ...variants(hello, [["version", 2], ["version", "1"], ["type", "hello"]])
      .map((frame): [Bytes[], Bytes] => [[], frame]),
    ...variants(auth, [
      ["proof", "00".repeat(31)],
      ["proof", "00".repeat(33)],
      ["proof", "zz".repeat(32)],
      ["type", "HELLO"],
    ]).map((frame): [Bytes[], Bytes] => [[json(hello)], frame]),
  ];
  for (const [before, frame] of bad) {
    const [sender, receiver] = connectMemory();
    const guesses = new GuessLedger();
    const serving = serve(sender, payloadOf(1), { guesses });
    for (const each of before) await receiver.send(each);
    await receiver.send(frame);
    assertEquals(await serving, "BAD_MESSAGE", frame.toHex());
    assertEquals(guesses.total, 0);
    await receiver[Symbol.asyncDispose]();
  }
});

const ENDINGS: [name: string, frame: Bytes | null, code: string][] = [
  ["ACK", json({ type: "ACK" }), "delivered"],
  ["ACK with more to it", json({ type: "ACK", x: 1 }), "delivered"],
  ["nothing", null, "PEER_GONE"],
  ["another message", json({ type: "HELLO", version: 1 }), "BAD_MESSAGE"],
  ["no JSON", utf8("ACK"), "BAD_MESSAGE"],
];

for (const [name, frame, code] of ENDINGS) {
  Deno.test(`serveLegacy() ends with ${code}, when ${name} answers its payload`, async () => {
    const v = vectors.cases[0]!;
    const [sender, receiver] = connectMemory();
    const serving = serve(sender, payloadOf(10), {
      passphrase: v.passphrase,
      fillRandom: queuedRandom(
        hex(v.auth_salt),
        hex(v.auth_nonce),
        hex(v.payload_salt),
        hex(v.payload_nonce),
      ),
    });
    const { hello, auth } = messagesOf(v);
    await receiver.send(json(hello));
    await receiver.receive();
    await receiver.send(json(auth));
    await receiver.receive();
    if (frame !== null) await receiver.send(frame);
    await receiver[Symbol.asyncDispose]();
    assertEquals(await serving, code);
  });
}

Deno.test("receiveLegacy() does not acknowledge what could not be stored", async () => {
  const cannotStore = () => {
    throw new SpreadError("CANNOT_STORE", "Disk full", "");
  };
  const sinks = [
    new MemorySink(undefined, { before: cannotStore }),
    new MemorySink(undefined, { beforeFinish: cannotStore }),
  ];
  for (const sink of sinks) {
    assertEquals(
      await receiveRecorded(vectors.cases[0]!, sink),
      ["CANNOT_STORE", null],
    );
  }
});

Deno.test("serveLegacy() closes its source and sends nothing, when the source fails", async () => {
  const changed = new SpreadError("PAYLOAD_CHANGED", "It changed", "");
  const source = new MemorySource(payloadOf(200_000), {
    failAt: 100_000,
    failure: changed,
  });
  const [sender, receiver] = connectMemory();
  assertEquals(
    await Promise.all([
      serve(sender, source.payload, { source }),
      receive(receiver),
    ]),
    ["PAYLOAD_CHANGED", "PEER_GONE"],
  );
  assertEquals(source.closed, 1);
});

Deno.test("serveLegacy() and receiveLegacy() end with PEER_GONE, when the other side closes after any message", async () => {
  const { challenge, hello } = messagesOf(vectors.cases[0]!);
  for (const sent of [[], [challenge]]) {
    const [sender, receiver] = connectMemory();
    for (const message of sent) await sender.send(json(message));
    const receiving = receive(receiver);
    for (let i = 0; i <= sent.length; i++) await sender.receive();
    await sender[Symbol.asyncDispose]();
    assertEquals(await receiving, "PEER_GONE");
  }
  const [sender, receiver] = connectMemory();
  await receiver.send(json(hello));
  const serving = serve(sender, payloadOf(1));
  await receiver.receive();
  await receiver[Symbol.asyncDispose]();
  assertEquals(await serving, "PEER_GONE");
});
