/**
 * A share amid crowds, strangers and noise: it must stay up, bounded, and serve every
 * rightful receiver.
 */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../bytes.ts";
import type { SpreadErrorCode } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import { encodeHello, NONCE_BYTES, PROOF } from "./handshake/messages.ts";
import {
  codeOf,
  connectAs,
  connectLoopbackTo,
  stretchOnce,
  waitUntil,
} from "../testing/protocol.ts";
import {
  newShare,
  receiveByHand,
  serveOverTcp,
  serveTo,
  type Serving,
} from "../testing/shares.ts";
import { MemorySource, payloadOf } from "../testing/payloads.ts";
import {
  MAX_TRANSFERS,
  MAX_UNCONFIRMED,
  MAX_UNCONFIRMED_PER_ADDRESS,
  type Share,
} from "./share.ts";

const PASSPHRASE = "walnut-orbit-cactus-fable";
const PAYLOAD = payloadOf(100_000);

/** Fails unless the share still serves a receiver with the right passphrase. */
async function assertStillServes(share: Share): Promise<void> {
  const [sender, receiver] = connectAs("192.168.0.1");
  const [isDelivered] = await Promise.all([
    serveTo(share, sender),
    receiveByHand(receiver, stretchOnce(PASSPHRASE)),
  ]);
  assertEquals(isDelivered, true);
}

Deno.test("serve() serves 200 receivers that come at once over TCP", async () => {
  const source = new MemorySource(PAYLOAD);
  const share = await newShare(PASSPHRASE, source);
  const stretch = stretchOnce(PASSPHRASE);
  await using serving = serveOverTcp(share);
  const received = await Promise.all(Array.from({ length: 200 }, async () => {
    return receiveByHand(await connectLoopbackTo(serving.port), stretch);
  }));
  const whole = PAYLOAD.toHex();
  for (const bytes of received) {
    assert(bytes instanceof Uint8Array && bytes.toHex() === whole, `${bytes}`);
  }
  assertEquals(await serving.outcomes(200), Array(200).fill(true));
  assert(source.mostActive <= MAX_TRANSFERS);
});

// ---- strangers

const STRANGERS: [name: string, bytes: Bytes, code: SpreadErrorCode][] = [
  ["a prefix of 4 GiB", Uint8Array.fromHex("ffffffff"), "FRAME_TOO_LARGE"],
  [
    "a prefix of 64 KiB and a byte",
    Uint8Array.fromHex("00010001"),
    "FRAME_TOO_LARGE",
  ],
  ["HTTP", utf8("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "FRAME_TOO_LARGE"],
  ["TLS", Uint8Array.fromHex("16030100c8010000c40303"), "FRAME_TOO_LARGE"],
  ["SSH", utf8("SSH-2.0-OpenSSH_9.6\r\n"), "FRAME_TOO_LARGE"],
  ["an empty frame", new Uint8Array(4), "BAD_MESSAGE"],
  ["part of a prefix", new Uint8Array(3), "PEER_GONE"],
  ["zeros", new Uint8Array(100_000), "BAD_MESSAGE"],
];

Deno.test("serve() ends with an error, when a stranger connects, and still serves others", async () => {
  const share = await newShare(PASSPHRASE);
  await using serving = serveOverTcp(share);
  for (const [i, [name, bytes, code]] of STRANGERS.entries()) {
    const conn = await Deno.connect({ port: serving.port });
    await conn.write(bytes);
    conn.close();
    assertEquals((await serving.outcomes(i + 1)).at(-1), code, name);
  }
  await assertStillServes(share);
});

// ---- noise

/** Noise that is the same in every run, so that a failure can be reproduced. */
class Noise {
  #state = 0x9e3779b9;

  /** An integer from 0 to `below` − 1. */
  next(below: number): number {
    // xorshift32
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  bytes(length: number): Bytes {
    return Uint8Array.from({ length }, () => this.next(256));
  }

  /** A frame: of any form, nearly right, or right up to a point. */
  frame(): Bytes {
    switch (this.next(6)) {
      case 0:
        return encodeHello("typed", this.bytes(NONCE_BYTES));
      case 1:
        return concatBytes(
          Uint8Array.of(1, this.next(4)),
          this.bytes(this.next(20)),
        );
      case 2:
        return concatBytes(
          Uint8Array.of(this.next(8)),
          this.bytes(this.next(80)),
        );
      case 3:
        return utf8(
          [
            '{"type":"HELLO","version":1}',
            "{",
            '{"type":"AUTH"}',
          ][this.next(3)]!,
        );
      case 4:
        return utf8(
          `{"type":"AUTH","proof":"${this.bytes(this.next(33)).toHex()}`,
        );
      default:
        return this.bytes(this.next(200));
    }
  }
}

/** A well-formed proof is a guess, which has its own limit; the noise sends none. */
function isGuess(frame: Bytes): boolean {
  return frame[0] === PROOF && frame.length === 65;
}

/** Sends noise until the share hangs up. */
async function makeNoise(
  channel: Channel,
  noise: Noise,
  frames: number,
): Promise<void> {
  try {
    for (let i = 0; i < frames; i++) {
      const frame = noise.frame();
      if (!isGuess(frame)) await channel.send(frame);
    }
  } catch (error) {
    assertEquals(codeOf(error), "PEER_GONE");
  }
  await channel[Symbol.asyncDispose]();
}

const NOISE_ENDS = ["BAD_MESSAGE", "PEER_GONE", "LEGACY_PEER"];

for (const legacy of [false, true]) {
  Deno.test(`serve() survives ten thousand frames of noise, ${legacy ? "with" : "without"} protocol 1`, async () => {
    const share = await newShare(PASSPHRASE, undefined, { legacy });
    const noise = new Noise();
    const ends = new Set<unknown>();
    for (let round = 0; round < 25; round++) {
      await Promise.all(Array.from({ length: 50 }, async () => {
        const [sender, visitor] = connectAs("10.0.0.1");
        const serving = serveTo(share, sender);
        await makeNoise(visitor, noise, 8);
        ends.add(await serving);
      }));
    }
    for (const end of ends) {
      assert(NOISE_ENDS.includes(end as string), `ended with ${end}`);
    }
    assertEquals(share.guesses.total, 0);
    await assertStillServes(share);
  });
}

Deno.test("serve() survives noise on raw TCP connections", async () => {
  const share = await newShare(PASSPHRASE);
  await using serving = serveOverTcp(share);
  const noise = new Noise();
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 20 }, () => shout(serving, noise)));
  }
  for (const end of await serving.outcomes(200)) {
    const ends = [...NOISE_ENDS, "FRAME_TOO_LARGE", "false"];
    assert(ends.includes(`${end}`), `ended with ${end}`);
  }
  await assertStillServes(share);
});

async function shout(serving: Serving, noise: Noise): Promise<void> {
  using conn = await Deno.connect({ port: serving.port });
  try {
    for (let i = noise.next(10); i > 0; i--) {
      const bytes = noise.bytes(noise.next(300));
      // Every other time with a correct length, so that a frame arrives.
      const isFrame = noise.next(2) === 0;
      const prefix = Uint8Array.of(0, 0, bytes.length >> 8, bytes.length);
      await conn.write(isFrame ? concatBytes(prefix, bytes) : bytes);
    }
  } catch {
    // The share hung up.
  }
}

// ---- too many at once

/** Visitors that say nothing, `count` from each of these addresses. */
function visitors(share: Share, addresses: string[], count: number) {
  const silent: Channel[] = [];
  const served = addresses.flatMap((address) =>
    Array.from({ length: count }, () => {
      const [sender, visitor] = connectAs(address);
      silent.push(visitor);
      return serveTo(share, sender);
    })
  );
  return {
    served: Promise.all(served),
    leave: () =>
      Promise.all(silent.map((visitor) => visitor[Symbol.asyncDispose]())),
  };
}

/** The answer to a HELLO from this address: REFUSAL in hex, or "CHALLENGE". */
async function knock(share: Share, address: string): Promise<string> {
  const [sender, receiver] = connectAs(address);
  const serving = serveTo(share, sender);
  await receiver.send(encodeHello("typed", new Uint8Array(NONCE_BYTES)));
  const answer = (await receiver.receive())!;
  await receiver[Symbol.asyncDispose]();
  const isRefused = answer.length === 2;
  assertEquals(await serving, isRefused ? "PEER_BUSY" : "PEER_GONE");
  return isRefused ? answer.toHex() : "CHALLENGE";
}

const BUSY = "0503";

Deno.test("serve() refuses a 257th silent visitor from one address and nobody else", async () => {
  const share = await newShare(PASSPHRASE);
  const crowd = visitors(share, ["10.0.0.1"], MAX_UNCONFIRMED_PER_ADDRESS);
  assertEquals(await knock(share, "10.0.0.1"), BUSY);
  await assertStillServes(share);
  await crowd.leave();
  assertEquals(
    await crowd.served,
    Array(MAX_UNCONFIRMED_PER_ADDRESS).fill(false),
  );
  assertEquals(await knock(share, "10.0.0.1"), "CHALLENGE");
});

Deno.test("serve() takes the last visitor within the limit", async () => {
  const share = await newShare(PASSPHRASE);
  const crowd = visitors(share, ["10.0.0.1"], MAX_UNCONFIRMED_PER_ADDRESS - 1);
  assertEquals(await knock(share, "10.0.0.1"), "CHALLENGE");
  await crowd.leave();
  await crowd.served;
});

Deno.test("serve() refuses everyone, while 1024 visitors say nothing", async () => {
  const share = await newShare(PASSPHRASE);
  const addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
  const crowd = visitors(share, addresses, MAX_UNCONFIRMED / addresses.length);
  assertEquals(await knock(share, "10.0.0.5"), BUSY);
  await crowd.leave();
  await crowd.served;
  await assertStillServes(share);
});

Deno.test("serve() does not count confirmed receivers among the visitors", async () => {
  const gate = Promise.withResolvers<void>();
  const source = new MemorySource(PAYLOAD, { before: () => gate.promise });
  const share = await newShare(PASSPHRASE, source);
  const stretch = stretchOnce(PASSPHRASE);
  const pairs = Array.from(
    { length: MAX_TRANSFERS + 4 },
    () => connectAs("10.0.0.1"),
  );
  let confirmed = 0;
  const served = pairs.map(([sender]) =>
    serveTo(share, sender, { confirmed: () => confirmed++ })
  );
  const received = pairs.map(([, channel]) => receiveByHand(channel, stretch));
  await waitUntil(() => confirmed === pairs.length);

  const crowd = visitors(share, ["10.0.0.1"], MAX_UNCONFIRMED_PER_ADDRESS - 1);
  assertEquals(await knock(share, "10.0.0.1"), "CHALLENGE");
  await crowd.leave();
  await crowd.served;
  gate.resolve();
  assertEquals(await Promise.all(served), Array(pairs.length).fill(true));
  await Promise.all(received);
});
