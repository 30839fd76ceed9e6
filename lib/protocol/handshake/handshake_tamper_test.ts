/** A man in the middle who changes one byte of the handshake, or cuts the connection after one. */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import { scalarMultVfy } from "../../crypto/cpace.ts";
import type { Channel } from "../../transports/channel.ts";
import { FRAME_PREFIX_BYTES, writeFrame } from "../../transports/frames.ts";
import { listenTcp } from "../../transports/tcp.ts";
import { handshakeAsReceiver } from "./receiver.ts";
import {
  CHALLENGE,
  encodeChallenge,
  HELLO,
  NONCE_BYTES,
  PROOF,
} from "./messages.ts";
import {
  connectLoopbackTo,
  outcomeOf,
  random,
  SALT,
  senderSecrets,
} from "../../testing/protocol.ts";
import {
  flip,
  interpose,
  type Interposed,
  passOn,
  type Rewrite,
  type Way,
} from "../../testing/interposed.ts";
import {
  answerHello,
  HELLO_FRAME,
  PASSPHRASE,
  VALID_ELEMENT,
  WRONG_WORDS,
} from "../../testing/handshake.ts";
import { forEach } from "../../testing/for_each.ts";
import { writeAll } from "../../testing/streams.ts";
import type { SecureChannel } from "../secure_channel.ts";

const SECRET = utf8("the offer's name is a secret too");

/** Handshakes at a time: enough for every core, and bounded. */
const AT_A_TIME = 8;

/** Outcome of both sides, and the frames on the wire. */
interface Run {
  sender: string;
  receiver: string;
  guesses: number;
  seen: Interposed["seen"];
}

/** Both sides with a man in the middle; a confirmed sender goes on at once with a record. */
async function runThrough(
  rewrite: Rewrite,
): Promise<Run> {
  await using middle = interpose(rewrite);
  const secrets = senderSecrets(PASSPHRASE);
  const [sender, receiver] = await Promise.all([
    outcomeOf(middle.sender, () => serve(middle.sender)),
    outcomeOf(middle.receiver, () => receive(middle.receiver)),
  ]);
  return {
    sender,
    receiver,
    guesses: secrets.guesses.total,
    seen: middle.seen,
  };

  async function serve(channel: Channel): Promise<"confirmed"> {
    const hello = (await channel.receive())!;
    await using secure = await answerHello(channel, hello, secrets);
    // A receiver that refused may be gone before it arrives.
    await secure.send(0x10, SECRET).catch(() => {});
    return "confirmed";
  }
}

async function receive(
  channel: Channel,
): Promise<"confirmed"> {
  await using secure = await prove(channel);
  assertEquals((await secure.receive()).body, SECRET);
  return "confirmed";
}

function prove(channel: Channel): Promise<SecureChannel> {
  return handshakeAsReceiver(channel, {
    secret: PASSPHRASE,
    roomCode: "",
    fillRandom: random,
  });
}

/** The four messages: direction, index of the frame in that direction, and length. */
const MESSAGES = {
  M1: { way: "toSender", index: 0, length: 19 },
  M2: { way: "toReceiver", index: 0, length: 66 },
  M3: { way: "toSender", index: 1, length: 65 },
  M4: { way: "toReceiver", index: 1, length: 33 },
} as const;

type Message = keyof typeof MESSAGES;

/** Changes one message on its way and nothing else. */
function changing(
  message: Message,
  change: (frame: Bytes) => Bytes,
): Rewrite {
  const { way, index } = MESSAGES[message];
  return (
    aWay: Way,
    anIndex: number,
    frame: Bytes,
  ) => [aWay === way && anIndex === index ? change(frame) : frame];
}

/** Expected outcomes of both sides when byte `at` of a message is changed. */
function expectedEnds(
  message: Message,
  at: number,
  run: Run,
): [sender: string, receiver: string] {
  const refused: [string, string] = [
    "PASSPHRASE_REFUSED",
    "PASSPHRASE_REFUSED",
  ];
  switch (message) {
    case "M1":
      if (at === 0) return ["BAD_MESSAGE", "PEER_GONE"];
      if (at === 1) return ["BAD_MESSAGE", "BAD_MESSAGE"];
      // A kind that does not exist.
      if (at === 2) return ["SECRET_MISMATCH", "SECRET_MISMATCH"];
      return refused;
    case "M2": {
      const role = 1 + 16 + 32;
      if (at === 0 || at === role) return ["PEER_GONE", "BAD_MESSAGE"];
      // Not every change of a share yields a valid share; an invalid one reveals nothing
      // secret.
      const share = flip(run.seen.toReceiver[0]!, at).slice(17, 49);
      return scalarMultVfy(1n, share) === null
        ? ["PEER_GONE", "BAD_MESSAGE"]
        : refused;
    }
    case "M3":
      return at === 0 ? ["BAD_MESSAGE", "PASSPHRASE_REFUSED"] : refused;
    case "M4":
      return ["confirmed", "PASSPHRASE_REFUSED"];
  }
}

for (const message of Object.keys(MESSAGES) as Message[]) {
  Deno.test(`handshake is not confirmed, when any one byte of ${message} is changed`, async () => {
    const places = Array.from(
      { length: MESSAGES[message].length },
      (_, at) => at,
    );
    await forEach(places, async (at) => {
      const run = await runThrough(
        changing(message, (frame) => {
          assertEquals(frame.length, MESSAGES[message].length);
          return flip(frame, at);
        }),
      );
      assertEquals(
        [run.sender, run.receiver],
        expectedEnds(message, at, run),
        `byte ${at}`,
      );
      assertOnlyHandshake(run);
    }, AT_A_TIME);
  });

  Deno.test(`handshake is not confirmed, when ${message} is cut or extended by one byte, or empty`, async () => {
    const changes: ((frame: Bytes) => Bytes)[] = [
      (frame) => frame.slice(0, -1),
      (frame) => concatBytes(frame, Uint8Array.of(0)),
      () => new Uint8Array(0),
    ];
    await forEach(changes, async (change) => {
      const run = await runThrough(changing(message, change));
      const [sender, receiver] = expectedEnds(message, 0, run);
      assertEquals([run.sender, run.receiver], [sender, receiver]);
      assertEquals(run.guesses, 0);
      assertOnlyHandshake(run);
    }, AT_A_TIME);
  });

  Deno.test(`handshake takes no message twice, when ${message} is repeated`, async () => {
    const { way, index } = MESSAGES[message];
    const run = await runThrough((aWay, anIndex, frame) =>
      aWay === way && anIndex === index ? [frame, frame] : [frame]
    );
    // The copy stands where the next message in that direction is due, and that of M2 comes
    // before its time; after M4 it is a false record.
    const ends = {
      M1: "PEER_GONE",
      M2: "BAD_MESSAGE",
      M3: "confirmed",
      M4: "RECORD_REFUSED",
    };
    assertEquals(run.receiver, ends[message]);
  });
}

/** Before the sender is sure of its peer, nothing but CHALLENGE and REFUSAL may leave it. */
function assertOnlyHandshake(run: Run): void {
  const [challenge, ...rest] = run.seen.toReceiver;
  if (challenge !== undefined && challenge.length > 2) {
    assertEquals([challenge[0], challenge.length], [CHALLENGE, 66]);
  }
  if (run.sender !== "confirmed") {
    for (const frame of rest) assertEquals(frame.toHex(), "0501");
  }
  const wire = new TextDecoder("latin1").decode(
    concatBytes(...run.seen.toReceiver),
  );
  assert(!wire.includes("secret"));
}

Deno.test("handshake gives a man in the middle who runs it with each side one guess at each, and no key", async () => {
  // The attacker answers the receiver as a sender would, and the sender as a receiver
  // would.
  const [guess, secrets] = [WRONG_WORDS, senderSecrets(PASSPHRASE)];
  const wrong = senderSecrets(guess, { salt: new Uint8Array(16).fill(1) });
  await using left = interpose(passOn);
  await using right = interpose(passOn);
  const ends = await Promise.all([
    outcomeOf(
      left.sender,
      async () =>
        answerHello(left.sender, (await left.sender.receive())!, secrets),
    ),
    outcomeOf(left.receiver, () =>
      handshakeAsReceiver(left.receiver, {
        secret: guess,
        roomCode: "",
        fillRandom: random,
      })),
    outcomeOf(
      right.sender,
      async () =>
        answerHello(right.sender, (await right.sender.receive())!, wrong),
    ),
    outcomeOf(right.receiver, () => receive(right.receiver)),
  ]);
  assertEquals(ends, Array(4).fill("PASSPHRASE_REFUSED"));
  assertEquals(secrets.guesses.total, 1);
});

// ---- a connection that ends after any byte, over TCP

const CHALLENGE_FRAME = encodeChallenge({
  nonce: new Uint8Array(NONCE_BYTES),
  share: VALID_ELEMENT,
  salt: SALT,
});

/** The bytes of a frame as TCP carries it. */
function onWire(frame: Bytes): Bytes {
  return writeFrame(new Uint8Array(frame.length + FRAME_PREFIX_BYTES), [frame]);
}

/** Every beginning of the frame, from nothing to all of it. */
function beginningsOf(frame: Bytes): Bytes[] {
  const wire = onWire(frame);
  return Array.from(
    { length: wire.length + 1 },
    (_, length) => wire.slice(0, length),
  );
}

/** Reads one frame of this length off a raw connection. */
async function readFrame(conn: Deno.Conn, length: number): Promise<Bytes> {
  const wire = new Uint8Array(FRAME_PREFIX_BYTES + length);
  for (let at = 0; at < wire.length;) {
    const count = await conn.read(wire.subarray(at));
    assert(count !== null, "the other side closed early");
    at += count;
  }
  return wire.slice(FRAME_PREFIX_BYTES);
}

/** The sender's outcome when `script` plays the receiver on a raw connection. */
async function serveRaw(
  script: (conn: Deno.Conn) => Promise<void>,
): Promise<[outcome: string, guesses: number]> {
  using listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
  const accepting = listener[Symbol.asyncIterator]().next();
  const conn = await Deno.connect({ port: listener.port });
  const channel: Channel = (await accepting).value;
  const secrets = senderSecrets(PASSPHRASE);
  const serving = outcomeOf(channel, async () => {
    const hello = await channel.receive();
    if (hello === null) return "nothing asked";
    await using _secure = await answerHello(channel, hello, secrets);
    return "confirmed";
  });
  await script(conn);
  conn.close();
  return [await serving, secrets.guesses.total];
}

/** The receiver's outcome when `script` plays the sender on a raw connection. */
async function receiveRaw(
  script: (conn: Deno.Conn) => Promise<void>,
): Promise<string> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const channel = await connectLoopbackTo(listener.addr.port);
  using conn = await accepting;
  const receiving = outcomeOf(channel, () => receive(channel));
  await script(conn);
  await conn.closeWrite();
  return await receiving;
}

Deno.test("handshakeAsSender() ends with PEER_GONE, when the receiver closes after any byte of HELLO", async () => {
  const beginnings = beginningsOf(HELLO_FRAME);
  await forEach(beginnings, async (bytes) => {
    assertEquals(
      await serveRaw((conn) => writeAll(conn, bytes)),
      [bytes.length === 0 ? "nothing asked" : "PEER_GONE", 0],
    );
  }, AT_A_TIME);
});

Deno.test("handshakeAsSender() ends with PEER_GONE, when the receiver closes after any byte of PROOF", async () => {
  const proof = concatBytes(Uint8Array.of(PROOF), new Uint8Array(64));
  await forEach(beginningsOf(proof), async (bytes) => {
    const isWhole = bytes.length === proof.length + FRAME_PREFIX_BYTES;
    assertEquals(
      await serveRaw(async (conn) => {
        await writeAll(conn, onWire(HELLO_FRAME));
        await readFrame(conn, MESSAGES.M2.length);
        await writeAll(conn, bytes);
      }),
      isWhole ? ["PASSPHRASE_REFUSED", 1] : ["PEER_GONE", 0],
    );
  }, AT_A_TIME);
});

Deno.test("handshakeAsReceiver() ends with PEER_GONE, when the sender closes after any byte of CHALLENGE", async () => {
  await forEach(beginningsOf(CHALLENGE_FRAME), async (bytes) => {
    assertEquals(
      await receiveRaw(async (conn) => {
        assertEquals((await readFrame(conn, MESSAGES.M1.length))[0], HELLO);
        await writeAll(conn, bytes);
      }),
      "PEER_GONE",
    );
  }, AT_A_TIME);
});

Deno.test("handshakeAsReceiver() ends with PASSPHRASE_REFUSED, when the sender closes after any byte of CONFIRMATION", async () => {
  // The real sender's messages, the last one cut.
  const lengths = Array.from(
    { length: onWire(new Uint8Array(33)).length + 1 },
    (_, length) => length,
  );
  await forEach(lengths, async (length) => {
    await using middle = interpose(passOn);
    const { sender, receiver } = middle;
    const secrets = senderSecrets(PASSPHRASE);
    const confirming = outcomeOf(sender, async () => {
      const hello = (await sender.receive())!;
      await using _secure = await answerHello(sender, hello, secrets);
    });
    const ended = await receiveRaw(async (conn) => {
      await receiver.send(await readFrame(conn, MESSAGES.M1.length));
      await writeAll(conn, onWire((await receiver.receive())!));
      await receiver.send(await readFrame(conn, MESSAGES.M3.length));
      const confirmation = onWire((await receiver.receive())!);
      await writeAll(conn, confirmation.slice(0, length));
    });
    const isWhole = length === lengths.at(-1);
    // With all of it there, the receiver is confirmed and then misses the first record.
    assertEquals(ended, isWhole ? "PEER_GONE" : "PASSPHRASE_REFUSED");
    await confirming;
  }, AT_A_TIME);
});
