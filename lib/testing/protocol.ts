/**
 * What the tests of this folder share: ends to talk over, someone in between, payloads,
 * and a receiver that does not stretch its passphrase anew for each connection.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concatBytes, type FillRandom, utf8 } from "../bytes.ts";
import {
  calculateGenerator,
  intermediateSessionKey,
  sampleScalar,
  scalarMult,
  scalarMultVfy,
  sidOutput,
} from "../crypto/cpace.ts";
import { lvCat, transcriptIr } from "../crypto/cpace_strings.ts";
import {
  confirmationTag,
  deriveRecordKeys,
  importConfirmationKey,
  verifyConfirmationTag,
} from "../crypto/key_schedule.ts";
import { stretchPassphrase } from "../crypto/kdf.ts";
import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import { connectMemory } from "./memory_channel.ts";
import { connectTcp, listenTcp } from "../transports/tcp.ts";
import {
  GuessLedger,
  passphraseRefused,
} from "../protocol/handshake/guesses.ts";
import type { SenderSecrets } from "../protocol/handshake/sender.ts";
import {
  type Challenge,
  CONFIRMATION,
  decodeChallenge,
  decodeConfirmation,
  encodeHello,
  encodeProof,
  NONCE_BYTES,
  RECEIVER_ROLE,
  SENDER_ROLE,
} from "../protocol/handshake/messages.ts";
import type { Offer } from "../protocol/transfer/offer.ts";
import {
  type AcceptOffer,
  type PayloadSink,
  receivePayload,
} from "../protocol/transfer/receive.ts";
import {
  RECORDS_IN_FLIGHT,
  SecureChannel,
  type SecureChannelOptions,
} from "../protocol/secure_channel.ts";
import { type PayloadSource, sendPayload } from "../protocol/transfer/send.ts";
import {
  Share,
  type ShareEvents,
  type ShareOptions,
} from "../protocol/share.ts";

/** Randomness of the system, where a test does not care. */
export function random(bytes: Bytes): Bytes {
  return crypto.getRandomValues(bytes);
}

/** Randomness that gives these values, each to a request of its very length. */
export function queuedRandom(...values: Bytes[]): FillRandom {
  const queue = [...values];
  return (bytes) => {
    const value = queue.shift();
    assertEquals(bytes.length, value?.length, "randomness of another length");
    bytes.set(value!);
    return bytes;
  };
}

/** How long a test may wait, in milliseconds: only a test that hangs waits so long. */
const PATIENCE_MS = 60_000;

/** Waits for `promise`, but not for ever: a test that hangs should say where. */
export async function within<T>(
  ms: number,
  promise: PromiseLike<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Still waits after ${ms} ms`)),
      ms,
    );
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until `isTrue()`, looking every few milliseconds. */
export async function waitUntil(isTrue: () => boolean): Promise<void> {
  for (const start = performance.now(); !isTrue();) {
    assert(performance.now() - start < PATIENCE_MS, `Never true: ${isTrue}`);
    await pause(2);
  }
}

/** Lets `ms` milliseconds pass. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Runs one side to its end and closes its channel, as every caller of the protocol does.
 *
 * @returns What `run` returned, or the code of the {@linkcode SpreadError} it threw.
 */
export async function outcomeOf<T>(
  channel: AsyncDisposable,
  run: () => Promise<T>,
): Promise<T | SpreadErrorCode> {
  try {
    return await within(PATIENCE_MS, run());
  } catch (error) {
    return codeOf(error);
  } finally {
    await within(PATIENCE_MS, channel[Symbol.asyncDispose]());
  }
}

/** The code of a {@linkcode SpreadError}; anything else is a failure of the test. */
export function codeOf(error: unknown): SpreadErrorCode {
  if (error instanceof SpreadError) return error.code;
  throw error;
}

/** A memory connection whose first end sees the other one as `peer`. */
export function connectAs(peer: string): [Channel, Channel] {
  const [a, b] = connectMemory();
  return [Object.defineProperty(a, "peer", { value: peer }), b];
}

/** A TCP connection on this machine. */
export async function connectLoopback(): Promise<[Channel, Channel]> {
  using listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
  const accepting = listener[Symbol.asyncIterator]().next();
  const client = await connectLoopbackTo(listener.port);
  return [(await accepting).value, client];
}

/** A TCP channel to `port` of this machine. */
export function connectLoopbackTo(port: number): Promise<Channel> {
  return connectTcp([{ hostname: "127.0.0.1", port }], {
    timeoutMs: 10_000,
    signal: new AbortController().signal,
  });
}

/** Which way a frame goes. */
export type Way = "toSender" | "toReceiver";

/** What becomes of the frame with this index on its way: the frames that go on, or the end of the connection. */
export type Rewrite = (
  way: Way,
  index: number,
  frame: Bytes,
) => Bytes[] | "cut";

/** A connection with someone in between. */
export interface Interposed extends AsyncDisposable {
  /** The sender's end. */
  sender: Channel;
  /** The receiver's end. */
  receiver: Channel;
  /** Frames as they were sent, before anyone touched them. */
  seen: Record<Way, Bytes[]>;
}

/** Two ends with a man in the middle who may change, add, drop and reorder frames. */
export function interpose(rewrite: Rewrite): Interposed {
  const [sender, nearSender] = connectMemory();
  const [receiver, nearReceiver] = connectMemory();
  const seen: Record<Way, Bytes[]> = { toSender: [], toReceiver: [] };
  const forward = async (way: Way, from: Channel, to: Channel) => {
    from.maxFrameBytes = 2 ** 31;
    try {
      for (let index = 0;; index++) {
        const frame = await from.receive();
        if (frame === null) break;
        seen[way].push(frame);
        const frames = rewrite(way, index, frame);
        if (frames === "cut") {
          await from[Symbol.asyncDispose]();
          break;
        }
        for (const other of frames) await to.send(other);
      }
    } catch (error) {
      assertEquals(codeOf(error), "PEER_GONE");
    }
    await to[Symbol.asyncDispose]();
  };
  const forwarding = [
    forward("toSender", nearReceiver, nearSender),
    forward("toReceiver", nearSender, nearReceiver),
  ];
  return {
    sender,
    receiver,
    seen,
    [Symbol.asyncDispose]: async () => {
      await sender[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
      await within(5_000, Promise.all(forwarding));
    },
  };
}

/** What someone in between does who only watches. */
export function passOn(_way: Way, _index: number, frame: Bytes): Bytes[] {
  return [frame];
}

/** The frame with one bit of the byte at `index` changed. */
export function flip(frame: Bytes, index: number): Bytes {
  const flipped = frame.slice();
  flipped[index]! ^= 1;
  return flipped;
}

/** A salt for tests that stretch a passphrase once and share the result. */
export const SALT = new Uint8Array(NONCE_BYTES).fill(0x5a);

/** What a sender brings to a handshake: its own ledger, the stretched passphrase shared where given. */
export function senderSecrets(
  passphrase: string | Promise<Bytes>,
  options: { roomCode?: string; salt?: Bytes; fillRandom?: FillRandom } = {},
): SenderSecrets {
  const { roomCode = "", salt = SALT, fillRandom = random } = options;
  return {
    stretched: typeof passphrase === "string"
      ? stretchPassphrase(passphrase, salt)
      : passphrase,
    salt,
    roomCode,
    fillRandom,
    guesses: new GuessLedger(),
  };
}

/**
 * A receiver for crowds: the handshake of docs/protocol.md, section 4, without stretching.
 *
 * @param stretch Gives the stretched passphrase for the share's salt.
 */
export async function proveByHand(
  channel: Channel,
  stretch: (salt: Bytes) => Bytes | Promise<Bytes>,
  timing?: SecureChannelOptions,
): Promise<SecureChannel> {
  const hello = encodeHello(random(new Uint8Array(NONCE_BYTES)));
  await channel.send(hello);
  const frame = await channel.receive();
  assert(frame !== null, "no challenge came");
  const challenge = decodeChallenge(frame);
  const agreement = agree(await stretch(challenge.salt), hello, challenge);
  const { sid, ISK, Yb, ADa } = agreement;
  const macKey = await importConfirmationKey(sid, ISK);
  const tag = await confirmationTag(macKey, Yb, RECEIVER_ROLE);
  await channel.send(encodeProof({ share: Yb, tag }));
  const answer = await channel.receive();
  if (answer?.[0] !== CONFIRMATION) throw passphraseRefused();
  const confirmation = decodeConfirmation(answer);
  assert(
    await verifyConfirmationTag(macKey, confirmation, challenge.share, ADa),
  );
  const keys = await deriveRecordKeys(ISK, sidOutput(agreement.transcript));
  return new SecureChannel(
    channel,
    keys.receiverToSender,
    keys.senderToReceiver,
    timing,
  );
}

function agree(PRS: Bytes, hello: Bytes, challenge: Challenge) {
  const CI = lvCat(
    utf8("claude-spread/2 CPACE-RISTR255-SHA512"),
    utf8("sender"),
    utf8("receiver"),
    utf8(""),
    hello,
  );
  const sid = concatBytes(hello.slice(2), challenge.nonce);
  const g = calculateGenerator(PRS, CI, sid);
  const y = sampleScalar(random);
  const Yb = scalarMult(y, g);
  const K = scalarMultVfy(y, challenge.share)!;
  const ADa = concatBytes(SENDER_ROLE, challenge.salt);
  const transcript = transcriptIr(challenge.share, ADa, Yb, RECEIVER_ROLE);
  const ISK = intermediateSessionKey(sid, K, transcript);
  return { sid, ISK, Yb, ADa, transcript };
}

/** Stretches a passphrase once for each salt. */
export function stretchOnce(
  passphrase: string,
): (salt: Bytes) => Promise<Bytes> {
  const known = new Map<string, Promise<Bytes>>();
  return (salt) => {
    const key = salt.toHex();
    if (!known.has(key)) known.set(key, stretchPassphrase(passphrase, salt));
    return known.get(key)!;
  };
}

/** Both ends after a handshake that took place elsewhere. */
export interface SecurePair {
  sender: SecureChannel;
  receiver: SecureChannel;
}

/** Secure channels over these two ends, with keys that everyone knows. */
export async function secure(
  [sender, receiver]: [Channel, Channel],
  timing?: SecureChannelOptions,
): Promise<SecurePair> {
  const s2r = await importAesKey(new Uint8Array(32).fill(1));
  const r2s = await importAesKey(new Uint8Array(32).fill(2));
  return {
    sender: new SecureChannel(sender, s2r, r2s, timing),
    receiver: new SecureChannel(receiver, r2s, s2r, timing),
  };
}

/** A key for records. */
export function importAesKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
}

/**
 * A whole transfer; each side closes when it is done, as callers do.
 *
 * @returns How each side ended: "delivered" and "stored", or the code of its error.
 */
export async function transfer(
  pair: SecurePair,
  offer: Offer,
  source: PayloadSource,
  accept: AcceptOffer,
): Promise<[sender: string, receiver: string]> {
  return await Promise.all([
    outcomeOf(pair.sender, async () => {
      await sendPayload(pair.sender, offer, source, () => {});
      return "delivered";
    }),
    outcomeOf(pair.receiver, async () => {
      await receivePayload(pair.receiver, accept, () => {});
      return "stored";
    }),
  ]);
}

/** Bytes that are not all the same, for payloads; the same for the same size. */
export function payloadOf(size: number): Bytes {
  const bytes = new Uint8Array(size);
  for (let i = 0, x = size | 1; i < size; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = x >>> 16;
  }
  return bytes;
}

/** The offer of a payload. */
export async function offerOf(payload: Bytes): Promise<Offer> {
  const digest = await crypto.subtle.digest("SHA-256", payload);
  return {
    kind: "distillation",
    name: "notes.md",
    size: payload.length,
    sha256: new Uint8Array(digest).toHex(),
    created: "2026-01-02T03:04:05.000Z",
  };
}

/** A source in memory that counts its readers. */
export class MemorySource implements PayloadSource {
  /** Readings under way, and the most there ever were. */
  active = 0;
  mostActive = 0;
  /** Readings that have ended, in whatever way. */
  closed = 0;

  constructor(
    readonly payload: Bytes,
    readonly options: {
      pieceBytes?: number;
      /** After how many bytes to fail; those of the whole payload: after its last piece. */
      failAt?: number;
      failure?: Error;
      /** Called before the piece at this position; may wait. */
      before?: (position: number) => Promise<void> | void;
    } = {},
  ) {}

  async *read(offset: number): AsyncGenerator<Bytes> {
    this.active++;
    this.mostActive = Math.max(this.mostActive, this.active);
    try {
      yield* this.#pieces(offset);
    } finally {
      this.active--;
      this.closed++;
    }
  }

  /** As a file is read: into a few buffers in turn, each as short-lived as the contract allows. */
  async *#pieces(offset: number): AsyncGenerator<Bytes> {
    const { pieceBytes = 64 * 1024, failAt = Infinity, failure, before } =
      this.options;
    const ring = Array.from(
      { length: RECORDS_IN_FLIGHT },
      () => new Uint8Array(Math.min(pieceBytes, this.payload.length)),
    );
    for (let at = offset; at < this.payload.length;) {
      await before?.(at);
      if (at >= failAt) throw failure;
      const buffer = ring.shift()!;
      ring.push(buffer);
      const piece = this.payload.subarray(at, at + pieceBytes);
      buffer.set(piece);
      at += piece.length;
      yield buffer.subarray(0, piece.length);
    }
    if (failAt <= this.payload.length) throw failure;
  }
}

/** A sink in memory, which holds what was stored earlier. */
export class MemorySink implements PayloadSink {
  /** Bytes stored, those of an earlier transfer included. */
  stored: number;
  finished = 0;
  readonly #pieces: Bytes[] = [];

  constructor(
    readonly earlier: Bytes = new Uint8Array(0),
    readonly options: {
      /** Called before the piece at this position is stored; may wait or throw. */
      before?: (position: number) => Promise<void> | void;
      beforeFinish?: () => Promise<void> | void;
    } = {},
  ) {
    this.stored = earlier.length;
    this.#pieces.push(earlier);
  }

  get offset(): number {
    return this.earlier.length;
  }

  get bytes(): Bytes {
    return concatBytes(...this.#pieces);
  }

  async write(piece: Bytes): Promise<void> {
    await this.options.before?.(this.stored);
    this.#pieces.push(piece.slice());
    this.stored += piece.length;
  }

  async finish(): Promise<void> {
    await this.options.beforeFinish?.();
    this.finished++;
  }
}

/** A share of this source. */
export async function newShare(
  passphrase: string,
  source: MemorySource = new MemorySource(payloadOf(1000)),
  options: Partial<ShareOptions> = {},
): Promise<Share> {
  return new Share({
    passphrase,
    offer: await offerOf(source.payload),
    source,
    legacy: false,
    fillRandom: random,
    // A busy machine may take long; tests that look at the time set their own.
    handshakeTimeoutMs: PATIENCE_MS,
    ...options,
  });
}

/** For tests that look at the outcome only. */
export const NO_EVENTS: ShareEvents = {
  confirmed() {},
  chosen() {},
  progress() {},
  delivered() {},
};

/** Serves one channel; gives what `serve()` returned, or the code of its error. */
export async function serveTo(
  share: Share,
  channel: Channel,
  events: Partial<ShareEvents> = {},
): Promise<boolean | SpreadErrorCode> {
  const all = { ...NO_EVENTS, ...events };
  return await within(PATIENCE_MS, share.serve(channel, all)).catch(codeOf);
}

/** A receiver that does not stretch; gives the payload, or the code of its error. */
export async function receiveByHand(
  channel: Channel,
  stretch: (salt: Bytes) => Bytes | Promise<Bytes>,
  sink: MemorySink = new MemorySink(),
): Promise<Bytes | SpreadErrorCode> {
  return await outcomeOf(channel, async () => {
    await using secure = await proveByHand(channel, stretch);
    await receivePayload(secure, () => Promise.resolve(sink), () => {});
    return sink.bytes;
  });
}

/** A share on a port of this machine. */
export interface Serving extends AsyncDisposable {
  readonly port: number;
  /** How the first `count` visits ended, in the order of their coming. */
  outcomes(count: number): Promise<(boolean | SpreadErrorCode)[]>;
}

/** Serves everyone who connects, until disposed. */
export function serveOverTcp(
  share: Share,
  events: Partial<ShareEvents> = {},
): Serving {
  const listener = listenTcp({ port: 0, hostname: "127.0.0.1" });
  const visits: Promise<boolean | SpreadErrorCode>[] = [];
  const accepting = (async () => {
    for await (const channel of listener) {
      visits.push(serveTo(share, channel, events));
    }
  })();
  return {
    port: listener.port,
    outcomes: async (count) => {
      await waitUntil(() => visits.length >= count);
      return await Promise.all(visits.slice(0, count));
    },
    [Symbol.asyncDispose]: async () => {
      listener[Symbol.dispose]();
      await accepting;
      await Promise.all(visits);
    },
  };
}
