/**
 * A share amid crowds, strangers and noise: it must stay up, bounded, and serve every
 * rightful receiver.
 */

import { assert, assertEquals } from "@std/assert";
import { SHARE_LIMITS } from "../admission/admission.ts";
import { type Bytes, concatBytes, utf8 } from "../bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import {
  CONFIRMATION,
  encodeHello,
  NONCE_BYTES,
  PROOF,
} from "./handshake/messages.ts";
import { handshakeAsReceiver } from "./handshake/receiver.ts";
import { PASSPHRASE } from "../testing/handshake.ts";
import {
  codeOf,
  connectAs,
  connectLoopbackTo,
  PATIENCE_MS,
  random,
  waitUntil,
  within,
} from "../testing/protocol.ts";
import {
  newShare,
  receiveByHand,
  serveOverTcp,
  serveTo,
  type Serving,
} from "../testing/shares.ts";
import { MemorySource, payloadOf } from "../testing/payloads.ts";
import { MAX_TRANSFERS, type Share } from "./share.ts";

const PAYLOAD = payloadOf(100_000);

/** Fails unless the share still serves a receiver with the right passphrase. */
async function assertStillServes(share: Share): Promise<void> {
  const [sender, receiver] = connectAs("192.168.0.1");
  const [isDelivered] = await Promise.all([
    serveTo(share, sender),
    receiveByHand(receiver, PASSPHRASE),
  ]);
  assertEquals(isDelivered, true);
}

/** Receivers that come at once: several for each transfer that may run. */
const CROWD = 4 * MAX_TRANSFERS;

Deno.test(`serve() serves ${CROWD} receivers that come at once over TCP`, async () => {
  const source = new MemorySource(PAYLOAD);
  const share = await newShare(PASSPHRASE, source);
  await using serving = serveOverTcp(share);
  const received = await Promise.all(Array.from({ length: CROWD }, async () => {
    return receiveByHand(await connectLoopbackTo(serving.port), PASSPHRASE);
  }));
  const whole = PAYLOAD.toHex();
  for (const bytes of received) {
    assert(bytes instanceof Uint8Array && bytes.toHex() === whole, `${bytes}`);
  }
  assertEquals(await serving.outcomes(CROWD), Array(CROWD).fill(true));
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
    switch (this.next(12)) {
      case 0:
        return encodeHello("words", this.bytes(NONCE_BYTES));
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

/** Sends noise until the share hangs up: at most these frames. */
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

const NOISE_ENDS = [
  "BAD_MESSAGE",
  "PEER_GONE",
  "LEGACY_PEER",
  "FRAME_TOO_LARGE",
  "SECRET_MISMATCH",
  // It sent nothing at all.
  "false",
];

/** Visits of noise: each of its twelve forms comes more than a hundred times. */
const VISITS = 1_000;

for (const legacy of [false, true]) {
  Deno.test(`serve() survives ${VISITS} random first frames, ${legacy ? "with" : "without"} protocol 1`, async () => {
    const share = await newShare(PASSPHRASE, undefined, { legacy });
    const noise = new Noise();
    const ends = new Set<unknown>();
    for (let round = 0; round < VISITS / 200; round++) {
      await Promise.all(Array.from({ length: 200 }, async () => {
        const [sender, receiver] = connectAs("10.0.0.1");
        const serving = serveTo(share, sender);
        // Every other one goes on after its first frame.
        await makeNoise(receiver, noise, 1 + noise.next(2));
        ends.add(await serving);
      }));
    }
    for (const end of ends) {
      assert(NOISE_ENDS.includes(`${end}`), `ended with ${end}`);
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
    assert(NOISE_ENDS.includes(`${end}`), `ended with ${end}`);
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

/** Opens `count` connections from each address, which say nothing. */
function connectSilently(share: Share, addresses: string[], count: number) {
  const silent: Channel[] = [];
  const served = addresses.flatMap((address) =>
    Array.from({ length: count }, () => {
      const [sender, receiver] = connectAs(address);
      silent.push(receiver);
      return serveTo(share, sender);
    })
  );
  return {
    served: Promise.all(served),
    leave: () =>
      Promise.all(silent.map((receiver) => receiver[Symbol.asyncDispose]())),
  };
}

/** Whether a HELLO from this address is answered by CHALLENGE; otherwise it gets REFUSAL 3. */
async function isHeard(share: Share, address: string): Promise<boolean> {
  const [sender, receiver] = connectAs(address);
  const serving = serveTo(share, sender);
  await receiver.send(encodeHello("words", new Uint8Array(NONCE_BYTES)));
  const answer = (await receiver.receive())!;
  await receiver[Symbol.asyncDispose]();
  const isRefused = answer.toHex() === "0503";
  assertEquals(await serving, isRefused ? "PEER_BUSY" : "PEER_GONE");
  return !isRefused;
}

const { total: TOTAL, perKey: PER_KEY } = SHARE_LIMITS;

/** Closes silent connections; returns how many of them had been evicted. */
async function countEvicted(
  crowd: ReturnType<typeof connectSilently>,
): Promise<number> {
  await crowd.leave();
  const ends = await crowd.served;
  assertEquals(new Set(ends).difference(new Set([false, "PEER_BUSY"])).size, 0);
  return ends.filter((end) => end === "PEER_BUSY").length;
}

Deno.test("serve() does not evict a receiver that has proved the passphrase, before that has heard of it", async () => {
  const share = await newShare(PASSPHRASE);
  const [sender, receiver] = connectAs("10.0.0.1");
  const send = sender.send.bind(sender);
  let crowd: ReturnType<typeof connectSilently> | undefined;
  sender.send = (...parts) => {
    // It is the oldest of the network, which becomes full.
    const isLast = parts[0]![0] === CONFIRMATION;
    if (isLast) crowd ??= connectSilently(share, ["10.0.0.1"], PER_KEY);
    return send(...parts);
  };
  const [isDelivered] = await Promise.all([
    serveTo(share, sender),
    receiveByHand(receiver, PASSPHRASE),
  ]);
  assertEquals(isDelivered, true);
  assertEquals(await countEvicted(crowd!), 1);
});

Deno.test("serve() evicts a receiver that computes its proof, and that hears that the share is busy", async () => {
  const share = await newShare(PASSPHRASE);
  const [sender, receiver] = connectAs("10.0.0.1");
  let crowd: ReturnType<typeof connectSilently> | undefined;
  const serving = serveTo(share, sender);
  let draws = 0;
  const code = await handshakeAsReceiver(receiver, {
    secret: PASSPHRASE,
    roomCode: "",
    fillRandom: (bytes) => {
      // The first time for M1, the second time after M2.
      if (++draws === 2) crowd = connectSilently(share, ["10.0.0.1"], PER_KEY);
      return random(bytes);
    },
  }).catch(codeOf);
  assertEquals([code, await serving], ["PEER_BUSY", "PEER_BUSY"]);
  assertEquals(share.guesses.total, 0);
  assertEquals(await countEvicted(crowd!), 0);
});

Deno.test("serve() takes as many silent connections of one address as fit, and evicts the oldest for the next", async () => {
  const share = await newShare(PASSPHRASE);
  const crowd = connectSilently(share, ["10.0.0.1"], PER_KEY);
  assertEquals(await isHeard(share, "10.0.0.1"), true);
  assertEquals(await isHeard(share, "10.0.0.1"), true);
  await assertStillServes(share);
  // The second one took the place that the first one had left.
  assertEquals(await countEvicted(crowd), 1);
});

Deno.test("serve() counts the addresses of one /64 as one", async () => {
  const share = await newShare(PASSPHRASE);
  const network = Array.from({ length: 5 }, (_, i) => `2001:db8::${i}`);
  const crowd = connectSilently(share, network, PER_KEY / 4);
  await assertStillServes(share);
  assertEquals(await countEvicted(crowd), PER_KEY / 4);
});

Deno.test("serve() serves a receiver at once, while five addresses hold 256 silent connections each", async () => {
  const share = await newShare(PASSPHRASE);
  const addresses = [1, 2, 3, 4, 5].map((host) => `10.0.0.${host}`);
  const crowd = connectSilently(share, addresses, PER_KEY);
  await assertStillServes(share);
  assertEquals(
    await countEvicted(crowd),
    addresses.length * PER_KEY - TOTAL + 1,
  );
});

Deno.test("serve() evicts no confirmed receiver, however many connections come", async () => {
  const gate = Promise.withResolvers<void>();
  const source = new MemorySource(PAYLOAD, { before: () => gate.promise });
  const share = await newShare(PASSPHRASE, source);
  const pairs = Array.from(
    { length: MAX_TRANSFERS + 4 },
    () => connectAs("10.0.0.1"),
  );
  let confirmed = 0;
  const served = pairs.map(([sender]) =>
    serveTo(share, sender, { confirmed: () => confirmed++ })
  );
  const received = pairs.map(([, channel]) =>
    receiveByHand(channel, PASSPHRASE)
  );
  await waitUntil(() => confirmed === pairs.length);

  const crowd = connectSilently(share, ["10.0.0.1"], 2 * PER_KEY);
  assertEquals(await isHeard(share, "10.0.0.1"), true);
  // They count, though: fewer connections have a place beside them.
  assertEquals(await countEvicted(crowd), PER_KEY + pairs.length + 1);
  gate.resolve();
  assertEquals(await Promise.all(served), Array(pairs.length).fill(true));
  await Promise.all(received);
});

// Breaks when a refusal waits for a network that takes nothing: the share would never end.
Deno.test("serve() gives up a receiver that it has no place for, when the network takes nothing", async () => {
  const share = await newShare(PASSPHRASE);
  await share.close(new SpreadError("INTERRUPTED", "Stopped"));
  const [sender, receiver] = connectAs("192.168.0.1");
  await using _closing = receiver;
  const taken = Promise.withResolvers<void>();
  const stuck: Channel = Object.assign(Object.create(sender), {
    send: () => taken.promise,
    abort: (reason: Error) => {
      taken.reject(reason);
      sender.abort(reason);
    },
  });
  const ended = await within(PATIENCE_MS, serveTo(share, stuck));
  assertEquals(ended, "PEER_BUSY");
});
